// The queue, the steps of runs, due times and leases: who does what, and that it is done once.

import type { Lane } from '../../../src/storage/ports.ts'
import { StepUnknown } from '../../../src/storage/ports.ts'
import { answered, inboxRow, outboxRow } from '../../support/storage-world.ts'
import { claimed, type Scenario, SESSION } from './scenario.ts'

const caps = (n: number): Record<Lane, number> => ({ realtime: n, scheduled: n, background: n })

export function workContract(scenario: Scenario): void {
  scenario('the queue runs what was enqueued, one turn a session', async (t, { queue, inbox }) => {
    const ran: string[] = []
    let live = 0
    const sessions = ['agent:main:a:1', 'agent:main:a:2']
    for (const session of sessions) for (const n of [1, 2, 3]) await inbox.post(inboxRow(session, `${n}`), `${session}/${n}`)
    let resolve = (): void => {}
    const done = new Promise<void>((all) => {
      resolve = all
    })
    await queue.start(async ({ session }) => {
      const claim = await inbox.claimNext(session)
      if (claim === null) return 'noop'
      live++
      t.ok(live <= 2)
      ran.push(`${session}/${claim.rows[0]?.messageId}`)
      await inbox.finish(claim, answered(claim, 'ok'))
      live--
      if (ran.length === 6) resolve()
      return 'done'
    }, caps(2))
    for (const session of sessions) await queue.enqueue({ session, agentId: 'main', lane: 'realtime' })
    await done
    t.equal(await queue.drain(1000), true)
    for (const session of sessions)
      t.strictSame(
        ran.filter((one) => one.startsWith(session)),
        [1, 2, 3].map((n) => `${session}/${n}`),
      )
  })

  scenario('a finished step is not made again; one cut off says so', async (t, { journal }, { restart }) => {
    const keys: string[] = []
    const made = async (key: string): Promise<{ n: number }> => ({ n: keys.push(key) })
    t.strictSame(await journal.step('r1', 'model:0', made), { n: 1 })
    t.equal(await journal.step('r1', 'void', async () => undefined), undefined)
    t.strictSame(await journal.step('r1', 'tool:a', made, 'never'), { n: 2 })
    await t.rejects(
      journal.step('r1', 'failed', () => Promise.reject(new Error('no')), 'never'),
      /no/,
    )
    const begun = ['tool:b', 'model:1'].map(
      (name) =>
        new Promise<void>((resolve) => {
          const forEver = () => new Promise(() => resolve())
          void journal.step('r1', name, forEver, name === 'tool:b' ? 'never' : 'always')
        }),
    )
    await Promise.all(begun)
    const after = (await restart()).journal
    const known: string[] = []
    for (const name of ['model:0', 'tool:a', 'failed', 'tool:b', 'model:1']) if (await after.has('r1', name)) known.push(name)
    t.strictSame(known, ['model:0', 'tool:a', 'tool:b'], 'what would not be made again')
    t.strictSame(await after.step('r1', 'model:0', made), { n: 1 })
    t.equal(await after.step('r1', 'void', async () => 5), undefined)
    t.strictSame(await after.step('r1', 'tool:a', made, 'never'), { n: 2 })
    t.strictSame(await after.step('r1', 'failed', made, 'never'), { n: 3 }, 'its end was seen, so it may be tried again')
    await t.rejects(after.step('r1', 'tool:b', made, 'never'), StepUnknown)
    t.strictSame(await after.step('r1', 'model:1', made), { n: 4 })
    t.equal(new Set(keys).size, keys.length)
  })

  scenario('finishing a run forgets its steps and nothing else', async (t, { inbox, journal }, { restart }) => {
    await inbox.post(inboxRow(SESSION, 'm1'), 'k1')
    const claim = claimed(await inbox.claimNext(SESSION))
    await journal.step(claim.run, 'a', async () => 1)
    await journal.step('r2', 'a', async () => 1)
    await inbox.finish(claim, { answers: [], outbox: [outboxRow('o1')] })
    const after = await restart()
    t.equal(await after.journal.step(claim.run, 'a', async () => 2), 2)
    t.equal(await after.journal.step('r2', 'a', async () => 2), 1)
    t.equal((await after.outbox.due(Date.now() + 1e9, 10)).rows.length, 1)
    t.strictSame(await after.inbox.pending(), [])
  })

  scenario('a due time is claimed once and ends once', async (t, { slots }, { restart }) => {
    const both = await Promise.all([slots.claimSlot('hb', 1000, 1), slots.claimSlot('hb', 1000, 1)])
    t.strictSame(both.sort(), [false, true])
    t.strictSame(await slots.unfinished(), [], 'its process is there')
    const after = (await restart()).slots
    t.match(await after.unfinished(), [{ name: 'hb', slot: 1000, state: 'claimed' }])
    await after.endSlot('hb', 1000, 'ran', 2)
    await after.endSlot('hb', 1000, 'failed', 3)
    await after.endSlot('hb', 500, 'missed', 3, 'the engine was down')
    t.equal(await after.claimSlot('hb', 500, 4), false)
    t.match(await after.lastSlot('hb'), { slot: 1000, state: 'ran' })
    t.strictSame(
      (await after.list('hb', 10)).map((row) => row.state),
      ['ran', 'missed'],
    )
    t.equal(await after.lastSlot('other'), null)
    t.strictSame(await after.unfinished(), [])
  })

  scenario(
    'a lease is held once, and free again when it was released or its process is gone',
    async (t, storage, { restart }) => {
      const lease = await storage.leases.acquire('channel:telegram')
      t.ok(lease !== null)
      t.equal(lease?.lost.aborted, false)
      t.equal(await storage.leases.acquire('channel:telegram'), null)
      t.ok(await storage.leases.acquire('channel:discord'))
      await lease?.release()
      t.ok(await storage.leases.acquire('channel:telegram'))
      t.ok(await (await restart()).leases.acquire('channel:telegram'))
    },
  )
}

/** For stores that several processes share at a time. */
export function sharedWorkContract(scenario: Scenario): void {
  scenario('a lease is one process’s until that is gone, then another’s', async (t, first, { second }) => {
    const other = await second()
    t.ok(await first.leases.acquire('channel:telegram'))
    t.equal(await other.leases.acquire('channel:telegram'), null)
    t.ok(await first.slots.claimSlot('hb', 1000, 1))
    t.equal(await other.slots.claimSlot('hb', 1000, 1), false)
    t.strictSame(await other.slots.unfinished(), [])
    await first.close()
    t.ok(await other.leases.acquire('channel:telegram'))
    t.match(await other.slots.unfinished(), [{ name: 'hb', slot: 1000 }])
  })
}
