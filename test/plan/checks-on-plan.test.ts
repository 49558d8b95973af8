import { performance } from 'node:perf_hooks'
import t from 'tap'
import { checkPlan } from '../../src/plan/checks-on-plan.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { makePlan } from '../support/make-plan.ts'

const TOOLS = {
  tools: [
    { name: 'bash', traits: { runs: true } },
    { name: 'read_file', traits: {} },
  ],
} as const
const problems = async (plan: Plan): Promise<string[]> =>
  (await checkPlan(plan, TOOLS)).map(({ code, line, path, message }) => `${code} ${line} ${path} ${message}`)

t.test('a sound plan has none', async (t) => {
  t.same(await problems(makePlan({ agents: { main: { tools: ['read_file'] } }, rules: [{ agentId: 'main', prefix: '/x' }] })), [])
})

t.test('a rule that can never win, with the line of the one that takes its messages', async (t) => {
  const plan = makePlan({
    rules: [
      { agentId: 'main', channelId: ['http'] },
      { agentId: 'main', channelId: ['http'], userId: ['1'] },
    ],
  })
  const [problem] = await checkPlan(plan, TOOLS)
  t.match(problem, { code: 'CLAW307', severity: 'warning', line: 11, path: '/routing/rules/1', related: [{ line: 10 }] })
  t.match(problem?.message, /the rule on line 10 takes every message/)
  t.match(problem?.hint, /Move it above/)
  const higher = makePlan({
    rules: [
      { agentId: 'main', userId: ['1'] },
      { agentId: 'main', priority: 3 },
    ],
  })
  t.match((await checkPlan(higher, TOOLS))[0], { line: 10, hint: /Give it a higher priority, narrow/ })
  const two = makePlan({
    rules: [
      { agentId: 'main', userId: ['1'] },
      { agentId: 'main', userId: ['2'] },
      { agentId: 'main', userId: ['1', '2'] },
    ],
  })
  t.match((await problems(two))[0], /the rules on line 10, line 11 take/)
})

t.test('agents nothing reaches', async (t) => {
  const agents = { main: { subagents: ['helper'] }, helper: {}, timed: {}, lost: {}, shadow: {} }
  const rules = [{ agentId: 'main' }, { agentId: 'shadow', prefix: '/s' }]
  const plan = makePlan({ agents, rules, heartbeats: [{ name: 'h', agentId: 'timed' }] })
  t.same(
    (await checkPlan(plan, TOOLS)).filter(({ code }) => code === 'CLAW308').map(({ path }) => path),
    ['/agents/lost', '/agents/shadow'],
  )
  const off = makePlan({ agents: { main: {}, timed: {} }, heartbeats: [{ name: 'h', agentId: 'timed', enabled: false }] })
  t.match((await problems(off))[0], /^CLAW308 2 \/agents\/timed/)
})

t.test('nobody answers', async (t) => {
  t.match(await problems(makePlan({ defaultAgent: undefined, heartbeats: [{ name: 'h', agentId: 'main' }] })), [
    /^CLAW315 1 \/routing No agent answers any message/,
  ])
  const rules = [{ agentId: 'main', channelId: ['http'] }]
  t.match(await problems(makePlan({ defaultAgent: undefined, rules })), [
    /^CLAW315 3 \/channels\/webchat No agent answers on webchat/,
  ])
  t.same(await problems(makePlan({ defaultAgent: undefined, rules: [{ agentId: 'main', prefix: '/x' }] })), [])
})

t.test('a stranger reaches a dangerous tool: the path is named', async (t) => {
  const agents = { main: {}, ops: { tools: ['bash', 'read_file'] } }
  const rules = [{ agentId: 'ops', prefix: '/ops' }]
  t.match(await problems(makePlan({ agents, rules })), [
    /^CLAW402 3 \/channels\/http A stranger can reach bash \(runs\): http → the rule on line 10 → ops → bash \(also from webchat\)\.$/,
  ])
  t.match(
    await problems(makePlan({ agents, channels: { http: {} }, defaultAgent: 'ops', rules: [{ agentId: 'main', prefix: '/m' }] })),
    [/http → the default agent → ops → bash\.$/],
  )
  const closed = { telegram: { allowFrom: ['telegram:1'] } }
  t.same(await problems(makePlan({ agents, rules, channels: closed })), [])
  const bound = [{ agentId: 'ops', userId: ['1'] }]
  t.same(
    await problems(makePlan({ agents, rules: bound, channels: { telegram: {} }, owners: ['telegram:1'] })),
    [],
    'bound to the owner',
  )
})

t.test('patterns without a required text are noted', async (t) => {
  const plan = makePlan({
    rules: [
      { agentId: 'main', pattern: '\\d+' },
      { agentId: 'main', pattern: 'foo\\d+' },
    ],
  })
  t.match(await checkPlan(plan, TOOLS), [{ code: 'CLAW311', severity: 'note', line: 10, path: '/routing/rules/0/pattern' }])
})

t.test('10,000 rules take time in proportion', async (t) => {
  const many = (count: number): Plan =>
    makePlan({
      rules: Array.from({ length: count }, (_, at) =>
        at % 3 === 0
          ? { agentId: 'main', pattern: `word${at} [a-z]+` }
          : at % 3 === 1
            ? { agentId: 'main', prefix: `/p${at}` }
            : { agentId: 'main', channelId: ['http'], userId: [`u${at}`] },
      ),
    })
  const time = async (plan: Plan): Promise<number> => {
    const start = performance.now()
    t.same(await problems(plan), [])
    return performance.now() - start
  }
  await time(many(100))
  const [small, large] = [await time(many(1000)), await time(many(10_000))]
  t.comment(`1,000 rules ${small.toFixed(0)} ms, 10,000 rules ${large.toFixed(0)} ms`)
})
