// What an agent asks of its model, held against what is known of that model.

import type { Diagnostic } from '../../errors.ts'
import { DEFAULT_MODEL } from '../../models/defaults.ts'
import { type KnownModel, knownModel } from '../../models/known-models.ts'
import { type ConfigDocument, mapAt, textAt } from '../document.ts'
import { modelNames } from '../named-models.ts'
import type { Path } from '../shape.ts'
import type { Check, Found } from './check.ts'

export const checkModelBounds: Check = ({ doc, scope, registry }) => {
  const { services, resolve } = modelNames(doc, registry)
  const defaults: Found = { value: mapAt(doc.value, 'defaults'), path: ['defaults'] }
  const problems = new Map<string, Diagnostic>()
  for (const id of scope.agents) {
    const agent: Found = { value: mapAt(mapAt(doc.value, 'agents'), id), path: ['agents', id] }
    const means = resolve(textAt(agent.value, 'model') ?? textAt(defaults.value, 'model') ?? DEFAULT_MODEL)
    if ('unknown' in means) continue
    const known = knownModel(services.get(means.provider) ?? '', means.model)
    if (known === undefined) continue
    // What stands in `defaults` is told of once for each model.
    for (const problem of boundsOf(doc, known, [agent, defaults])) problems.set(`${problem.path} ${known.id}`, problem)
  }
  return [...problems.values()]
}

/** The first of `places` that has a key decides. */
function boundsOf(doc: ConfigDocument, known: KnownModel, places: readonly Found[]): readonly Diagnostic[] {
  const { id, efforts, maxOutput = Number.POSITIVE_INFINITY, contextWindow = Number.POSITIVE_INFINITY } = known
  const problems: Diagnostic[] = []
  const at = (...keys: readonly string[]): { value: unknown; path: Path } | undefined =>
    places.map((place) => valueAt(place, keys)).find(({ value }) => value !== undefined)
  const effort = at('effort')
  if (effort !== undefined && efforts?.includes(effort.value as never) === false) {
    const offered = efforts.length === 0 ? 'It is not told how hard to think.' : `It has ${efforts.join(', ')}.`
    problems.push(doc.problem('CLAW325', `The model ${id} has no effort ${effort.value}.`, effort.path, { hint: offered }))
  }
  const most = at('maxTokens')
  if (most !== undefined && Number(most.value) > maxOutput) {
    const hint = `It is asked for ${maxOutput} at most.`
    problems.push(doc.problem('CLAW325', `The longest answer of ${id} is ${maxOutput} tokens.`, most.path, { hint }))
  }
  const window = at('compaction', 'contextWindow')
  if (window !== undefined && Number(window.value) > contextWindow) {
    const hint = 'Take contextWindow out: what is known of the model holds then.'
    const message = `The model ${id} reads ${contextWindow} tokens: longer requests fail.`
    problems.push(doc.problem('CLAW325', message, window.path, { hint, severity: 'warning' }))
  }
  return problems
}

function valueAt({ value, path }: Found, keys: readonly string[]): { value: unknown; path: Path } {
  const parent = keys.slice(0, -1).reduce((map, key) => mapAt(map[key]), value)
  return { value: parent[keys.at(-1) ?? ''], path: [...path, ...keys] }
}
