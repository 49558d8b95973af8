// What fails behind a swap is said, and tried again until it succeeds or another swap follows.

import t from 'tap'
import { AfterSwap } from '../../src/engine/operations/after-swap.ts'
import { silentLogger } from '../../src/ports.ts'
import { createFakeClock } from '../support/fake-clock.ts'

void t.test('every step is tried, and only what failed is tried again', async (t) => {
  const clock = createFakeClock()
  const after = new AfterSwap(clock, silentLogger)
  const done: string[] = []
  let broken = true
  const step = (name: string, fails = () => false) => ({
    what: name,
    run: async () => {
      if (fails()) throw new Error('no disk')
      done.push(name)
    },
  })
  t.strictSame(await after.run([step('a'), step('b', () => broken), step('c')]), ['b: no disk'])
  t.strictSame(done, ['a', 'c'])
  await clock.advance(3_000)
  broken = false
  await clock.advance(60_000)
  t.strictSame(done, ['a', 'c', 'b'])
  t.equal(clock.pending(), 0)
})

void t.test('the next swap takes its place, and so does the end', async (t) => {
  const clock = createFakeClock()
  const after = new AfterSwap(clock, silentLogger)
  let tries = 0
  const never = { what: 'never', run: () => Promise.reject(new Error(`try ${++tries}`)) }
  t.strictSame(await after.run([never]), ['never: try 1'])
  await clock.advance(1_000)
  t.equal(tries, 2)
  t.strictSame(await after.run([]), [])
  await clock.advance(600_000)
  t.equal(tries, 2)
  await after.run([never])
  after.stop()
  await clock.advance(600_000)
  t.equal(tries, 3)
})
