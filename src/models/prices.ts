// Usage and a price list in, money out. Amounts are in the currency the prices are in.

import type { Price, ProviderSpec, Rates } from '../plan/plan.ts'
import { knownModel, undated } from './known-models.ts'
import type { Usage } from './port.ts'

/** Cost of one call, 0 without a price. The size of the whole prompt, cached or not, decides the tier of all its tokens. */
export function cost(usage: Usage, price: Price | undefined): number {
  if (price === undefined) return 0
  const { input, output, cacheRead, cacheWrite } = usage
  const rates = ratesFor(price, input + cacheRead + cacheWrite)
  return (input * rates.input + output * rates.output + cacheRead * rates.cacheRead + cacheWrite * rates.cacheWrite) / 1_000_000
}

const ratesFor = (price: Price, prompt: number): Rates => price.tiers?.findLast((tier) => prompt > tier.above) ?? price

/** The price of a model in a list: that of its name, of its name without the date (`-YYYYMMDD`), or of `*`, which is any other. */
export function priceOf<P>(prices: Readonly<Record<string, P>>, model: string): P | undefined {
  const key = [model, undated(model), '*'].find((name) => Object.hasOwn(prices, name))
  return key === undefined ? undefined : prices[key]
}

/** What a call of a model costs: by the configuration's own prices, else by the table that ships. */
export const priceFor = (spec: Pick<ProviderSpec, 'prices' | 'provider'> | undefined, model: string): Price | undefined =>
  spec === undefined ? undefined : (priceOf(spec.prices, model) ?? knownModel(spec.provider, model)?.prices)
