// Whoever names a model names a provider that exists.

import type { Diagnostic } from '../../errors.ts'
import { defaultModels } from '../compile/providers.ts'
import { mapAt, textAt } from '../document.ts'
import type { Config } from '../generated/config.ts'
import { resolveModel } from '../model-ref.ts'
import type { Path } from '../shape.ts'
import { suggestion } from '../suggest.ts'
import { agentSections, type Check, testSteps, textsAt } from './check.ts'

export const checkModels: Check = ({ doc, scope }) => {
  const problems: Diagnostic[] = []
  const defaults = defaultModels({ models: readable(mapAt(doc.value, 'models')) })
  const wants = (text: string | undefined, path: Path): void => {
    if (text === undefined) return
    const resolved = resolveModel(text, defaults)
    if (!('unknown' in resolved)) return
    const hint = suggestion(resolved.unknown, scope.providers, 'Define it under `models`.', 'Providers')
    const empty = text.endsWith('/')
    const message = empty ? `"${text}" names no model.` : `There is no model provider "${resolved.unknown}".`
    problems.push(doc.problem('CLAW204', message, path, { hint }))
  }
  for (const section of agentSections(doc, scope)) {
    wants(textAt(section.value, 'model'), [...section.path, 'model'])
    wants(textAt(section.value, 'offline'), [...section.path, 'offline'])
    wants(textAt(mapAt(section.value['compaction']), 'model'), [...section.path, 'compaction', 'model'])
    for (const { text, path } of textsAt(section, 'fallbacks')) wants(text, path)
  }
  for (const { step } of testSteps(doc)) wants(textAt(step.value, 'model'), [...step.path, 'model'])
  return problems
}

/** Providers that are maps; the schema tells of the others. */
const readable = (models: object): NonNullable<Config['models']> =>
  Object.fromEntries(Object.entries(models).filter(([, spec]) => typeof spec === 'object' && spec !== null)) as NonNullable<
    Config['models']
  >
