import t from 'tap'
import { cost, priceOf } from '../../src/models/prices.ts'

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
})
