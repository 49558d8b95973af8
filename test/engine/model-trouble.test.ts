import t, { type Test } from 'tap'
import { createFakeTelegram } from '../../src/channels/telegram/fake/server.ts'
import { type Logger, silentLogger } from '../../src/ports.ts'
import { type Bot, type BotOptions, HEAD, startBot } from '../support/bot.ts'
import type { FakeReply, Fault } from '../support/fake-messages-api.ts'

const bot = async (t: Test, yaml: string, options: BotOptions = {}): Promise<Bot> => {
  const started = await startBot(yaml, options)
  t.teardown(() => started.stop())
  return started
}
const until = async (what: () => boolean): Promise<void> => {
  for (let i = 0; i < 1000 && !what(); i++) await new Promise((resolve) => setTimeout(resolve, 5))
}
const PATIENT = HEAD.replace('maxRetries: 0', 'maxRetries: 2')
const ONE = 'agents: { main: { soul: S } }'

t.test('a busy service is waited for as long as it asks, and the chat does not notice', async (t) => {
  for (const status of [429, 529] as const) {
    const b = await bot(t, PATIENT + ONE, {
      api: { reply: (_, i) => (i === 0 ? { fault: { status, retryAfter: 0.2 } } : 'here I am') },
    })
    t.equal((await b.chat('u', 'hello')).body.response, 'here I am')
    const [first, second] = b.api.requests
    t.equal(b.api.requests.length, 2)
    t.ok((second?.at ?? 0) - (first?.at ?? 0) >= 200, 'not before its time')
    t.same((await b.claw.engine.status()).models, [{ id: 'api/claude-test', state: 'ok' }])
  }
})

t.test('a stream cut in the middle starts over: the half is taken back, the whole stands', async (t) => {
  const b = await bot(t, PATIENT + ONE, {
    api: {
      reply: (_, i): FakeReply =>
        i === 0 ? { text: 'half of an answer that breaks off', fault: { cut: true, after: 1 } } : { text: 'whole' },
    },
  })
  t.equal((await b.chat('u', 'hello')).body.response, 'whole')
  const chunks = b.events.flatMap((event) => (event.type === 'chunk' ? [event] : []))
  const restart = chunks.findIndex((chunk) => chunk.restart === true)
  t.ok(restart > 0, 'listeners are told that what they have is void')
  t.equal(
    chunks
      .slice(restart)
      .map((chunk) => chunk.text)
      .join(''),
    'whole',
  )
  const lines = await b.transcript('main', 'agent:main:http:u')
  t.same(
    lines.map(({ role }) => role),
    ['user', 'assistant'],
  )
})

t.test('an empty answer is asked for once more, then said to be one', async (t) => {
  const once = await bot(t, HEAD + ONE, { api: { reply: (_, i) => (i === 0 ? { text: '' } : 'second thoughts') } })
  t.equal((await once.chat('u', 'hello')).body.response, 'second thoughts')
  const always = await bot(t, HEAD + ONE, { api: { reply: () => ({ text: '' }) } })
  t.match((await always.chat('u', 'hello')).body.response, /have no answer/)
  t.equal(always.api.requests.length, 2)
  always.api.setReply(() => 'better')
  t.equal((await always.chat('u', 'again')).body.response, 'better', 'the conversation is still valid')
})

t.test('fallbacks in order; what failed on its key or was retired rests, and status says so', async (t) => {
  const faults: Record<string, Fault> = {
    first: { status: 401 },
    second: { status: 404, message: 'model: second' },
    third: { status: 529 },
  }
  const b = await bot(
    t,
    `${HEAD}agents: { main: { soul: S, model: api/first, fallbacks: [api/second, api/third, api/fourth] } }`,
    { api: { reply: ({ model }) => (faults[model] === undefined ? `from ${model}` : { fault: faults[model] }) } },
  )
  t.equal((await b.chat('u', 'one')).body.response, 'from fourth')
  t.same(
    b.api.requests.map(({ body }) => body.model),
    ['first', 'second', 'third', 'fourth'],
  )
  t.equal((await b.chat('u', 'two')).body.response, 'from fourth')
  t.equal(b.api.requests.length, 5, 'those that rest are not asked')
  const { models } = await b.claw.engine.status()
  t.match(models, [
    { id: 'api/first', state: 'cooling', until: String, detail: /^credentials: / },
    { id: 'api/second', state: 'cooling', detail: /^no_model: / },
    { id: 'api/third', state: 'cooling', detail: /^overloaded: / },
    { id: 'api/fourth', state: 'ok' },
  ])
  const rest = (i: number): number => Date.parse(models[i]?.until ?? '') - Date.now()
  t.ok(rest(0) > 30_000 && rest(1) > 30_000 && rest(2) < 20_000)
})

t.test('a retired model without another one: a plain sentence', async (t) => {
  const logged: Record<string, unknown>[] = []
  const log: Logger = { ...silentLogger, error: (fields) => void logged.push(fields as Record<string, unknown>) }
  const b = await bot(t, HEAD + ONE, {
    log,
    api: { reply: (q) => (q.model === 'new' ? 'hi' : { fault: { status: 404, message: 'model: claude-test' } }) },
  })
  const names = /api\/claude-test is no longer offered.*agents\.main\.model, or under defaults\.model/
  t.match((await b.chat('u', 'hello')).body.response, names)
  t.match(logged, [{ agent: 'main', model: 'api/claude-test', kind: 'no_model', hint: /agents\.main\.model/ }])
  const models = async () => (await b.claw.engine.status()).models
  t.match(await models(), [{ id: 'api/claude-test', state: 'cooling', detail: names }])
  await b.save(HEAD.replace('claude-test', 'new') + ONE)
  t.equal((await b.claw.engine.reload()).ok, true)
  t.equal((await b.chat('u', 'hello')).body.response, 'hi')
  t.match(await models(), [{ id: 'api/new', state: 'ok' }], 'what nobody uses any more is not told')
  t.equal((await models()).length, 1)
})

t.test('owners are warned once at four fifths of a budget, and at its end nothing is asked', async (t) => {
  const telegram = await createFakeTelegram({ token: '1:T' })
  t.teardown(() => telegram.stop())
  const usage = { input_tokens: 1_000_000, output_tokens: 0 }
  const prices = HEAD.replace('maxRetries: 0', 'maxRetries: 0, prices: { "*": { input: 1, output: 1 } }')
  for (const limit of ['maxCostPerDay', 'maxCostPerMonth']) {
    const b = await bot(
      t,
      `${prices}
owners: ["telegram:7"]
agents: { ${limit}: { soul: S, rateLimit: { ${limit}: 5 } } }
channels: { http: {}, telegram: { token: "1:T", apiRoot: "${telegram.url}", allowFrom: ["telegram:7"] } }`,
      { api: { reply: () => ({ text: 'ok', usage }) } },
    )
    const warnings = (): string[] => telegram.chat(7).flatMap(({ text }) => (text.includes(`(${limit}`) ? [text] : []))
    for (let i = 0; i < 3; i++) t.equal((await b.chat('u', 'hello')).body.response, 'ok')
    t.equal(warnings().length, 0)
    t.equal((await b.chat('u', 'hello')).body.response, 'ok')
    await until(() => warnings().length > 0)
    t.equal((await b.chat('u', 'hello')).body.response, 'ok')
    const asked = b.api.requests.length
    t.match((await b.chat('u', 'hello')).body.response, /used up my budget/)
    t.equal(b.api.requests.length, asked)
    t.match(warnings(), [new RegExp(`${limit} has used 4 of 5`)])
    await b.stop()
  }
})
