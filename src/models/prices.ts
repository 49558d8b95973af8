// Usage and a price list in, money out. Amounts are in the currency the prices are in.

import type { Price, ProviderSpec } from '../plan/plan.ts'
import type { Usage } from './port.ts'

/** Cost of one call, 0 without a price. */
export function cost(usage: Usage, price: Price | undefined): number {
  if (price === undefined) return 0
  const { input, output, cacheRead, cacheWrite } = usage
  return (input * price.input + output * price.output + cacheRead * price.cacheRead + cacheWrite * price.cacheWrite) / 1_000_000
}

/** The price of a model: its own, that of the name it begins with (dated versions), or `*`. */
export function priceOf(prices: ProviderSpec['prices'], model: string): Price | undefined {
  if (prices[model] !== undefined) return prices[model]
  const family = Object.keys(prices)
    .filter((name) => name !== '*' && model.startsWith(`${name}-`))
    .sort((a, b) => b.length - a.length)[0]
  return prices[family ?? '*']
}
