// What an agent asks of its model, held against what is known of that model.

import type { Diagnostic } from '../../errors.ts'
import { DEFAULT_MODEL } from '../../models/defaults.ts'
import { type KnownModel, knownModel } from '../../models/known-models.ts'
import type { ConfigDocument } from '../document.ts'
import { modelNames } from '../named-models.ts'
import { agentPlaces, type Check, type Found, settingAt } from './check.ts'

export const checkModelBounds: Check = ({ doc, scope, registry }) => {
  const { services, resolve } = modelNames(doc, registry)
  const problems = new Map<string, Diagnostic>()
  for (const id of scope.agents) {
    const places = agentPlaces(doc, id)
    const means = resolve(String(settingAt(places, 'model')?.value ?? DEFAULT_MODEL))
    if ('unknown' in means) continue
    const known = knownModel(services.get(means.provider) ?? '', means.model)
    if (known === undefined) continue
    // What stands in `defaults` is told of once for each model.
    for (const problem of boundsOf(doc, known, places)) problems.set(`${problem.path} ${known.id}`, problem)
  }
  return [...problems.values()]
}

function boundsOf(doc: ConfigDocument, known: KnownModel, places: readonly Found[]): readonly Diagnostic[] {
  const { id, efforts, maxOutput = Number.POSITIVE_INFINITY, contextWindow = Number.POSITIVE_INFINITY } = known
  const problems: Diagnostic[] = []
  const effort = settingAt(places, 'effort')
  if (effort !== undefined && efforts?.includes(effort.value as never) === false) {
    const offered = efforts.length === 0 ? 'It is not told how hard to think.' : `It has ${efforts.join(', ')}.`
    problems.push(doc.problem('CLAW325', `The model ${id} has no effort ${effort.value}.`, effort.path, { hint: offered }))
  }
  const most = settingAt(places, 'maxTokens')
  if (most !== undefined && Number(most.value) > maxOutput) {
    const hint = `It is asked for ${maxOutput} at most.`
    problems.push(doc.problem('CLAW325', `The longest answer of ${id} is ${maxOutput} tokens.`, most.path, { hint }))
  }
  const window = settingAt(places, 'compaction', 'contextWindow')
  if (window !== undefined && Number(window.value) > contextWindow) {
    const hint = 'Take contextWindow out: what is known of the model holds then.'
    const message = `The model ${id} reads ${contextWindow} tokens: longer requests fail.`
    problems.push(doc.problem('CLAW325', message, window.path, { hint, severity: 'warning' }))
  }
  return problems
}
