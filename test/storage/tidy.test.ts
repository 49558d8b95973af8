import { statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Storage } from '../../src/storage/ports.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { answered, inboxRow, openStorage, outboxRow } from '../support/storage-world.ts'
import { testdir } from '../support/testdir.ts'

const DAY = 24 * 3_600_000

/** So many messages, answered and sent. */
async function work(storage: Storage, day: number, messages: number, first = 0): Promise<void> {
  const text = 'y'.repeat(1_000)
  for (let number = first; number < first + messages; number++) {
    const session = `agent:main:http:u${number % 50}`
    const id = `${day}-${number}`
    await storage.inbox.post(inboxRow(session, id, { receivedAt: day * DAY }), id)
    const claim = await storage.inbox.claimNext(session)
    if (claim === null) throw new Error('nothing to claim')
    await storage.inbox.finish(claim, { ...answered(claim, text), outbox: [outboxRow(id)] })
    const { rows } = await storage.outbox.due(day * DAY, 10)
    for (const { seq } of rows) await storage.outbox.sent(seq)
  }
}

t.test('a database that a busy day made large shrinks when its rows are old, while it is in use', async (t) => {
  const stateDir = testdir(t)
  const clock = createFakeClock(0)
  const storage = await openStorage(stateDir, { clock })
  t.teardown(() => storage.close())
  await work(storage, 0, 3_000)
  const file = join(stateDir, 'state.db')
  const size = (): number => statSync(file).size
  const large = size()
  clock.jump(DAY)
  await storage.clean(clock.now())
  t.ok(size() >= large, 'a week is kept')
  clock.jump(7 * DAY)
  const cleaning = storage.clean(clock.now())
  await work(storage, 8, 20)
  await cleaning
  await work(storage, 8, 300, 20)
  t.ok(size() < large / 2, `${large} bytes became ${size()}`)
  t.match(await storage.inbox.answer('agent:main:http:u0', '8-0'), { response: /^y/ })
  t.equal(await storage.inbox.answer('agent:main:http:u0', '0-0'), null)
})

t.test('tokens and run logs go by their own bounds, and what monthly limits count stays', async (t) => {
  const storage = await openStorage(testdir(t))
  t.teardown(() => storage.close())
  const now = Date.UTC(2026, 11, 1)
  const usage = { input: 1, output: 1, cacheRead: 0, cacheWrite: 0 }
  for (const days of [400, 200, 20, 0]) {
    await storage.usage.add({ at: now - days * DAY, agentId: 'main', by: 'u', usage, cost: 0 })
    await storage.slots.claimSlot('tick', now - days * DAY, now)
    await storage.slots.endSlot('tick', now - days * DAY, 'ran', now)
  }
  const left = async () => [(await storage.usage.list()).length, (await storage.slots.list('tick', 100)).length]
  await storage.clean(now, {})
  t.strictSame(await left(), [4, 2])
  await storage.clean(now, { usage: 300 * DAY, runs: 10 * DAY })
  t.strictSame(await left(), [3, 1])
  await storage.clean(now, { usage: 1, runs: 1 })
  t.strictSame(await left(), [2, 1])
})
