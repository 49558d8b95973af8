// A limit in money needs the price of every model that it pays for.

import type { Diagnostic } from '../../errors.ts'
import { DEFAULT_MODEL } from '../../models/defaults.ts'
import { knownModel } from '../../models/known-models.ts'
import { priceOf } from '../../models/prices.ts'
import type { ModelRef } from '../../plan/plan.ts'
import { type ConfigDocument, mapAt, textAt } from '../document.ts'
import { type ModelNames, modelNames } from '../named-models.ts'
import type { Path } from '../shape.ts'
import { type Check, type Found, textsAt } from './check.ts'

const CAPS = ['maxCostPerDay', 'maxCostPerMonth'] as const

export const checkMoney: Check = ({ doc, scope, registry }) => {
  const names = modelNames(doc, registry)
  const defaults: Found = { value: mapAt(doc.value, 'defaults'), path: ['defaults'] }
  const problems = new Map<string, Diagnostic>()
  for (const id of scope.agents) {
    const agent: Found = { value: mapAt(mapAt(doc.value, 'agents'), id), path: ['agents', id] }
    for (const { key, path } of capsOf(agent, defaults)) {
      for (const ref of modelsOf(agent, defaults, names)) {
        if (hasPrice(doc, names, ref)) continue
        const name = `${ref.provider}/${ref.model}`
        const at = `models.${ref.provider}.prices`
        const message = `${key} is a limit in money, but ${name} has no price.`
        const hint = `Write it under ${at}: { "${ref.model}": { input: …, output: … } }, per million tokens.`
        // A cap in `defaults` is told of once, however many agents have the model.
        problems.set(`${path.join('/')} ${name}`, doc.problem('CLAW320', message, path, { hint }))
      }
    }
  }
  return [...problems.values()]
}

/** The caps that hold for an agent, each where it is written. */
const capsOf = (agent: Found, defaults: Found): readonly { key: string; path: Path }[] =>
  CAPS.flatMap((key) => {
    const from = [agent, defaults].find(({ value }) => typeof mapAt(value['rateLimit'])[key] === 'number')
    return from === undefined ? [] : [{ key, path: [...from.path, 'rateLimit', key] }]
  })

/** The models an agent pays for: its own, its fallbacks, and the one that writes its summaries. */
function modelsOf(agent: Found, defaults: Found, { resolve }: ModelNames): readonly ModelRef[] {
  const pick = (key: string): readonly string[] =>
    textsAt(agent.value[key] === undefined ? defaults : agent, key).map(({ text }) => text)
  const summaries = [agent, defaults]
    .map(({ value }) => textAt(mapAt(value['compaction']), 'model'))
    .find((text) => text !== undefined)
  const [own = DEFAULT_MODEL] = pick('model')
  return [own, ...pick('fallbacks'), ...(summaries === undefined ? [] : [summaries])].flatMap((text) => {
    const means = resolve(text)
    return 'unknown' in means ? [] : [means]
  })
}

const hasPrice = (doc: ConfigDocument, { services }: ModelNames, { provider, model }: ModelRef): boolean =>
  priceOf(mapAt(mapAt(mapAt(doc.value, 'models'), provider), 'prices'), model) !== undefined ||
  knownModel(services.get(provider) ?? '', model)?.prices !== undefined
