// Replies on their way out.

import { chatKey } from '../../../src/plan/session-key.ts'
import { inboxRow, outboxRow } from '../../support/storage-world.ts'
import { claimed, type Scenario, SESSION } from './scenario.ts'

export function outboxContract(scenario: Scenario): void {
  scenario('replies leave in order, once a key, and a target that waits holds back its own only', async (t, { outbox }) => {
    const later = Date.now() + 1e9
    const due = async (now: number, limit = 10) => {
      const { rows, nextAt } = await outbox.due(now, limit)
      return { keys: rows.map((row) => row.key), nextAt }
    }
    await outbox.put(outboxRow('o1'))
    await outbox.put(outboxRow('o1', { content: 'again' }))
    await outbox.put(outboxRow('o2'))
    await outbox.put(outboxRow('o3', { target: { channelId: 'telegram', userId: '2' } }))
    t.strictSame(await due(later), { keys: ['o1', 'o3'], nextAt: null }, 'the first of each chat')
    const { rows } = await outbox.due(later, 10)
    t.equal(rows[0]?.content, 'reply o1')
    const [first, third] = rows.map((row) => row.seq) as [number, number]
    t.equal(await outbox.attempt(first), 1)
    t.equal(await outbox.attempt(first), 2)
    await outbox.retry(first, later + 5000)
    t.strictSame(await due(later), { keys: ['o3'], nextAt: later + 5000 }, 'what waits behind it is not what is next')
    await outbox.sent(third)
    t.strictSame(await due(later + 5000, 1), { keys: ['o1'], nextAt: null })
    t.equal(await outbox.attempt(first), 3, 'those before may have arrived')
    await outbox.fail(first, 'gone')
    t.strictSame(await due(later + 5000), { keys: ['o2'], nextAt: null })
    await outbox.sent((await outbox.due(later, 1)).rows[0]?.seq ?? 0)
    t.strictSame(await due(later + 5000), { keys: [], nextAt: null })
    await outbox.put(outboxRow('o2'))
    t.strictSame(await due(later + 5000), { keys: [], nextAt: null }, 'a key that was sent is not put again')
  })

  scenario('files of a reply are kept as they were, with the answer and on its way out', async (t, storage) => {
    const { inbox, outbox, files } = storage
    const png = Buffer.from([137, 80, 78, 71, 0, 255])
    const about = { name: 'dot.png', kind: 'image', mediaType: 'image/png' } as const
    const [stored, other] = [await files.put(about, png), await files.put(about, png)]
    t.match(stored, { ...about, bytes: 6 })
    t.not(other.id, stored.id, 'an id tells nothing of the bytes')
    png.fill(0)
    t.strictSame(await files.read(other.id), Buffer.from([137, 80, 78, 71, 0, 255]))
    t.equal(await files.read('unknown'), null)
    t.equal(await files.read('../state.db'), null)
    await inbox.post(inboxRow(SESSION, 'm1'), 'k1')
    const attachments = [stored, other]
    await inbox.finish(claimed(await inbox.claimNext(SESSION)), {
      answers: [{ agentId: 'main', session: SESSION, messageId: 'm1', response: '', attachments }],
      outbox: [outboxRow('o1', { attachments }), outboxRow('o2')],
    })
    t.strictSame((await inbox.answer(SESSION, 'm1'))?.attachments, attachments)
    for (const expected of [attachments, undefined]) {
      const [row] = (await outbox.due(Number.MAX_SAFE_INTEGER, 10)).rows
      t.strictSame(row?.attachments, expected)
      await outbox.sent(row?.seq ?? 0)
    }
  })

  scenario('an attempt that surely did not arrive counts no more', async (t, { outbox }) => {
    await outbox.put(outboxRow('o1'))
    const later = Date.now() + 1e9
    const seq = (await outbox.due(later, 1)).rows[0]?.seq ?? 0
    await outbox.attempt(seq)
    await outbox.retry(seq, later, { notSent: true })
    t.equal(await outbox.attempt(seq), 1)
    await outbox.retry(seq, later, { notSent: false })
    t.equal(await outbox.attempt(seq), 2)
    await t.rejects(outbox.attempt(seq + 1_000))
  })

  scenario('a chat with many replies keeps no other back, and a busy one is passed over', async (t, { outbox }) => {
    const chats = ['a', 'b', 'c'].map((userId) => ({ channelId: 'telegram', userId }))
    for (let n = 0; n < 500; n++) await outbox.put(outboxRow(`slow${n}`))
    for (const target of chats) await outbox.put(outboxRow(`to ${target.userId}`, { target }))
    const busy = new Set([chatKey(outboxRow('').target), chatKey(chats[1] ?? { channelId: '' })])
    const keys = async (limit: number, without?: ReadonlySet<string>) =>
      (await outbox.due(Number.MAX_SAFE_INTEGER, limit, without)).rows.map(({ key }) => key)
    t.strictSame(await keys(10), ['slow0', 'to a', 'to b', 'to c'])
    t.strictSame(await keys(2), ['slow0', 'to a'])
    t.strictSame(await keys(10, busy), ['to a', 'to c'])
    t.strictSame(await keys(1, busy), ['to a'])
  })

  scenario('whether anything waits for a chat', async (t, { outbox }) => {
    const target = { channelId: 'telegram', userId: '1' }
    t.equal(await outbox.waits(target), false)
    await outbox.put(outboxRow('k', { target: { ...target, replyTo: '7' } }))
    t.equal(await outbox.waits(target), true)
    t.equal(await outbox.waits({ ...target, userId: '2' }), false)
    const { rows } = await outbox.due(Date.now() + 1000, 10)
    await outbox.retry(rows[0]?.seq ?? 0, Date.now() + 3_600_000)
    t.equal(await outbox.waits(target), true, 'also what was put off')
    await outbox.sent(rows[0]?.seq ?? 0)
    t.equal(await outbox.waits(target), false)
  })
}
