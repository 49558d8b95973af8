// Questions to people, who stopped what, who is let in, what was spent, and small values.

import type { ApprovalRow } from '../../../src/storage/ports.ts'
import { MOST_OPEN_PAIRINGS } from '../../../src/storage/ports.ts'
import { inboxRow } from '../../support/storage-world.ts'
import { type Scenario, SESSION } from './scenario.ts'

const QUESTION: ApprovalRow = {
  id: 'q1',
  run: 'r',
  toolUseId: 't',
  agentId: 'main',
  parents: [],
  sessionKey: SESSION,
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

export function peopleContract(scenario: Scenario): void {
  scenario('questions are answered once, and a late answer is a message', async (t, { approvals, inbox }) => {
    const message = ({ id, state }: ApprovalRow) => ({ ...inboxRow(SESSION, id), content: state })
    await approvals.insert(QUESTION)
    t.strictSame(await approvals.get('q1'), QUESTION)
    t.equal((await approvals.open()).length, 1)
    t.equal(await approvals.setLate('q1'), true)
    const both = await Promise.all([
      approvals.settle('q1', 'once', 'telegram:1', 5, message),
      approvals.settle('q1', 'deny', 'telegram:2', 5, message),
    ])
    const settled = both.filter((row) => row !== null)
    t.equal(settled.length, 1, 'the first answer wins')
    t.match(settled[0], { late: true, decidedBy: /^telegram:[12]$/ })
    t.equal(await approvals.setLate('q1'), false)
    t.strictSame(await approvals.open(), [])
    t.equal(await approvals.get('nothing'), null)
    t.equal(await inbox.waiting(SESSION), 1)
    t.match(await inbox.claimNext(SESSION), { resumed: false, rows: [{ messageId: 'q1', content: settled[0]?.state }] })

    await approvals.insert({ ...QUESTION, id: 'q2' })
    await approvals.settle('q2', 'deny', 'telegram:1', 6, message)
    t.equal(await inbox.waiting(SESSION), 0, 'who waits in place has it already')
  })

  scenario('spend adds up by day, agent and spender', async (t, { usage }, { restart }) => {
    const at = Date.UTC(2026, 0, 2, 23, 59, 59)
    const tokens = { input: 10, output: 5, cacheRead: 100, cacheWrite: 1 }
    const spent = { at, agentId: 'main', by: 'user:mehdi', usage: tokens }
    await usage.add({ ...spent, cost: 0.5 })
    const view = await usage.cachedView('main')
    await Promise.all([usage.add({ ...spent, cost: 0.25 }), usage.add({ ...spent, at: at + 1000, by: 'heartbeat:x', cost: 1 })])
    const totals = { '2026-01-03': { tokens: 116, cost: 1 }, '2026-01-01': { tokens: 348, cost: 1.75 } }
    for (const [since, total] of Object.entries(totals)) t.strictSame(view.total(since), total, 'its own spend is seen at once')
    t.strictSame(await usage.list('2026-01-02'), [
      { day: '2026-01-02', agentId: 'main', by: 'user:mehdi', input: 222, output: 10, calls: 2, cost: 0.75 },
      { day: '2026-01-03', agentId: 'main', by: 'heartbeat:x', input: 111, output: 5, calls: 1, cost: 1 },
    ])
    const after = await (await restart()).usage.cachedView('main')
    for (const [since, total] of Object.entries(totals)) t.strictSame(after.total(since), total)
  })

  scenario('halts stop one agent or all', async (t, { halts }, { restart }) => {
    t.equal(halts.cached.stopped.has('main'), false)
    await halts.halt('main', 'mehdi', 1)
    t.strictSame(
      [...['main', 'other'].map((id) => halts.cached.stopped.has(id)), halts.cached.isAllStopped],
      [true, false, false],
    )
    const after = (await restart()).halts
    t.strictSame(
      [...['main', 'other'].map((id) => after.cached.stopped.has(id)), after.cached.isAllStopped],
      [true, false, false],
    )
    await after.halt(undefined, 'mehdi', 2)
    t.equal(after.cached.stopped.has('other'), true)
    await after.resume('main')
    t.equal(after.cached.stopped.has('main'), true, 'everything is stopped still')
    await after.resume(undefined)
    t.strictSame(after.cached.list(), [])
  })

  scenario('codes let in and link, once and in time', async (t, { people }, { restart }) => {
    const code = (await people.openPairing('telegram:9', 'Zoé', 1000)) ?? ''
    t.equal(await people.openPairing('telegram:9', 'Zoé', 2000), code, 'the same while it is open')
    t.equal(await people.isPaired('telegram:9'), false)
    t.equal(await people.approvePairing(code, 'mehdi', 3000), 'telegram:9')
    t.equal(await people.approvePairing(code, 'mehdi', 3000), null)
    t.equal(await people.isPaired('telegram:9'), true)
    const link = await people.openLink('telegram:1', 1000)
    t.equal(await people.confirmLink(link, 'telegram:1', 1001), null, 'not with oneself')
    t.equal(await people.confirmLink(link, 'discord:5', 1000 + 10 * 60_000 + 1), null, 'too late')
    const again = await people.openLink('telegram:1', 5_000_000)
    t.equal(await people.linkOffer(again, 'telegram:1', 5_000_001), null, 'not to oneself')
    t.equal(await people.linkOffer(again, 'discord:5', 5_000_001), 'telegram:1', 'shown first')
    t.equal(await people.confirmLink(again, 'discord:5', 5_000_001), 'telegram:1')
    t.equal(await people.linkOffer(again, 'discord:5', 5_000_002), null, 'a code works once')
    const after = (await restart()).people
    t.equal((await after.links()).length, 1)
    t.equal(await after.isPaired('telegram:9'), true)
    t.strictSame(await after.pairings(), [{ identity: 'telegram:9', displayName: 'Zoé', by: 'mehdi', at: 3000 }])
    t.equal(await after.removePairing('telegram:9'), true)
    t.equal(await after.removePairing('telegram:9'), false)
    t.equal(await after.isPaired('telegram:9'), false)
    t.equal(await after.removeLinks('nobody:1'), 0)
    t.equal(await after.removeLinks('discord:5'), 1)
    t.strictSame(await after.links(), [])
  })

  scenario('only so many strangers of a channel wait for an owner', async (t, { people }) => {
    const codes: (string | null)[] = []
    for (let index = 0; index < MOST_OPEN_PAIRINGS; index++)
      codes.push(await people.openPairing(`http:${index}`, undefined, 1000))
    t.equal(new Set(codes).size, MOST_OPEN_PAIRINGS)
    t.equal(await people.openPairing('http:late', undefined, 1001), null)
    t.equal(await people.openPairing('http:7', undefined, 1001), codes[7], 'an open code is shown again')
    t.type(await people.openPairing('telegram:9', undefined, 1001), 'string', 'another channel has room of its own')
    t.equal(await people.approvePairing(codes[3] ?? '', 'mehdi', 1002), 'http:3')
    t.type(await people.openPairing('http:late', undefined, 1003), 'string', 'an answered one makes room')
  })

  scenario('small values and the log of admissions', async (t, { kv, admissions }, { restart }) => {
    t.equal(await kv.get('a'), null)
    await kv.set('a', '')
    t.equal(await kv.get('a'), '')
    await kv.delete('a')
    t.equal(await kv.get('a'), null)
    await kv.set('b', '42')
    await admissions.add('main', 'x', 5)
    await admissions.add('main', 'x', 5)
    await admissions.add('main', 'y', 6)
    await admissions.remove('main', 'x', 5)
    const after = await restart()
    const left = [
      { agentId: 'main', who: 'x', at: 5 },
      { agentId: 'main', who: 'y', at: 6 },
    ]
    t.strictSame(await after.admissions.since(1), left)
    t.strictSame(await after.admissions.since(5), left.slice(1))
    t.equal(await after.kv.get('b'), '42')
  })
}
