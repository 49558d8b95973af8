// Messages, the runs that answer them, and the leases under which runs are held.

import type { Storage } from '../../../src/storage/ports.ts'
import { answered, inboxRow, outboxRow } from '../../support/storage-world.ts'
import { claimed, type Scenario, SESSION } from './scenario.ts'

const messageIds = async (storage: Storage): Promise<string[]> =>
  claimed(await storage.inbox.claimNext(SESSION)).rows.map((row) => row.messageId)

export function inboxContract(scenario: Scenario): void {
  scenario('a message posted twice is there once', async (t, { inbox }) => {
    const both = await Promise.all([inbox.post(inboxRow(SESSION, 'm1'), 'k1'), inbox.post(inboxRow(SESSION, 'm1'), 'k1')])
    t.strictSame(both.map(({ duplicate }) => duplicate).sort(), [false, true])
    t.equal(both[0].seq, both[1].seq)
    t.equal(await inbox.waiting(SESSION), 1)
    t.match(await inbox.known('k1'), { seq: both[0].seq, session: SESSION, agentId: 'main' })
    t.equal(await inbox.known('k2'), null)
  })

  scenario('rows are claimed oldest first, one at a time, as they were posted', async (t, storage) => {
    const { inbox } = storage
    const message = { channelId: 'telegram', userId: '1', content: 'Grüße \u2028 😀', messageId: 'm1' }
    const replyTo = { channelId: 'telegram', userId: '1' }
    await inbox.post(inboxRow(SESSION, 'm1', { message, replyTo, payload: { deep: [1, null] } }), 'k1')
    await inbox.post(inboxRow(SESSION, 'm2'), 'k2')
    const claim = claimed(await inbox.claimNext(SESSION))
    t.match(claim, { run: /./, resumed: false })
    t.strictSame(claim.rows[0]?.message, message)
    t.strictSame(claim.rows[0]?.payload, { deep: [1, null] })
    t.equal(claim.rows[0]?.attempts, 1)
    t.equal(await inbox.waiting(SESSION), 1)
    t.equal(await inbox.claimNext(SESSION), null, 'one run at a time')
    await inbox.finish(claim, answered(claim, 'a1'))
    t.strictSame(await messageIds(storage), ['m2'])
    t.equal(await inbox.claimNext('agent:main:telegram:2'), null)
  })

  scenario('collecting takes the messages that wait, up to a bound, and nothing of another kind', async (t, { inbox }) => {
    for (const id of ['m1', 'm2', 'm3']) await inbox.post(inboxRow(SESSION, id), id)
    await inbox.post(inboxRow(SESSION, 'c1', { kind: 'compact', lane: 'background' }), 'c1')
    await inbox.post(inboxRow(SESSION, 'm4'), 'm4')
    const taken: string[][] = []
    for (let claim = await inbox.claimNext(SESSION, { all: true, max: 2 }); claim !== null; ) {
      taken.push(claim.rows.map((row) => row.messageId))
      await inbox.finish(claim, answered(claim, 'ok'))
      claim = await inbox.claimNext(SESSION, { all: true, max: 2 })
    }
    t.strictSame(taken, [['m1', 'm2'], ['m3'], ['c1'], ['m4']])
  })

  scenario('an answer is kept, and the first one stays', async (t, { inbox }) => {
    await inbox.post(inboxRow(SESSION, 'm1'), 'k1')
    t.equal(await inbox.answer(SESSION, 'm1'), null)
    const claim = claimed(await inbox.claimNext(SESSION))
    const answer = { agentId: 'main', session: SESSION, messageId: 'm1', response: 'first', isError: true }
    await inbox.finish(claim, { answers: [answer], outbox: [outboxRow('o1')] })
    t.strictSame(await inbox.answer(SESSION, 'm1'), answer)
    t.equal((await inbox.post(inboxRow(SESSION, 'm1'), 'k1')).duplicate, true)
    t.equal(await inbox.waiting(SESSION), 0)
  })

  scenario('a run whose process is gone is claimed again', async (t, { inbox }, { restart }) => {
    await inbox.post(inboxRow(SESSION, 'm1'), 'k1')
    await inbox.post(inboxRow(SESSION, 'm2', { lane: 'scheduled' }), 'k2')
    const { run } = claimed(await inbox.claimNext(SESSION))
    const after = (await restart()).inbox
    t.strictSame(await after.pending(), [{ session: SESSION, agentId: 'main', lane: 'realtime', begun: 1 }])
    t.equal(await after.waiting(SESSION), 1)
    const claim = claimed(await after.claimNext(SESSION))
    t.match(claim, { run, resumed: true, rows: [{ messageId: 'm1', attempts: 2 }] })
    t.equal(await after.claimNext(SESSION), null, 'one run at a time')
    await after.finish(claim, answered(claim, 'late'))
    t.match(await after.claimNext(SESSION), { rows: [{ messageId: 'm2' }] })
  })

  scenario('a run whose process is gone comes before what is new', async (t, { inbox }, { restart }) => {
    await inbox.post(inboxRow(SESSION, 'm1'), 'k1')
    claimed(await inbox.claimNext(SESSION))
    const after = (await restart()).inbox
    await after.post(inboxRow(SESSION, 'm2'), 'k2')
    for (const messageId of ['m1', 'm2']) {
      const claim = claimed(await after.claimNext(SESSION))
      t.match(claim, { resumed: messageId === 'm1', rows: [{ messageId }] })
      await after.finish(claim, answered(claim, 'done'))
    }
  })

  scenario('clean-up forgets what is old and done, and nothing that is open', async (t, { inbox, outbox, clean }) => {
    await inbox.post(inboxRow(SESSION, 'm1', { receivedAt: 1_000 }), 'k1')
    await inbox.post(inboxRow(SESSION, 'm2', { receivedAt: 1_000 }), 'k2')
    const claim = claimed(await inbox.claimNext(SESSION))
    await inbox.finish(claim, { ...answered(claim, 'a'), outbox: [outboxRow('o1')] })
    await clean(Date.now() + 8 * 24 * 3_600_000)
    t.equal(await inbox.known('k1'), null)
    t.equal(await inbox.answer(SESSION, 'm1'), null)
    t.not(await inbox.known('k2'), null)
    t.equal((await outbox.due(Date.now() + 1e9, 10)).rows.length, 1)
  })
}

/** For stores that several processes share at a time. */
export function sharedInboxContract(scenario: Scenario): void {
  scenario('a run is one process’s until that is gone, then another’s', async (t, first, { second }) => {
    const other = await second()
    await first.inbox.post(inboxRow(SESSION, 'm1'), 'k1')
    const { run } = claimed(await first.inbox.claimNext(SESSION))
    t.equal(await other.inbox.claimNext(SESSION), null, 'held')
    await first.close()
    t.match(await other.inbox.claimNext(SESSION), { run, resumed: true })
  })
}
