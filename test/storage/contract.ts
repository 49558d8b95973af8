// What every store must keep, written against the ports alone. An adapter's test gives a way to open one state, close it and
// open it again; `survives: false` leaves out what only lasting stores can promise.

import type { Test } from 'tap'
import type { ApprovalRow, Claim, Lane, Storage } from '../../src/storage/ports.ts'
import { MOST_OPEN_PAIRINGS, StepUnknown } from '../../src/storage/ports.ts'
import { answered, entry, inboxRow, outboxRow } from '../support/storage-world.ts'

export interface ContractWorld {
  /** Opens the state; after `close` of the storage it opens the same state again. */
  open(): Promise<Storage>
}

type MakeWorld = (t: Test) => Promise<ContractWorld>

const S = 'agent:main:telegram:1'
const claimed = (claim: Claim | null): Claim => {
  if (claim === null) throw new Error('a claim was expected')
  return claim
}

export function storageContract(t: Test, name: string, make: MakeWorld, { survives = true } = {}): void {
  void t.test(`${name}: contract`, async (t) => {
    const scenario = (title: string, run: (t: Test, storage: Storage, reopen: () => Promise<Storage>) => Promise<void>): void =>
      void t.test(title, async (t) => {
        const world = await make(t)
        let storage = await world.open()
        t.teardown(() => storage.close())
        await run(t, storage, async () => {
          await storage.close()
          storage = await world.open()
          return storage
        })
      })

    scenario('a message posted twice stands once', async (t, { sessions }) => {
      const [first, second] = await Promise.all([sessions.post(inboxRow(S, 'm1'), 'k1'), sessions.post(inboxRow(S, 'm1'), 'k1')])
      t.equal(first.duplicate, false)
      t.match(second, { seq: first.seq, duplicate: true })
      t.equal(sessions.waiting(S), 1)
      t.match(await sessions.known('k1'), { seq: first.seq, session: S, agentId: 'main' })
      t.equal(await sessions.known('k2'), null)
    })

    scenario('rows are claimed oldest first, one at a time, as they were posted', async (t, { sessions }) => {
      const message = { channelId: 'telegram', userId: '1', content: 'Grüße \u2028 \0 😀', messageId: 'm1' }
      await sessions.post(
        inboxRow(S, 'm1', { message, replyTo: { channelId: 'telegram', userId: '1' }, payload: { deep: [1, null] } }),
        'k1',
      )
      await sessions.post(inboxRow(S, 'm2'), 'k2')
      const claim = claimed(await sessions.claimNext(S))
      t.match(claim, { run: /./, resumed: false })
      t.strictSame(claim.rows[0]?.message, message)
      t.strictSame(claim.rows[0]?.payload, { deep: [1, null] })
      t.equal(claim.rows[0]?.attempts, 1)
      t.equal(sessions.waiting(S), 1)
      await sessions.finish(claim, answered(claim, 'a1'))
      t.strictSame(
        claimed(await sessions.claimNext(S)).rows.map((row) => row.messageId),
        ['m2'],
      )
      t.equal(await sessions.claimNext('agent:main:telegram:2'), null)
    })

    scenario('collecting takes the messages that wait, up to a bound, and nothing of another kind', async (t, { sessions }) => {
      for (const id of ['m1', 'm2', 'm3']) await sessions.post(inboxRow(S, id), id)
      await sessions.post(inboxRow(S, 'c1', { kind: 'compact', lane: 'background' }), 'c1')
      await sessions.post(inboxRow(S, 'm4'), 'm4')
      const taken: string[][] = []
      for (let claim = await sessions.claimNext(S, { all: true, max: 2 }); claim !== null; ) {
        taken.push(claim.rows.map((row) => row.messageId))
        await sessions.finish(claim, answered(claim, 'ok'))
        claim = await sessions.claimNext(S, { all: true, max: 2 })
      }
      t.strictSame(taken, [['m1', 'm2'], ['m3'], ['c1'], ['m4']])
    })

    scenario('an answer is kept, and the first one stays', async (t, { sessions }) => {
      await sessions.post(inboxRow(S, 'm1'), 'k1')
      t.equal(await sessions.answer(S, 'm1'), null)
      const claim = claimed(await sessions.claimNext(S))
      await sessions.finish(claim, {
        answers: [{ agentId: 'main', session: S, messageId: 'm1', response: 'first', isError: true }],
        outbox: [outboxRow('o1')],
      })
      t.strictSame(await sessions.answer(S, 'm1'), {
        agentId: 'main',
        session: S,
        messageId: 'm1',
        response: 'first',
        isError: true,
      })
      t.equal((await sessions.post(inboxRow(S, 'm1'), 'k1')).duplicate, true)
      t.equal(sessions.waiting(S), 0)
    })

    scenario(
      'files of a reply are kept as they were, with the answer and on its way out',
      async (t, { sessions, outbox, files }) => {
        const png = Buffer.from([137, 80, 78, 71, 0, 255])
        const stored = await files.put({ name: 'dot.png', kind: 'image', mediaType: 'image/png' }, png)
        t.match(stored, { name: 'dot.png', kind: 'image', mediaType: 'image/png', bytes: 6 })
        const other = await files.put({ name: 'dot.png', kind: 'image', mediaType: 'image/png' }, png)
        t.not(other.id, stored.id, 'an id tells nothing of the bytes')
        png.fill(0)
        t.strictSame(await files.read(other.id).then((read) => read?.length), 6)
        t.equal(await files.read('unknown'), null)
        t.equal(await files.read('../state.db'), null)
        await sessions.post(inboxRow(S, 'm1'), 'k1')
        const attachments = [stored, other]
        await sessions.finish(claimed(await sessions.claimNext(S)), {
          answers: [{ agentId: 'main', session: S, messageId: 'm1', response: '', attachments }],
          outbox: [outboxRow('o1', { attachments }), outboxRow('o2')],
        })
        t.strictSame((await sessions.answer(S, 'm1'))?.attachments, attachments)
        const due = await outbox.due(Number.MAX_SAFE_INTEGER, 10)
        t.strictSame(
          due.map((row) => row.attachments),
          [attachments, undefined],
        )
      },
    )

    scenario('a transcript keeps order and takes an id once', async (t, { sessions }) => {
      await sessions.append(S, 'main', [entry('e1'), entry('e2', 'assistant'), entry('e1')])
      await sessions.append(S, 'main', [entry('e2', 'assistant'), entry('e3')])
      t.strictSame(
        (await sessions.load(S, 'main')).entries.map((one) => one.id),
        ['e1', 'e2', 'e3'],
      )
      t.strictSame(await ids(sessions.export(S, 'main')), ['e1', 'e2', 'e3'])
      t.strictSame((await sessions.load('agent:main:main', 'main')).entries, [])
      t.match(await sessions.sessions({ agentId: 'main' }), [{ key: S, agentId: 'main' }])
      t.strictSame(await sessions.sessions({ agentId: 'other' }), [])
    })

    scenario('a load begins at the last reset, or at what the last summary keeps', async (t, { sessions }) => {
      const load = async (): Promise<string[]> => (await sessions.load(S, 'main')).entries.map((one) => one.id)
      await sessions.append(S, 'main', [entry('a'), entry('b', 'assistant'), entry('c'), entry('d', 'assistant')])
      await sessions.append(S, 'main', [entry('s', 'system', { kind: 'summary', keepFrom: 'c' }), entry('e')])
      t.strictSame(await load(), ['c', 'd', 's', 'e'])
      await sessions.append(S, 'main', [entry('r', 'system', { kind: 'reset' }), entry('f')])
      t.strictSame(await load(), ['r', 'f'])
      t.strictSame(await ids(sessions.export(S, 'main')), ['a', 'b', 'c', 'd', 's', 'e', 'r', 'f'])
    })

    scenario('replies leave in order, once a key, and a target that waits holds back its own only', async (t, { outbox }) => {
      const other = { channelId: 'telegram', userId: '2' }
      await outbox.put(outboxRow('o1'))
      await outbox.put(outboxRow('o1', { content: 'again' }))
      await outbox.put(outboxRow('o2'))
      await outbox.put(outboxRow('o3', { target: other }))
      const later = Date.now() + 1e9
      const due = await outbox.due(later, 10)
      t.strictSame(
        due.map((row) => row.key),
        ['o1', 'o2', 'o3'],
      )
      t.strictSame(due.map((row) => row.content)[0], 'reply o1')
      const [first, second, third] = due.map((row) => row.seq) as [number, number, number]
      t.equal(await outbox.attempt(first), 1)
      t.equal(await outbox.attempt(first), 2)
      t.equal(outbox.nextAfter(later), null)
      await outbox.retry(first, later + 5000)
      t.strictSame(
        (await outbox.due(later, 10)).map((row) => row.key),
        ['o3'],
      )
      t.equal(outbox.nextAfter(later), later + 5000, 'not the one that only waits behind it')
      await outbox.sent(third)
      t.strictSame(
        (await outbox.due(later + 5000, 1)).map((row) => row.key),
        ['o1'],
      )
      t.equal(await outbox.attempt(first), 3, 'those before may have arrived')
      await outbox.fail(first, 'gone')
      await outbox.sent(second)
      t.strictSame(await outbox.due(later + 5000, 10), [])
      await outbox.put(outboxRow('o2'))
      t.strictSame(await outbox.due(later + 5000, 10), [], 'a key that was sent is not put again')
    })

    scenario('an attempt that surely did not arrive counts no more', async (t, { outbox }) => {
      await outbox.put(outboxRow('o1'))
      const later = Date.now() + 1e9
      const seq = (await outbox.due(later, 1))[0]?.seq ?? 0
      await outbox.attempt(seq)
      await outbox.retry(seq, later, { notSent: true })
      t.equal(await outbox.attempt(seq), 1)
      await outbox.retry(seq, later, { notSent: false })
      t.equal(await outbox.attempt(seq), 2)
    })

    scenario('questions are answered once, and a late answer is a message', async (t, { approvals, sessions }) => {
      const row: ApprovalRow = {
        id: 'q1',
        run: 'r',
        toolUseId: 't',
        agentId: 'main',
        parents: [],
        sessionKey: S,
        toolName: 'bash',
        input: { command: 'ls' },
        cwd: '/',
        reason: 'why',
        text: 'ls',
        grants: ['ls'],
        askedByOwner: false,
        createdAt: 1,
        expiresAt: 2,
        state: 'open',
        late: false,
      }
      const message = ({ id, state }: ApprovalRow) => ({ ...inboxRow(S, id), content: state })
      await approvals.insert(row)
      t.strictSame(await approvals.get('q1'), row)
      t.equal((await approvals.open()).length, 1)
      t.equal(await approvals.setLate('q1'), true)
      const both = await Promise.all([
        approvals.settle('q1', 'once', 'telegram:1', 5, message),
        approvals.settle('q1', 'deny', 'telegram:2', 5, message),
      ])
      t.match(both[0], { state: 'once', decidedBy: 'telegram:1', late: true })
      t.equal(both[1], null)
      t.equal(await approvals.setLate('q1'), false)
      t.strictSame(await approvals.open(), [])
      t.equal(await approvals.get('nothing'), null)
      t.equal(sessions.waiting(S), 1)
      t.match(await sessions.claimNext(S), { resumed: false, rows: [{ messageId: 'q1', content: 'once' }] })

      await approvals.insert({ ...row, id: 'q2' })
      await approvals.settle('q2', 'deny', 'telegram:1', 6, message)
      t.equal(sessions.waiting(S), 0, 'who waits in place has it already')
    })

    scenario('a slot is claimed once and ends once', async (t, { slots }) => {
      t.strictSame(await Promise.all([slots.claimSlot('hb', 1000, 1), slots.claimSlot('hb', 1000, 1)]), [true, false])
      t.match(await slots.unfinished(), [{ name: 'hb', slot: 1000, state: 'claimed' }])
      await slots.endSlot('hb', 1000, 'ran', 2)
      await slots.endSlot('hb', 1000, 'failed', 3)
      await slots.endSlot('hb', 500, 'missed', 3, 'the engine was down')
      t.equal(await slots.claimSlot('hb', 500, 4), false)
      t.match(await slots.lastSlot('hb'), { slot: 1000, state: 'ran' })
      t.strictSame(
        (await slots.list('hb', 10)).map((row) => row.state),
        ['ran', 'missed'],
      )
      t.equal(await slots.lastSlot('other'), null)
      t.strictSame(await slots.unfinished(), [])
    })

    scenario('spend adds up by day, agent and spender', async (t, { usage }) => {
      const at = Date.UTC(2026, 0, 2, 23, 59, 59)
      const tokens = { input: 10, output: 5, cacheRead: 100, cacheWrite: 1 }
      usage.add({ at, agentId: 'main', by: 'user:mehdi', usage: tokens, cost: 0.5 })
      usage.add({ at, agentId: 'main', by: 'user:mehdi', usage: tokens, cost: 0.25 })
      usage.add({ at: at + 1000, agentId: 'main', by: 'heartbeat:x', usage: tokens, cost: 1 })
      t.strictSame(usage.total('main', '2026-01-03'), { tokens: 116, cost: 1 })
      t.strictSame(usage.total('main', '2026-01-01'), { tokens: 348, cost: 1.75 })
      t.strictSame(await usage.list('2026-01-02'), [
        { day: '2026-01-02', agentId: 'main', by: 'user:mehdi', input: 222, output: 10, calls: 2, cost: 0.75 },
        { day: '2026-01-03', agentId: 'main', by: 'heartbeat:x', input: 111, output: 5, calls: 1, cost: 1 },
      ])
    })

    scenario('halts stop one agent or all', async (t, { halts }) => {
      t.equal(halts.isHalted('main'), false)
      await halts.halt('main', 'mehdi', 1)
      t.strictSame([halts.isHalted('main'), halts.isHalted('other'), halts.isHalted()], [true, false, false])
      await halts.halt(undefined, 'mehdi', 2)
      t.equal(halts.isHalted('other'), true)
      await halts.resume('main')
      t.equal(halts.isHalted('main'), true, 'everything is stopped still')
      await halts.resume(undefined)
      t.strictSame(halts.list(), [])
    })

    scenario('codes let in and link, once and in time', async (t, { people }) => {
      const code = people.openPairing('telegram:9', 'Zoé', 1000) ?? ''
      t.equal(people.openPairing('telegram:9', 'Zoé', 2000), code, 'the same while it stands')
      t.equal(people.isPaired('telegram:9'), false)
      t.equal(people.approvePairing(code, 'mehdi', 3000), 'telegram:9')
      t.equal(people.approvePairing(code, 'mehdi', 3000), null)
      t.equal(people.isPaired('telegram:9'), true)
      t.match(people.pairings(), [{ identity: 'telegram:9', by: 'mehdi' }])
      t.equal(people.removePairing('telegram:9'), true)
      t.equal(people.isPaired('telegram:9'), false)
      const link = people.openLink('telegram:1', 1000)
      t.equal(people.confirmLink(link, 'telegram:1', 1001), null, 'not with oneself')
      t.equal(people.confirmLink(link, 'discord:5', 1000 + 10 * 60_000 + 1), null, 'too late')
      const again = people.openLink('telegram:1', 5_000_000)
      t.equal(people.confirmLink(again, 'discord:5', 5_000_001), 'telegram:1')
      t.equal(people.links().length, 1)
    })

    scenario('only so many strangers of a channel wait for an owner', async (t, { people }) => {
      const codes = Array.from({ length: MOST_OPEN_PAIRINGS }, (_, index) => people.openPairing(`http:${index}`, undefined, 1000))
      t.equal(new Set(codes).size, MOST_OPEN_PAIRINGS)
      t.equal(people.openPairing('http:late', undefined, 1001), null)
      t.equal(people.openPairing('http:7', undefined, 1001), codes[7], 'a code that stands is shown again')
      t.type(people.openPairing('telegram:9', undefined, 1001), 'string', 'another channel has room of its own')
      t.equal(people.approvePairing(codes[3] ?? '', 'mehdi', 1002), 'http:3')
      t.type(people.openPairing('http:late', undefined, 1003), 'string', 'an answered one makes room')
    })

    scenario('small values and the log of admissions', async (t, { kv, admissions }) => {
      t.equal(kv.get('a'), null)
      await kv.set('a', '')
      t.equal(kv.get('a'), '')
      await kv.delete('a')
      t.equal(kv.get('a'), null)
      admissions.add('main', 'x', 5)
      admissions.add('main', 'y', 6)
      admissions.remove('main', 'x', 5)
      await kv.set('b', 'a write after them')
      t.strictSame(admissions.since(1), [{ agentId: 'main', who: 'y', at: 6 }])
    })

    scenario('the queue runs what was enqueued, one turn a session', async (t, { queue, sessions }) => {
      const ran: string[] = []
      let live = 0
      const sessionsUsed = ['agent:main:a:1', 'agent:main:a:2']
      for (const session of sessionsUsed)
        for (const n of [1, 2, 3]) await sessions.post(inboxRow(session, `${n}`), `${session}/${n}`)
      const done = new Promise<void>((resolve) => {
        queue.start(async ({ session }) => {
          const claim = await sessions.claimNext(session)
          if (claim === null) return 'noop'
          live++
          t.ok(live <= 2)
          ran.push(`${session}/${claim.rows[0]?.messageId}`)
          await sessions.finish(claim, answered(claim, 'ok'))
          live--
          if (ran.length === 6) resolve()
          return 'done'
        }, caps(2))
      })
      for (const session of sessionsUsed) queue.enqueue({ session, agentId: 'main', lane: 'realtime' })
      await done
      t.equal(await queue.drain(1000), true)
      for (const session of sessionsUsed)
        t.strictSame(
          ran.filter((one) => one.startsWith(session)),
          [1, 2, 3].map((n) => `${session}/${n}`),
        )
    })

    if (!survives) return

    scenario('what an earlier process held is taken up again', async (t, storage, reopen) => {
      await storage.sessions.post(inboxRow(S, 'm1'), 'k1')
      await storage.sessions.post(inboxRow(S, 'm2', { lane: 'scheduled' }), 'k2')
      const { run } = claimed(await storage.sessions.claimNext(S))
      const { sessions } = await reopen()
      t.strictSame(await sessions.pending(), [{ session: S, agentId: 'main', lane: 'realtime', begun: 1 }])
      t.equal(sessions.waiting(S), 1)
      const claim = claimed(await sessions.claimNext(S))
      t.match(claim, { run, resumed: true, rows: [{ messageId: 'm1', attempts: 2 }] })
      t.equal(await sessions.claimNext(S), null, 'one turn at a time')
      await sessions.finish(claim, answered(claim, 'late'))
      t.strictSame(
        claimed(await sessions.claimNext(S)).rows.map((row) => row.messageId),
        ['m2'],
      )
    })

    scenario('what an earlier process began on comes before what is new', async (t, storage, reopen) => {
      await storage.sessions.post(inboxRow(S, 'm1'), 'k1')
      claimed(await storage.sessions.claimNext(S))
      const { sessions } = await reopen()
      await sessions.post(inboxRow(S, 'm2'), 'k2')
      for (const messageId of ['m1', 'm2']) {
        const claim = claimed(await sessions.claimNext(S))
        t.match(claim, { resumed: messageId === 'm1', rows: [{ messageId }] })
        await sessions.finish(claim, answered(claim, 'done'))
      }
    })

    scenario('a finished step is not made again; one cut off says so', async (t, storage, reopen) => {
      const journal = storage.journal('r1')
      const keys: string[] = []
      const made = async (key: string): Promise<{ n: number }> => ({ n: keys.push(key) })
      t.strictSame(await journal.step('model:0', made), { n: 1 })
      t.equal(await journal.step('void', async () => undefined), undefined)
      t.strictSame(await journal.step('tool:a', made, 'never'), { n: 2 })
      await t.rejects(
        journal.step('failed', () => Promise.reject(new Error('no')), 'never'),
        /no/,
      )
      void journal.step('tool:b', () => new Promise(() => {}), 'never')
      void journal.step('model:1', () => new Promise(() => {}))
      await storage.kv.set('written', 'after them')
      const again = (await reopen()).journal('r1')
      t.strictSame(
        ['model:0', 'tool:a', 'failed', 'tool:b', 'model:1'].filter((name) => again.has(name)),
        ['model:0', 'tool:a', 'tool:b'],
        'what would not be made again',
      )
      t.strictSame(await again.step('model:0', made), { n: 1 })
      t.equal(await again.step('void', async () => 5), undefined)
      t.strictSame(await again.step('tool:a', made, 'never'), { n: 2 })
      t.strictSame(await again.step('failed', made, 'never'), { n: 3 }, 'its end was seen, so it may be tried again')
      await t.rejects(again.step('tool:b', made, 'never'), StepUnknown)
      t.strictSame(await again.step('model:1', made), { n: 4 })
      t.equal(new Set(keys).size, keys.length)
    })

    scenario('finishing a run forgets its steps and nothing else', async (t, storage, reopen) => {
      await storage.sessions.post(inboxRow(S, 'm1'), 'k1')
      const claim = claimed(await storage.sessions.claimNext(S))
      await storage.journal(claim.run).step('a', async () => 1)
      await storage.journal('r2').step('a', async () => 1)
      await storage.sessions.finish(claim, { answers: [], outbox: [outboxRow('o1')] })
      const { journal, outbox, sessions } = await reopen()
      t.equal(await journal(claim.run).step('a', async () => 2), 2)
      t.equal(await journal('r2').step('a', async () => 2), 1)
      t.match(outbox.next(), { count: 1 })
      t.strictSame(await sessions.pending(), [])
    })

    scenario('everything stands after a restart', async (t, storage, reopen) => {
      const at = Date.UTC(2026, 0, 2)
      await storage.sessions.append(S, 'main', [entry('e1')])
      storage.usage.add({
        at,
        agentId: 'main',
        by: 'user:x',
        usage: { input: 1, output: 2, cacheRead: 0, cacheWrite: 0 },
        cost: 3,
      })
      storage.admissions.add('main', 'x', at)
      await storage.halts.halt('main', 'mehdi', at)
      await storage.slots.claimSlot('hb', at, at)
      await storage.kv.set('offset', '42')
      storage.people.approvePairing(storage.people.openPairing('telegram:9', undefined, at) ?? '', 'mehdi', at)
      const again = await reopen()
      t.strictSame((await again.sessions.load(S, 'main')).entries, [entry('e1')])
      t.strictSame(again.usage.total('main', '2026-01-02'), { tokens: 3, cost: 3 })
      t.equal(again.admissions.since(at - 1).length, 1)
      t.equal(again.halts.isHalted('main'), true)
      t.equal((await again.slots.unfinished()).length, 1)
      t.equal(again.kv.get('offset'), '42')
      t.equal(again.people.isPaired('telegram:9'), true)
    })

    scenario('clean-up forgets what is old and done, and nothing that is open', async (t, { sessions, outbox, clean }) => {
      const old = 1_000
      await sessions.post(inboxRow(S, 'm1', { receivedAt: old }), 'k1')
      await sessions.post(inboxRow(S, 'm2', { receivedAt: old }), 'k2')
      const claim = claimed(await sessions.claimNext(S))
      await sessions.finish(claim, { ...answered(claim, 'a'), outbox: [outboxRow('o1')] })
      await clean(Date.now() + 8 * 24 * 3_600_000)
      t.equal(await sessions.known('k1'), null)
      t.equal(await sessions.answer(S, 'm1'), null)
      t.not(await sessions.known('k2'), null)
      t.match(outbox.next(), { count: 1 })
    })
  })
}

const caps = (n: number): Record<Lane, number> => ({ realtime: n, scheduled: n, background: n })

async function ids(entries: AsyncIterable<{ readonly id: string }>): Promise<string[]> {
  const all: string[] = []
  for await (const { id } of entries) all.push(id)
  return all
}
