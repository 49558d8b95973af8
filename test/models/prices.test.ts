import t from 'tap'
import { cost, priceFor, priceOf } from '../../src/models/prices.ts'

const price = { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 }

t.test('cost', async (t) => {
  const usage = { input: 1_000_000, output: 100_000, cacheRead: 2_000_000, cacheWrite: 400_000 }
  t.equal(cost(usage, price), 3 + 1.5 + 0.6 + 1.5)
  t.equal(cost(usage, undefined), 0)
})

t.test('priceOf', async (t) => {
  const other = { ...price, input: 1 }
  t.equal(priceOf({ a: price, '*': other }, 'a'), price)
  t.equal(priceOf({ a: price, 'a-b': other }, 'a-b-20250929'), other)
  t.equal(priceOf({ a: price, '*': other }, 'ab'), other)
  t.equal(priceOf({ a: price }, 'b'), undefined)
  t.equal(priceOf({ a: price }, 'a-b'), undefined, 'a name that goes on is another model')
  t.equal(priceOf({ a: price }, 'a-2025092'), undefined, 'seven digits are no date')
  t.equal(priceOf({ a: price }, 'a-20250929-b'), undefined)
  t.equal(priceOf({ 'a-20250929': other, a: price }, 'a-20250929'), other, 'its own name first')
  t.equal(priceOf({ '*': other }, 'constructor'), other)
})

t.test('the size of a prompt decides the tier of all its tokens', async (t) => {
  const dear = { above: 100_000, input: 10, output: 20, cacheRead: 1, cacheWrite: 12 }
  const dearest = { above: 200_000, input: 20, output: 40, cacheRead: 2, cacheWrite: 24 }
  const tiered = { ...price, tiers: [dear, dearest] }
  const tokens = (input: number, cacheRead: number) => ({ input, output: 0, cacheRead, cacheWrite: 0 })
  t.equal(cost(tokens(100_000, 0), tiered), 0.3)
  t.equal(cost(tokens(50_000, 50_001), tiered), 0.5 + 0.050001)
  t.equal(cost(tokens(200_001, 0), tiered), 200_001 * 20e-6)
})

t.test('a configuration’s own prices, its `*` too, come before the table that ships', async (t) => {
  const spec = (prices: Record<string, typeof price>) => ({ provider: 'anthropic', prices }) as const
  t.equal(priceFor(spec({}), 'claude-sonnet-5-5')?.input, 2)
  t.equal(priceFor(spec({ 'claude-sonnet-5-5': price }), 'claude-sonnet-5-5'), price)
  t.equal(priceFor(spec({ '*': price }), 'claude-sonnet-5-5'), price)
  t.equal(priceFor(spec({}), 'llama3'), undefined)
  t.equal(priceFor(undefined, 'claude-sonnet-5-5'), undefined)
})
