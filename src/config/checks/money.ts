// A limit in money needs the price of every model that it pays for.

import type { Diagnostic } from '../../errors.ts'
import { DEFAULT_MODEL } from '../../models/defaults.ts'
import { knownModel } from '../../models/known-models.ts'
import { priceOf } from '../../models/prices.ts'
import type { ModelRef } from '../../plan/plan.ts'
import { type ConfigDocument, mapAt, textsOf } from '../document.ts'
import { type ModelNames, modelNames } from '../named-models.ts'
import { agentPlaces, type Check, type Found, settingAt } from './check.ts'

const CAPS = ['maxCostPerDay', 'maxCostPerMonth'] as const

export const checkMoney: Check = ({ doc, scope, registry }) => {
  const names = modelNames(doc, registry)
  const problems = new Map<string, Diagnostic>()
  for (const id of scope.agents) {
    const places = agentPlaces(doc, id)
    for (const key of CAPS) {
      const cap = settingAt(places, 'rateLimit', key)
      if (typeof cap?.value !== 'number') continue
      for (const ref of modelsOf(places, names)) {
        if (hasPrice(doc, names, ref)) continue
        const name = `${ref.provider}/${ref.model}`
        const message = `${key} is a limit in money, but ${name} has no price.`
        const hint = `Write it under models.${ref.provider}.prices: { "${ref.model}": { input: …, output: … } }, per million tokens.`
        // A cap in `defaults` is told of once, however many agents have the model.
        problems.set(`${cap.path.join('/')} ${name}`, doc.problem('CLAW320', message, cap.path, { hint }))
      }
    }
  }
  return [...problems.values()]
}

/** The models an agent pays for: its own, its fallbacks, and the one that writes its summaries. */
function modelsOf(places: readonly Found[], { resolve }: ModelNames): readonly ModelRef[] {
  const own = settingAt(places, 'model')?.value ?? DEFAULT_MODEL
  const others = [settingAt(places, 'fallbacks')?.value, settingAt(places, 'compaction', 'model')?.value]
  return [own, ...others].flatMap(textsOf).flatMap((text) => {
    const means = resolve(text)
    return 'unknown' in means ? [] : [means]
  })
}

const hasPrice = (doc: ConfigDocument, { services }: ModelNames, { provider, model }: ModelRef): boolean =>
  priceOf(mapAt(mapAt(mapAt(doc.value, 'models'), provider), 'prices'), model) !== undefined ||
  knownModel(services.get(provider) ?? '', model)?.prices !== undefined
