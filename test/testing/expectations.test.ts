// Each kind of expectation: it holds where it should, and where it does not, the failure stands at its own line with what was
// expected and what was seen.

import t, { type Test } from 'tap'
import { runCli } from '../support/run-cli.ts'
import { testdir } from '../support/testdir.ts'

interface Failure {
  readonly message: string
  readonly file: string
  readonly line: number
  readonly column: number
}
interface Result {
  readonly name: string
  readonly ok: boolean
  readonly failures: readonly Failure[]
}

const SCRIPT = `replies:
  - match: ^remember (.+)
    tool_calls: [{ name: save_memory, input: { key: note, content: $1 } }]
  - tool: save_memory
    text: Noted.
  - match: ^(run|try) (.+)
    tool_calls: [{ name: bash, input: { command: $2 } }]
  - tool: bash
    text: "It said: $0"
  - match: Wish
    text: Good morning, Ada
default: "You said: $0"
`
const YAML = `
models: { demo: { provider: scripted, script: script.yaml } }
agents:
  main:
    soul: S
    tools: [bash, save_memory]
    sandbox: "off"
    permissions: { allow: ["git status"], deny: ["git push *"], approvers: [ada] }
  scout: { soul: S, permissions: { mode: record } }
identityLinks: { ada: ["http:ada", "telegram:1"] }
owners: [ada]
sessionScope: per-peer
channels: { http: { allowFrom: [ada, bob] }, telegram: { token: x, allowFrom: [ada] } }
routing: { defaultAgent: main, rules: [{ prefix: /scout, agentId: scout }] }
heartbeats:
  - { name: morning, schedule: "0 9 * * *", timezone: UTC, agent: main, prompt: Wish, deliverTo: "telegram:1" }
tests:
`

async function results(t: Test, tests: string): Promise<readonly Result[]> {
  const cwd = testdir(t, { 'openclaw.yaml': YAML + tests, 'script.yaml': SCRIPT })
  const { out, err } = await runCli(cwd, 'test', '--format', 'json')
  t.equal(err, '')
  return (JSON.parse(out) as { results: readonly Result[] }).results
}

/** The line in the file on which a text stands. */
const lineOf = (tests: string, text: string): number => `${YAML}${tests}`.split('\n').findIndex((line) => line.includes(text)) + 1

async function allHold(t: Test, tests: string): Promise<void> {
  for (const { name, failures } of await results(t, tests))
    t.same(
      failures.map(({ line, message }) => `${line}: ${message}`),
      [],
      name,
    )
}

t.test('what holds', async (t) => {
  await allHold(
    t,
    `
  - name: routing
    message: { channelId: http, userId: ada, content: "/scout  sushi" }
    expect: { agentId: scout, sessionKey: "agent:scout:ada", content: sushi, tools: [], notTools: [bash], mode: record, rule: 0, refused: false, duplicate: false, approval: false, ran: 0, toolCalls: [], deliveries: [] }
  - name: the default
    message: { channelId: http, userId: bob, content: hi }
    expect: { agentId: main, sessionKey: "agent:main:http:bob", tools: [bash, save_memory], mode: ask, rule: null, reply: [You, hi], notReply: [secret, Hi], replyPattern: "^You .* hi\\\\b", notToolCalls: [bash] }
  - name: refused
    message: { channelId: http, userId: eve, content: hi }
    expect: { agentId: null, refused: allowFrom, tools: [], reply: "" }
  - name: commands
    steps:
      - { command: { agentId: main, command: git status }, expect: { decision: run } }
      - { command: { agentId: main, command: rm x }, expect: { decision: ask } }
      - { command: { agentId: main, command: git push }, expect: { decision: refuse } }
      - { command: { agentId: main, command: "cat ../../.openclaw/exec-approvals.json" }, expect: { decision: refuse } }
      - { command: { agentId: scout, command: rm x }, expect: { decision: run } }
  - name: a conversation, with tools
    model: demo
    steps:
      - { message: { channelId: http, userId: ada, content: remember tea }, expect: { toolCalls: [save_memory], reply: Noted } }
      - { message: { channelId: http, userId: ada, content: hm }, expect: { toolCalls: [], reply: "You said: hm" } }
      - { message: { channelId: http, userId: ada, content: run git status }, expect: { toolCalls: [bash], reply: this one would have run, approval: false } }
      - { message: { channelId: http, userId: ada, content: run git push }, expect: { toolCalls: [bash], reply: denies it } }
  - name: a repeat runs once
    steps:
      - { message: { channelId: http, userId: ada, messageId: m1, content: hi }, expect: { duplicate: false, reply: hi } }
      - { message: { channelId: http, userId: ada, messageId: m1, content: hi }, expect: { duplicate: true } }
  - name: a reply to a platform is a delivery
    message: { channelId: telegram, userId: 1, content: hi }
    expect: { deliveries: [{ channelId: telegram, target: 1, content: [You, hi] }] }
  - name: a heartbeat by hand
    model: demo
    heartbeat: morning
    expect: { ran: 1, reply: Good morning, deliveries: [{ target: 1, content: Ada }] }
`,
  )
})

t.test('what does not hold is told at its line, with both sides', async (t) => {
  const tests = `
  - name: wrong
    message: { channelId: http, userId: ada, content: hello }
    expect:
      agentId: scout
      sessionKey: agent:main:bob
      content: bye
      tools: [web_fetch]
      notTools: [bash]
      mode: record
      rule: 0
      reply: Bye
      notReply: hello
      replyPattern: "^Bye"
      refused: true
      toolCalls: [bash]
      deliveries: [{ channelId: http }]
      duplicate: true
      approval: true
      ran: 2
  - name: there is something after all
    message: { channelId: http, userId: ada, content: hello }
    expect:
      tools: []
      reply: ""
  - name: second step
    model: demo
    steps:
      - { message: { channelId: http, userId: ada, content: remember x } }
      - name: that it is gone
        message: { channelId: http, userId: ada, content: remember y }
        expect: { notToolCalls: [save_memory] }
  - name: command
    command: { agentId: main, command: rm x }
    expect:
      decision: run
  - name: not refused for that
    message: { channelId: http, userId: eve, content: hi }
    expect:
      refused: limit
      sessionKey: agent:main:eve
`
  const [wrong, something, second, command, refused] = await results(t, tests)
  const told = Object.fromEntries((wrong?.failures ?? []).map((one) => [one.message.split(':')[0], one]))
  const expected: readonly (readonly [key: string, message: string])[] = [
    ['agentId', 'agentId: expected "scout", saw "main"'],
    ['sessionKey', 'sessionKey: expected "agent:main:bob", saw "agent:main:ada"'],
    ['content', 'content: expected "bye", saw "hello"'],
    ['tools', 'tools: expected ["web_fetch"], saw ["bash","save_memory"]'],
    ['notTools', 'notTools: expected ["bash"], saw ["bash","save_memory"]'],
    ['mode', 'mode: expected "record", saw "ask"'],
    ['rule', 'rule: expected 0, saw null'],
    ['refused', 'refused: expected true, saw false'],
    ['toolCalls', 'toolCalls: expected ["bash"], saw []'],
    ['deliveries', 'deliveries: expected [{"channelId":"http"}], saw []'],
    ['duplicate', 'duplicate: expected true, saw false'],
    ['approval', 'approval: expected true, saw false'],
    ['ran', 'ran: expected 2, saw 0'],
  ]
  for (const [key, message] of expected)
    t.match(told[key], { message, file: 'openclaw.yaml', line: lineOf(tests, `      ${key}: `), column: 7 }, key)
  for (const key of ['reply', 'notReply', 'replyPattern'])
    t.match(told[key], { message: /expected "\^?(Bye|hello)", saw "You said: hello/, line: lineOf(tests, `      ${key}: `) }, key)
  t.equal(Object.keys(told).length, 16, 'all of them at once')
  t.match(something?.failures, [{ message: /^tools: expected \[\], saw \["bash"/ }, { message: /^reply: expected "", saw "You/ }])
  t.match(second?.failures, [
    {
      message: 'that it is gone: notToolCalls: expected ["save_memory"], saw ["save_memory"]',
      line: lineOf(tests, 'notToolCalls'),
    },
  ])
  t.match(command?.failures, [{ message: 'decision: expected "run", saw "ask"', line: lineOf(tests, 'decision: run') }])
  t.match(refused?.failures, [
    { message: 'sessionKey: expected "agent:main:eve", saw null' },
    { message: /^refused: expected "limit", saw ".*allowFrom/, line: lineOf(tests, 'refused: limit') },
  ])
})

t.test('what a test cannot have is a failure of that test alone', async (t) => {
  const tests = `
  - { name: no such model, model: main, command: { agentId: main, command: ls } }
  - { name: no such time, at: yesterday at noon, command: { agentId: main, command: ls } }
  - { name: no step }
  - { name: nothing to answer, approve: once, expect: { toolCalls: [] } }
  - { name: fine, command: { agentId: main, command: ls }, expect: { decision: run } }
`
  const [model, time, empty, answer, fine] = await results(t, tests)
  t.match(model?.failures, [{ message: /"main" is not a scripted model/, line: lineOf(tests, 'no such model') }])
  t.match(time?.failures, [{ message: /"yesterday at noon" is not a time/, line: lineOf(tests, 'no such time') }])
  t.match(empty?.failures, [{ message: /nothing is tested/, line: lineOf(tests, 'no step') }])
  t.match(answer?.failures, [{ message: 'approve: no approval is open', line: lineOf(tests, 'nothing to answer') }])
  t.equal(fine?.ok, true)
})

t.test('approvals: asked, answered, answered late', async (t) => {
  await allHold(
    t,
    `
  - name: once
    model: demo
    steps:
      - { message: { channelId: http, userId: bob, content: run make }, expect: { approval: true, toolCalls: [bash], reply: "" } }
      - { approve: once, expect: { reply: this one would have run } }
      - { message: { channelId: http, userId: bob, content: run make }, expect: { approval: true } }
      - { approve: deny, expect: { reply: denied } }
  - name: always is remembered
    model: demo
    steps:
      - { message: { channelId: http, userId: bob, content: run make all } }
      - { approve: always, expect: { reply: this one would have run } }
      - { message: { channelId: http, userId: bob, content: try make all }, expect: { approval: false, reply: this one would have run } }
      - { command: { agentId: main, command: make all }, expect: { decision: run } }
      - { command: { agentId: main, command: make none }, expect: { decision: ask } }
  - name: after approvalWait the chat goes on, and the result comes later
    model: demo
    steps:
      - { message: { channelId: http, userId: bob, content: run make } }
      - { advance: 61s, expect: { reply: is pending } }
      - { message: { channelId: http, userId: bob, content: hm }, expect: { reply: "You said: hm" } }
      - { approve: once, expect: { reply: this one would have run } }
  - name: no answer is a refusal
    model: demo
    steps:
      - { message: { channelId: http, userId: bob, content: run make } }
      - { advance: 11m }
      - { approve: once, expect: { reply: "No approval is open." } }
`,
  )
})

t.test('files, notes and sub-agents live as long as their test', async (t) => {
  const script = `replies:
  - match: ^write (\\S+)
    tool_calls: [{ name: write_file, input: { path: $1, content: some text } }]
  - match: ^read (\\S+)
    tool_calls: [{ name: read_file, input: { path: $1 } }]
  - match: ^keep
    tool_calls: [{ name: save_memory, input: { key: tea, content: green tea } }]
  - match: ^look
    tool_calls: [{ name: memory_search, input: { query: tea } }]
  - match: ^delegate (.+)
    tool_calls: [{ name: sessions_spawn, input: { agent: scout, prompt: $1 } }]
  - tool: "*"
    text: "$0"
default: "Heard: $0"
`
  const yaml = `
models: { demo: { provider: scripted, script: script.yaml } }
agents:
  main: { soul: S, tools: ["*_file", "*_memory", "memory_*", sessions_spawn], subagents: [scout], permissions: { allow: [sessions_spawn] } }
  scout: { soul: S }
routing: { defaultAgent: main }
channels: { http: { allowFrom: [u] } }
tests:
  - name: one
    model: demo
    steps:
      - { message: { channelId: http, userId: u, content: write a/b.txt }, expect: { toolCalls: [write_file] } }
      - { message: { channelId: http, userId: u, content: read a/b.txt }, expect: { reply: some text } }
      - { message: { channelId: http, userId: u, content: read ../../x }, expect: { reply: outside the workspace } }
      - { message: { channelId: http, userId: u, content: keep }, expect: { toolCalls: [save_memory] } }
      - { message: { channelId: http, userId: u, content: look }, expect: { reply: green tea } }
      - { message: { channelId: http, userId: u, content: delegate this and that }, expect: { reply: "Heard: this and that", toolCalls: [sessions_spawn] } }
  - name: another
    model: demo
    steps:
      - { message: { channelId: http, userId: u, content: read a/b.txt }, expect: { reply: There is no file } }
      - { message: { channelId: http, userId: u, content: look }, expect: { notReply: green tea } }
`
  const { code, out } = await runCli(testdir(t, { 'openclaw.yaml': yaml, 'script.yaml': script }), 'test')
  t.equal(code, 0, out)
})

t.test('a scripted agent speaks by its own script, another by its scripted offline model, the rest repeat', async (t) => {
  const yaml = `
models:
  calm: { provider: scripted, script: calm.yaml }
  broken: { provider: scripted, script: broken.yaml }
  anthropic: { provider: anthropic, prices: { claude-sonnet-5-5: { input: 1000, output: 1000 } } }
agents:
  own: { soul: S, model: calm }
  falls: { soul: S, model: broken, fallbacks: [claude-haiku-5-5, calm] }
  away: { soul: S, model: claude-sonnet-5-5, offline: calm, rateLimit: { maxCostPerDay: 0.01 } }
  real: { soul: S, model: claude-sonnet-5-5 }
routing: { defaultAgent: own, rules: [{ prefix: /f, agentId: falls }, { prefix: /a, agentId: away }, { prefix: /r, agentId: real }] }
channels: { http: { allowFrom: [u] } }
tests:
  - { name: own, message: { channelId: http, userId: u, content: hi }, expect: { reply: "Calmly: hi" } }
  - { name: falls, message: { channelId: http, userId: u, content: /f hi }, expect: { reply: "Calmly: hi" } }
  - name: away, at the price of its own model
    steps:
      - { message: { channelId: http, userId: u, content: /a hi }, expect: { reply: "Calmly: hi" } }
      - { message: { channelId: http, userId: u, content: /a hi }, expect: { reply: budget for today } }
  - { name: real, message: { channelId: http, userId: u, content: /r hi }, expect: { reply: "You said: hi" } }
  - { name: named, model: broken, message: { channelId: http, userId: u, content: hi }, expect: { notReply: Calmly } }
`
  const files = {
    'openclaw.yaml': yaml,
    'calm.yaml': 'default: "Calmly: $0"\n',
    'broken.yaml': 'replies: [{ error: { kind: overloaded } }]\n',
  }
  const { code, out, err } = await runCli(testdir(t, files), 'test')
  t.equal(code, 0, out + err)
})

t.test('a step shows whose turn it was, whatever set it off', async (t) => {
  await allHold(
    t,
    `
  - name: a heartbeat by hand
    heartbeat: morning
    expect: { agentId: main, sessionKey: "cron:morning", content: Wish, tools: [bash], notTools: [write_file], mode: ask, refused: false }
  - name: a heartbeat on the clock
    at: "2026-01-05T08:59:00Z"
    advance: 1m
    expect: { agentId: main, sessionKey: "cron:morning", tools: [bash], mode: ask, ran: 1 }
  - name: a command
    command: { agentId: scout, command: make }
    expect: { agentId: scout, tools: [], notTools: [bash], mode: record, decision: run }
`,
  )
  const [heartbeat, command, nothing] = await results(
    t,
    `
  - { name: a, heartbeat: morning, expect: { agentId: null, tools: [], notTools: [bash] } }
  - { name: b, command: { agentId: main, command: make }, expect: { agentId: null, tools: [], notTools: [bash] } }
  - { name: c, advance: 1s, expect: { tools: [], notTools: [bash] } }
`,
  )
  t.equal(heartbeat?.failures.length, 3)
  t.equal(command?.failures.length, 3)
  t.match(nothing?.failures, [
    { message: 'tools: expected [], saw nothing' },
    { message: 'notTools: expected ["bash"], saw nothing' },
  ])
})

t.test('what a platform is told of a refusal or a command is a delivery; on http it is the answer', async (t) => {
  const yaml = `
agents: { main: { soul: S, rateLimit: { maxMessagesPerHour: 1 } } }
channels: { http: {}, telegram: { token: x } }
tests:
  - name: told once
    steps:
      - { message: { channelId: telegram, userId: 1, content: hi } }
      - { message: { channelId: telegram, userId: 1, content: hi }, expect: { refused: true, deliveries: [{ channelId: telegram, target: 1, content: limit }] } }
      - { message: { channelId: telegram, userId: 1, content: hi }, expect: { refused: true, deliveries: [] } }
      - { message: { channelId: telegram, userId: 1, groupId: -5, content: /help }, expect: { refused: false, deliveries: [{ target: -5, content: /stop }] } }
      - { message: { channelId: http, userId: 1, content: hi }, expect: { refused: true, reply: limit, deliveries: [] } }
`
  const { code, out } = await runCli(testdir(t, { 'openclaw.yaml': yaml }), 'test')
  t.equal(code, 0, out)
})

t.test('a heartbeat that asks does not hold the test up', { timeout: 20_000 }, async (t) => {
  const cwd = testdir(t, {
    'openclaw.yaml': `${YAML.replace('prompt: Wish', 'prompt: run make')}
  - name: it asks, and is answered
    model: demo
    steps:
      - { heartbeat: morning, expect: { approval: true, ran: 0 } }
      - { approve: once, expect: { ran: 1, deliveries: [{ channelId: telegram, target: 1, content: this one would have run }] } }
`,
    'script.yaml': SCRIPT,
  })
  const { code, out } = await runCli(cwd, 'test')
  t.equal(code, 0, out)
})
