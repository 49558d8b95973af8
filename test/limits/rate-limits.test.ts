// Limits: what is admitted, what is held and settled, and that a restart forgets nothing.

import t, { type Test } from 'tap'
import type { Limited, SpendWarning } from '../../src/limits/port.ts'
import { createLimits } from '../../src/limits/rate-limits.ts'
import { silentLogger } from '../../src/ports.ts'
import type { Storage } from '../../src/storage/ports.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { openStorage } from '../support/storage-world.ts'
import { testdir } from '../support/testdir.ts'

const agent = (rateLimit: Limited['rateLimit'], id = 'main'): Limited => ({ id, rateLimit })
const HOUR = 3_600_000
const spent = (input: number, output = 0) => ({ input, output, cacheRead: 0, cacheWrite: 0 })
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

async function world(t: Test, stateDir = testdir(t)) {
  const clock = createFakeClock()
  const warnings: SpendWarning[] = []
  let storage = await openStorage(stateDir, { clock })
  const make = (from: Storage) =>
    createLimits({ storage: from, clock, log: silentLogger, warn: (warning) => void warnings.push(warning) })
  t.teardown(() => storage.close())
  return {
    clock,
    warnings,
    limits: await make(storage),
    usage: storage.usage,
    async restart() {
      await storage.close()
      storage = await openStorage(stateDir, { clock })
      return make(storage)
    },
  }
}

/** A call as the engine makes it: settled, then added to the usage. */
async function call(
  on: Awaited<ReturnType<typeof world>>,
  who: Limited,
  estimate: number,
  real: number,
  cost = 0,
): Promise<boolean> {
  const held = await on.limits.reserve(who, estimate, on.clock.now())
  if (!held.ok) return false
  await tick()
  held.settle(spent(real), cost)
  await on.usage.add({ at: on.clock.now(), agentId: who.id, by: 'user:x', usage: spent(real), cost })
  return true
}

void t.test('messages of a rolling hour, per person and per agent', async (t) => {
  const { limits, clock } = await world(t)
  const limited = agent({ maxMessagesPerUser: 2, maxMessagesPerHour: 3 })
  const start = clock.now()
  t.strictSame(limits.admit(limited, 'a', start), { ok: true })
  t.strictSame(limits.admit(limited, 'a', start + 1000), { ok: true })
  t.strictSame(limits.admit(limited, 'a', start + 2000), {
    ok: false,
    limit: 'maxMessagesPerUser',
    retryAt: start + HOUR,
    tell: true,
  })
  t.match(limits.admit(limited, 'a', start + 3000), { ok: false, tell: false }, 'told once')
  t.strictSame(limits.admit(limited, 'b', start + 3000), { ok: true })
  t.match(limits.admit(limited, 'c', start + 4000), { ok: false, limit: 'maxMessagesPerHour', retryAt: start + HOUR, tell: true })
  t.match(limits.admit(limited, 'a', start + HOUR - 1), { ok: false })
  t.strictSame(limits.admit(limited, 'a', start + HOUR), { ok: true })
  t.match(limits.admit(limited, 'a', start + HOUR), { ok: false, retryAt: start + 1000 + HOUR })
  t.strictSame(limits.admit(agent(limited.rateLimit, 'other'), 'a', start), { ok: true }, 'each agent counts for itself')
})

void t.test('a repeat is taken back; a limit of zero admits none; no limit admits all', async (t) => {
  const { limits, clock } = await world(t)
  const one = agent({ maxMessagesPerUser: 1 })
  const now = clock.now()
  t.match(limits.admit(one, 'a', now), { ok: true })
  limits.refund(one, 'a')
  t.match(limits.admit(one, 'a', now), { ok: true })
  t.match(limits.admit(one, 'a', now), { ok: false })
  limits.refund(one, 'nobody')
  t.match(limits.admit(agent({ maxMessagesPerHour: 0 }, 'zero'), 'a', now), { ok: false, retryAt: Number.POSITIVE_INFINITY })
  for (let i = 0; i < 1000; i++) t.ok(limits.admit(agent({}, 'free'), 'a', now).ok)
})

void t.test('a changed limit counts with what was admitted under the old one', async (t) => {
  const { limits, clock } = await world(t)
  for (let i = 0; i < 3; i++) t.ok(limits.admit(agent({ maxMessagesPerUser: 5 }), 'a', clock.now() + i).ok)
  t.match(limits.admit(agent({ maxMessagesPerUser: 2 }), 'a', clock.now() + 10), { ok: false, retryAt: clock.now() + 1 + HOUR })
})

void t.test('a restart forgets neither messages nor spend nor warnings', async (t) => {
  const on = await world(t)
  const limited = agent({ maxMessagesPerUser: 2, maxTokensPerDay: 100 })
  on.limits.admit(limited, 'a', on.clock.now())
  on.limits.admit(limited, 'a', on.clock.now())
  on.limits.admit(limited, 'b', on.clock.now())
  on.limits.refund(limited, 'b')
  t.equal(await call(on, limited, 10, 85), true)
  await tick()
  const again = await on.restart()
  t.match(again.admit(limited, 'a', on.clock.now()), { ok: false })
  t.match(again.admit(agent({ maxMessagesPerHour: 3 }), 'c', on.clock.now()), { ok: true }, 'the repeat was taken back')
  t.match(again.admit(agent({ maxMessagesPerHour: 3 }), 'd', on.clock.now()), { ok: false })
  const last = await again.reserve(agent({ maxTokensPerDay: 120 }), 50, on.clock.now(), { input: 5 })
  t.match(last, { ok: true, maxOutput: 30 }, '85 tokens are spent')
  t.equal(on.warnings.length, 1)
})

void t.test('tokens: refused once spent, free again on the next UTC day', async (t) => {
  const on = await world(t)
  const limited = agent({ maxTokensPerDay: 100 })
  t.equal(await call(on, limited, 5000, 60), true, 'an estimate above the limit does not shut the agent out')
  t.equal(await call(on, limited, 5000, 60), true)
  const refused = await on.limits.reserve(limited, 1, on.clock.now() + HOUR)
  t.match(refused, { ok: false, limit: 'maxTokensPerDay', retryAt: on.clock.now() + 24 * HOUR, message: /midnight UTC/ })
  t.match(await on.limits.reserve(limited, 1, on.clock.now() + 24 * HOUR), { ok: true })
})

void t.test('parallel calls spend no more than calls one after the other', async (t) => {
  for (const estimate of [50, 400, 4000]) {
    const on = await world(t, testdir(t))
    const limited = agent({ maxTokensPerDay: 1000 })
    const results = await Promise.all(Array.from({ length: 20 }, () => call(on, limited, estimate, Math.min(estimate, 400))))
    const total = (await on.usage.cachedView('main')).total('2026-01-01').tokens
    t.ok(total >= 1000 && total < 1000 + 400, `${total} tokens at an estimate of ${estimate}`)
    t.equal(results.filter(Boolean).length, Math.ceil(1000 / Math.min(estimate, 400)))
  }
})

void t.test('money by day and month, also where calls do not say what they may cost', async (t) => {
  const on = await world(t)
  const limited = agent({ maxCostPerDay: 1, maxCostPerMonth: 1.5 })
  const results = await Promise.all(Array.from({ length: 10 }, () => call(on, limited, 0, 10, 0.4)))
  t.equal(results.filter(Boolean).length, 3)
  t.match(await on.limits.reserve(limited, 0, on.clock.now()), { ok: false, limit: 'maxCostPerDay' })
  on.clock.jump(24 * HOUR)
  t.equal(await call(on, limited, 0, 10, 0.4), true)
  t.match(await on.limits.reserve(limited, 0, on.clock.now()), {
    ok: false,
    limit: 'maxCostPerMonth',
    retryAt: Date.UTC(2026, 1, 1),
  })
})

void t.test('a warning at 80%, once a period', async (t) => {
  const on = await world(t)
  const limited = agent({ maxTokensPerDay: 100 })
  await call(on, limited, 10, 79)
  await tick()
  t.strictSame(on.warnings, [])
  await call(on, limited, 10, 1)
  await tick()
  t.strictSame(on.warnings, [{ agentId: 'main', limit: 'maxTokensPerDay', spent: 80, max: 100, period: '2026-01-01' }])
  await call(on, limited, 10, 5)
  await tick()
  t.equal(on.warnings.length, 1)
  on.clock.jump(24 * HOUR)
  await call(on, limited, 10, 90)
  await tick()
  t.equal(on.warnings.length, 2)
})

void t.test('anyone who waits near the limit can give up', async (t) => {
  const on = await world(t)
  const limited = agent({ maxTokensPerDay: 100 })
  const first = await on.limits.reserve(limited, 90, on.clock.now())
  t.match(first, { ok: true })
  const stop = new AbortController()
  const second = on.limits.reserve(limited, 90, on.clock.now(), { signal: stop.signal })
  stop.abort(new Error('stopped'))
  await t.rejects(second, /stopped/)
  if (first.ok) {
    first.settle(spent(0), 0)
    first.settle(spent(0), 0)
  }
  t.match(await on.limits.reserve(limited, 90, on.clock.now()), { ok: true })
})
