// Time in a test is simulated: what waits for it happens in order, at once, and the same on every run.

import t, { type Test } from 'tap'
import { createSimulatedClock } from '../../src/testing/clock.ts'
import { runCli } from '../support/run-cli.ts'
import { testdir } from '../support/testdir.ts'

const SCRIPT = `replies:
  - match: ^night
    text: HEARTBEAT_OK
  - match: ^morning
    text: Good morning
  - match: ^everything
    text: A long answer.
    usage: { input: 600, output: 600 }
  - match: ^slowly
    delayMs: 30000
    text: Done at last.
default: "You said: $0"
`

async function passes(t: Test, yaml: string): Promise<void> {
  const cwd = testdir(t, { 'openclaw.yaml': yaml, 'script.yaml': SCRIPT })
  const { code, out, err } = await runCli(cwd, 'test')
  t.equal(code, 0, out + err)
}

t.test('timers run in the order they are due, and see the time they were due at', async (t) => {
  const seen: string[] = []
  const clock = createSimulatedClock(1000, async () => {})
  const note = (name: string) => () => void seen.push(`${name} ${clock.now()}`)
  clock.after(20, note('late'))
  clock.after(10, () => {
    note('early')()
    clock.after(5, note('set on the way'))
  })
  clock.after(10, note('same time, set later'))
  clock.after(15, note('never'))()
  clock.after(100, note('not yet'))
  await clock.advance(50)
  t.same(seen, ['early 1010', 'same time, set later 1010', 'set on the way 1015', 'late 1020'])
  t.equal(clock.now(), 1050)
  await clock.advance(50)
  t.equal(seen.at(-1), 'not yet 1100')
})

t.test('limits of messages refill as the hour rolls on', async (t) => {
  await passes(
    t,
    `
agents: { main: { soul: S, rateLimit: { maxMessagesPerHour: 3, maxMessagesPerUser: 2 } } }
identityLinks: { ada: ["http:ada", "webchat:a"] }
channels: { http: {}, webchat: {} }
tests:
  - name: by person, whatever way they come; and together
    steps:
      - { message: { channelId: http, userId: ada, content: one }, expect: { refused: false } }
      - { advance: 30m }
      - { message: { channelId: webchat, userId: a, content: two }, expect: { refused: false } }
      - { message: { channelId: http, userId: ada, content: three }, expect: { refused: maxMessagesPerUser, agentId: null } }
      - { message: { channelId: http, userId: bob, content: one }, expect: { refused: false } }
      - { message: { channelId: http, userId: eve, content: one }, expect: { refused: maxMessagesPerHour, reply: try again in 30 minutes } }
      - { advance: 29m, expect: { ran: 0 } }
      - { message: { channelId: http, userId: ada, content: three }, expect: { refused: true } }
      - { advance: 2m }
      - { message: { channelId: http, userId: ada, content: three }, expect: { refused: false } }
      - { message: { channelId: http, userId: ada, content: four }, expect: { refused: true } }
`,
  )
})

t.test('limits of tokens and money: what was spent counts until the day or month ends', async (t) => {
  await passes(
    t,
    `
models:
  demo: { provider: scripted, script: script.yaml }
  anthropic: { provider: anthropic, prices: { claude-sonnet-5-5: { input: 1000, output: 9000 } } }
agents:
  tokens: { soul: S, rateLimit: { maxTokensPerDay: 1000 } }
  day: { soul: S, model: claude-sonnet-5-5, rateLimit: { maxCostPerDay: 5 } }
  month: { soul: S, model: claude-sonnet-5-5, rateLimit: { maxCostPerMonth: 5 } }
routing: { rules: [{ prefix: /t, agentId: tokens }, { prefix: /d, agentId: day }, { prefix: /m, agentId: month }] }
channels: { http: {} }
tests:
  - name: tokens
    model: demo
    at: "2026-01-31T20:00:00Z"
    steps:
      - { message: { channelId: http, userId: u, content: /t everything }, expect: { reply: long } }
      - { message: { channelId: http, userId: u, content: /t hi }, expect: { refused: false, reply: tokens for today } }
      - { message: { channelId: http, userId: u, content: /d everything }, expect: { reply: long } }
      - { message: { channelId: http, userId: u, content: /d hi }, expect: { reply: budget for today } }
      - { message: { channelId: http, userId: u, content: /m everything }, expect: { reply: long } }
      - { message: { channelId: http, userId: u, content: /m hi }, expect: { reply: budget for this month } }
      - { advance: 3h }
      - { message: { channelId: http, userId: u, content: /t hi }, expect: { reply: tokens for today } }
      - { advance: 1h }
      - { message: { channelId: http, userId: u, content: /t hi }, expect: { reply: "You said: hi" } }
      - { message: { channelId: http, userId: u, content: /d hi }, expect: { reply: "You said: hi" } }
      - { message: { channelId: http, userId: u, content: /m hi }, expect: { reply: "You said: hi" } }
`,
  )
})

t.test('heartbeats fire when they are due, by their own time zone, over a change of summer time', async (t) => {
  await passes(
    t,
    `
models: { demo: { provider: scripted, script: script.yaml } }
agents: { main: { soul: S } }
channels: { http: {}, telegram: { token: x } }
heartbeats:
  - { name: morning, schedule: "30 7 * * *", timezone: Europe/Paris, agent: main, prompt: morning, deliverTo: "telegram:1" }
  - { name: night, schedule: "0 */6 * * *", timezone: UTC, agent: main, prompt: night, deliverTo: "telegram:1" }
  - { name: off, schedule: "* * * * *", agent: main, prompt: morning, enabled: false }
tests:
  - name: on the day the clocks go forward
    model: demo
    at: "2026-03-28T06:29:00Z"
    steps:
      - { advance: 59s, expect: { ran: 0 } }
      - { advance: 2s, expect: { ran: 1, deliveries: [{ channelId: telegram, target: 1, content: Good morning }] } }
      - { advance: 22h, expect: { ran: 3, deliveries: [] } }
      - { advance: 1h, expect: { ran: 1, deliveries: [{ content: Good morning }] } } # half past five UTC now
      - { advance: 24h, expect: { ran: 5, deliveries: [{ content: Good morning }] } }
  - name: one by hand, silent
    model: demo
    heartbeat: night
    expect: { ran: 1, deliveries: [] }
  - name: three days of them
    model: demo
    advance: 3d
    expect: { ran: 15 }
`,
  )
})

t.test('a model that takes its time answers when the clock says so', async (t) => {
  await passes(
    t,
    `
models: { demo: { provider: scripted, script: script.yaml } }
agents: { main: { soul: S, queue: { debounce: 2s } } }
tests:
  - name: slow
    model: demo
    steps:
      - { message: { channelId: http, userId: u, content: slowly }, expect: { refused: false, reply: "" } }
      - { advance: 29s, expect: { reply: "" } }
      - { advance: 2s, expect: { reply: Done at last. } }
`,
  )
})
