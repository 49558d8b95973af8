// Anyone who names a model names a provider that exists, and a model that its service still offers.

import type { Diagnostic } from '../../errors.ts'
import { endNotice, knownModel, modelTable } from '../../models/known-models.ts'
import { type ConfigDocument, mapAt, textAt } from '../document.ts'
import { type ModelNames, modelNames, namedModels } from '../named-models.ts'
import type { Path } from '../shape.ts'
import { nearest, suggestion } from '../suggest.ts'
import type { Check } from './check.ts'

export const checkModels: Check = ({ doc, scope, registry, now }) => {
  const problems: Diagnostic[] = []
  const names = modelNames(doc, registry)
  const look = (provider: string, model: string, path: Path): void => {
    const problem = modelProblem({ doc, names, now, provider, model, path })
    if (problem !== null) problems.push(problem)
  }
  for (const { text, path, means } of namedModels(doc, scope, names)) {
    // The default of a provider is looked at where it is written.
    if (!('unknown' in means)) {
      if (means.provider !== text) look(means.provider, means.model, path)
      continue
    }
    const hint = suggestion(means.unknown, scope.providers, 'Define it under `models`.', 'Providers')
    const message = text.endsWith('/') ? `"${text}" names no model.` : `There is no model provider "${means.unknown}".`
    problems.push(doc.problem('CLAW204', message, path, { hint }))
  }
  const kinds = registry.providers.map(({ type }) => type)
  for (const [id, value] of Object.entries(mapAt(doc.value, 'models'))) {
    const model = textAt(mapAt(value), 'model')
    if (model !== undefined) look(id, model, ['models', id, 'model'])
    const kind = textAt(mapAt(value), 'provider')
    if (kind === undefined || kinds.includes(kind)) continue
    const hint = suggestion(kind, kinds, 'No kind of model service is known.', 'Kinds')
    problems.push(doc.problem('CLAW104', `There is no kind of model service "${kind}".`, ['models', id, 'provider'], { hint }))
  }
  return problems
}

interface Named {
  readonly doc: ConfigDocument
  readonly names: ModelNames
  readonly now: number
  readonly provider: string
  readonly model: string
  readonly path: Path
}

function modelProblem({ doc, names, now, provider, model, path }: Named): Diagnostic | null {
  const service = names.services.get(provider) ?? ''
  const known = knownModel(service, model)
  if (known !== undefined) {
    const notice = endNotice(known, model, now)
    return notice === null ? null : doc.problem('CLAW318', notice.message, path, { hint: notice.hint })
  }
  // A server of one's own may have models of any name.
  if (textAt(mapAt(mapAt(doc.value, 'models'), provider), 'baseURL') !== undefined) return null
  const meant = meantModel(service, model)
  if (meant === null) return null
  return doc.problem('CLAW319', `No model ${model} is known.`, path, { hint: `Did you mean "${meant}"?` })
}

const lettersOf = (name: string): string => name.toLowerCase().replace(/[^a-z]/g, '')
const digitsOf = (name: string): string => name.replace(/\D/g, '')

/** The known name that was meant. One that differs in its number alone is a version the table does not know yet, and no slip. */
function meantModel(service: string, name: string): string | null {
  const models = modelTable().models.filter(({ provider, id }) => provider === service && !isOtherVersion(name, id))
  return nearest(name, models.map(({ id }) => id).reverse()) ?? null
}

const isOtherVersion = (name: string, id: string): boolean => lettersOf(name) === lettersOf(id) && digitsOf(name) !== digitsOf(id)
