import t from 'tap'
import { accessOf } from '../../src/plan/access.ts'
import { checkExpectations, readExpectations } from '../../src/plan/access-expectations.ts'
import { type FlowRow, flowsOf } from '../../src/plan/flows.ts'
import { widenedRights } from '../../src/plan/widened.ts'
import { builtinTools } from '../../src/tools/registry.ts'
import { makePlan } from '../support/make-plan.ts'

type Agents = NonNullable<NonNullable<Parameters<typeof makePlan>[0]>['agents']>

function flows(agents: Agents): readonly FlowRow[] {
  const plan = makePlan({ agents, channels: { http: {} } })
  return flowsOf(plan, accessOf(plan, { tools: builtinTools }), builtinTools)
}

const verdicts = (rows: readonly FlowRow[]): readonly string[] => [...new Set(rows.map(({ verdict }) => verdict))]
const PERMISSIONS = {
  mode: 'ask',
  allow: [],
  deny: [],
  approvers: [],
  timeoutMs: 1,
  approvalWaitMs: 1,
  askInSandbox: 'always',
  flow: 'ask',
} as const

t.test('a row for each agent, sender, channel and door, with the tools of each leg', (t) => {
  const rows = flows({ main: { tools: ['web_fetch', 'read_file', 'web_search'] } })
  const main = rows.filter(({ agentId }) => agentId === 'main')
  t.ok(main.length > 2)
  t.same(new Set(main.map(({ door }) => door)), new Set(['/chat', '/v1', 'socket']))
  t.match(main[0], {
    outside: ['read_file', 'web_fetch', 'web_search'],
    private: ['read_file'],
    sends: ['web_fetch', 'web_search'],
    verdict: 'guarded',
    why: /web_fetch can send it; a person is asked before/,
  })
  t.equal(new Set(main.map((row) => JSON.stringify([row.senderClass, row.channel, row.door]))).size, main.length)
  t.end()
})

t.test('closed where a leg is missing, open where the owner allows it', (t) => {
  t.same(verdicts(flows({ main: { tools: ['web_fetch'] } })), ['closed'], 'no private data')
  t.same(verdicts(flows({ main: { tools: ['read_file', 'memory_search'] } })), ['closed'], 'no way out')
  t.same(verdicts(flows({ main: { tools: ['read_file', 'web_search'] } })), ['closed'], 'the receiver is the owner’s')
  const all = { tools: ['read_file', 'web_fetch'] }
  t.same(verdicts(flows({ main: { ...all, permissions: { ...PERMISSIONS, flow: 'allow' } } })), ['open'])
  t.same(verdicts(flows({ main: { ...all, permissions: { ...PERMISSIONS, flow: 'refuse' } } })), ['closed'])
  t.same(verdicts(flows({ main: { ...all, permissions: { ...PERMISSIONS, mode: 'record' } } })), ['closed'], 'ask refuses')
  t.end()
})

t.test('the legs of agents it starts are its own', (t) => {
  const rows = flows({
    main: { tools: ['web_fetch', 'read_file', 'sessions_spawn'], subagents: ['helper'] },
    helper: { tools: ['memory_search', 'web_fetch'] },
  })
  const main = rows.find(({ agentId }) => agentId === 'main')
  t.same(main?.private, ['memory_search', 'read_file'])
  t.end()
})

t.test('a shell is a way out, but for a sandbox that must work and has no network', (t) => {
  t.same(verdicts(flows({ main: { tools: ['bash'] } })), ['guarded'])
  t.same(verdicts(flows({ main: { tools: ['bash'], sandbox: 'required', network: [] } })), ['closed'])
  t.end()
})

t.test('a looser setting is a wider right, a stricter one is none', (t) => {
  const plan = (flow: 'ask' | 'refuse' | 'allow') => makePlan({ agents: { main: { permissions: { ...PERMISSIONS, flow } } } })
  const widened = (from: 'ask' | 'refuse' | 'allow', to: 'ask' | 'refuse' | 'allow') =>
    widenedRights(plan(from), plan(to)).map(({ what }) => what)
  t.same(widened('ask', 'allow'), ['flow ask → allow'])
  t.same(widened('refuse', 'ask'), ['flow refuse → ask'])
  t.same(widened('allow', 'refuse'), [])
  t.end()
})

t.test('written expectations hold flows', (t) => {
  const rows = flows({ main: { tools: ['web_fetch', 'read_file'] } })
  const check = (verdict: string) => {
    const document = { flows: [{ agentId: 'main', senderClass: 'owner', expect: { verdict } }] }
    return checkExpectations(readExpectations(document, { flows: Object.keys(rows[0] ?? {}) }), { flows: rows })
  }
  t.match(check('guarded'), [{ ok: true }])
  t.match(check('closed'), [{ ok: false }])
  t.end()
})
