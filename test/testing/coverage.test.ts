// What counts as tested, and where that which is not stands.

import t, { type Test } from 'tap'
import { COVERAGE_KINDS, type Coverage } from '../../src/testing/coverage.ts'
import { runCli } from '../support/run-cli.ts'
import { testdir } from '../support/testdir.ts'

async function coverageOf(t: Test, files: Readonly<Record<string, string>>): Promise<Coverage> {
  const { code, out, err } = await runCli(testdir(t, files), 'test', '--coverage', '--format', 'json')
  t.equal(code, 0, out + err)
  return (JSON.parse(out) as { coverage: Coverage }).coverage
}
const missing = (coverage: Coverage, kind: keyof Coverage): readonly string[] =>
  coverage[kind].missing.map(({ id, file, line }) => `${file}:${line} ${id}`)

const YAML = `include: [more.yaml]
defaults:
  permissions:
    allow: ["make *"]
    deny:
      - rm *
  rateLimit: { maxCostPerDay: 5 }
agents:
  main:
    soul: S
    rateLimit:
      maxMessagesPerHour: 2
      maxTokensPerDay: 1000
    permissions:
      allow:
        - git status
        - npm test
        - web_search
  idle: { soul: S }
routing:
  defaultAgent: main
  rules:
    - { prefix: /a, agentId: main }
    - { prefix: /b, agentId: idle }
channels: { http: {} }
`
const MORE = `routing:
  rules:
    - { prefix: /c, agentId: helper }
agents:
  helper: { soul: S, rateLimit: { maxMessagesPerUser: 1 } }
heartbeats:
  - { name: tick, schedule: "0 9 * * *", timezone: UTC, agent: helper, prompt: hi }
  - { name: off, schedule: "0 9 * * *", timezone: UTC, agent: helper, prompt: hi, enabled: false }
`
/** Without the heartbeats' owners: nothing but one command is tested. */
const UNTESTED = 'tests: [{ name: one, command: { agentId: idle, command: ls } }]\n'

t.test('what no test touches stands at its own line, in its own file', async (t) => {
  const coverage = await coverageOf(t, { 'openclaw.yaml': YAML + UNTESTED, 'more.yaml': MORE })
  t.same(missing(coverage, 'rules'), ['openclaw.yaml:23 0', 'openclaw.yaml:24 1', 'more.yaml:3 2'])
  t.same(missing(coverage, 'agents'), ['openclaw.yaml:9 main', 'openclaw.yaml:19 idle', 'more.yaml:5 helper'])
  t.same(missing(coverage, 'limits'), [
    'openclaw.yaml:7 main.maxCostPerDay',
    'openclaw.yaml:12 main.maxMessagesPerHour',
    'openclaw.yaml:13 main.maxTokensPerDay',
    'openclaw.yaml:7 idle.maxCostPerDay',
    'openclaw.yaml:7 helper.maxCostPerDay',
    'more.yaml:5 helper.maxMessagesPerUser',
  ])
  t.same(missing(coverage, 'grants'), [
    'openclaw.yaml:16 main allow git status',
    'openclaw.yaml:17 main allow npm test',
    'openclaw.yaml:18 main allow web_search',
    'openclaw.yaml:6 main deny rm *',
    'openclaw.yaml:4 idle allow make *',
    'openclaw.yaml:6 idle deny rm *',
    'openclaw.yaml:4 helper allow make *',
    'openclaw.yaml:6 helper deny rm *',
  ])
  t.same(missing(coverage, 'heartbeats'), ['more.yaml:7 tick'], 'one that is switched off need not be tested')
  for (const kind of COVERAGE_KINDS) t.equal(coverage[kind].touched, 0, kind)
})

const SCRIPT = `replies:
  - match: ^look up
    tool_calls: [{ name: web_search, input: { query: x } }]
  - match: ^clean
    tool_calls: [{ name: bash, input: { command: "ls && rm -r x" } }]
  - match: ^ask the helper
    tool_calls: [{ name: sessions_spawn, input: { agent: helper, prompt: everything } }]
  - match: ^everything
    text: long
    usage: { output: 2000 }
default: "You said: $0"
`
const GRANTED = `
models: { demo: { provider: scripted, script: script.yaml } }
search: { provider: searxng, baseURL: "http://127.0.0.1:1" }
agents:
  main: { soul: S, tools: [web_search, bash, sessions_spawn], subagents: [helper], permissions: { allow: [tool:web_search, git *, tool:sessions_spawn], deny: [rm *] } }
  helper: { soul: S, rateLimit: { maxTokensPerDay: 1000 } }
routing: { defaultAgent: main, rules: [{ prefix: /a, agentId: main }, { prefix: /b, agentId: helper }] }
channels: { http: { allowFrom: [u] } }
tests:
`

t.test('a grant is touched by a call it would decide alone, from a command or from a turn', async (t) => {
  const coverage = await coverageOf(t, {
    'openclaw.yaml': `${GRANTED}
  - { name: looking up, model: demo, message: { channelId: http, userId: u, content: look up x } }
  - { name: cleaning, model: demo, message: { channelId: http, userId: u, content: clean } }
  - { name: git, command: { agentId: main, command: "ls; git log" } }
`,
    'script.yaml': SCRIPT,
  })
  t.same(missing(coverage, 'grants'), ['openclaw.yaml:5 main allow tool:sessions_spawn'])
})

t.test('a sub-agent is touched by the turn it has, and its limit when it is reached', async (t) => {
  const coverage = await coverageOf(t, {
    'openclaw.yaml': `${GRANTED}
  - name: asking the helper until it has spent what it may
    model: demo
    steps:
      - { message: { channelId: http, userId: u, content: ask the helper } }
      - { message: { channelId: http, userId: u, content: ask the helper } }
`,
    'script.yaml': SCRIPT,
  })
  t.same(missing(coverage, 'agents'), [])
  t.same(missing(coverage, 'limits'), [])
  t.same(missing(coverage, 'rules'), ['openclaw.yaml:7 0', 'openclaw.yaml:7 1'], 'no rule led there')
})

t.test('a rule counts when it wins a message that is let in', async (t) => {
  const coverage = await coverageOf(t, {
    'openclaw.yaml': `${GRANTED}
  - { name: let in, message: { channelId: http, userId: u, content: /a hi } }
  - { name: not let in, message: { channelId: http, userId: stranger, content: /b hi }, expect: { refused: true } }
`,
    'script.yaml': SCRIPT,
  })
  t.same(missing(coverage, 'rules'), ['openclaw.yaml:7 1'])
  t.same(missing(coverage, 'agents'), ['openclaw.yaml:6 helper'])
})
