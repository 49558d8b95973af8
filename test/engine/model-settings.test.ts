// What an agent's keys make of a request: how hard the model thinks, how long it may answer, what it is told of where it is.

import t, { type Test } from 'tap'
import { type Bot, startBot } from '../support/bot.ts'
import { startFakeChatCompletions } from '../support/fake-chat-completions.ts'
import { type FakeReply, lastUserText } from '../support/fake-messages-api.ts'

const HEAD = `
gateway: { port: 0 }
models:
  anthropic: { provider: anthropic, baseURL: $API, apiKey: none, maxRetries: 0 }
`
const bot = async (t: Test, yaml: string, options: Parameters<typeof startBot>[1] = {}): Promise<Bot> => {
  const started = await startBot(HEAD + yaml, options)
  t.teardown(() => started.stop())
  return started
}
const sent = (b: Bot, at = -1): Record<string, unknown> => b.api.requests.at(at)?.body as unknown as Record<string, unknown>

t.test('effort and maxTokens reach the service, as far as the model has them', async (t) => {
  const b = await bot(
    t,
    `defaults: { effort: xhigh }
agents:
  a: { soul: S }
  b: { soul: S, model: claude-sonnet-4-6, effort: xhigh }
  c: { soul: S, model: claude-haiku-4-5, maxTokens: 900000 }
  d: { soul: S, model: claude-parrot-1, effort: low, maxTokens: 900000 }
routing: { defaultAgent: a, rules: [{ prefix: /b, agentId: b }, { prefix: /c, agentId: c }, { prefix: /d, agentId: d }] }
`,
  )
  for (const [text, effort, most] of [
    ['hi', 'xhigh', 16_000],
    ['/b hi', 'high', 16_000],
    ['/c hi', undefined, 64_000],
    ['/d hi', 'low', 900_000],
  ] as const) {
    t.equal((await b.chat('u', text)).status, 200)
    t.same(sent(b)['output_config'], effort === undefined ? undefined : { effort }, text)
    t.equal(sent(b)['max_tokens'], most, text)
  }
})

t.test('without effort the service is not told of it', async (t) => {
  const b = await bot(t, 'agents: { a: { soul: S } }')
  await b.chat('u', 'hi')
  t.notOk('output_config' in sent(b))
  t.equal(sent(b)['model'], 'claude-sonnet-5-5')
})

t.test('chat completions are told of it as reasoning_effort', async (t) => {
  const chat = await startFakeChatCompletions()
  t.teardown(() => chat.close())
  const local = `${chat.url}`
  const started = await startBot(`
gateway: { port: 0 }
models: { mine: { provider: openai, baseURL: "${local}", apiKey: none } }
agents:
  a: { soul: S, model: mine/x, effort: max }
  b: { soul: S, model: mine/x }
routing: { defaultAgent: a, rules: [{ prefix: /b, agentId: b }] }
`)
  t.teardown(() => started.stop())
  await started.chat('u', 'hi')
  t.equal(chat.requests.at(-1)?.body['reasoning_effort'], 'max')
  await started.chat('u', '/b hi')
  t.notOk('reasoning_effort' in (chat.requests.at(-1)?.body ?? {}))
})

t.test('thinking that used all the room up is asked for once more, with more of it', async (t) => {
  const thought: FakeReply = {
    content: [{ type: 'thinking', thinking: 'Let me see …', signature: 'sig' }],
    stopReason: 'max_tokens',
  }
  const room = async (t: Test, agent: string, reply: (call: number) => FakeReply | string) => {
    const b = await bot(t, `agents: { main: { soul: S, ${agent} } }`, { api: { reply: (_, i) => reply(i) } })
    const { body } = await b.chat('u', 'go')
    return { b, text: body.response ?? '', caps: b.api.requests.map((request) => request.body.max_tokens) }
  }
  await t.test('then it answers', async (t) => {
    const { b, text, caps } = await room(t, 'maxTokens: 1000', (i) => (i === 0 ? thought : 'Here you are.'))
    t.equal(text, 'Here you are.')
    t.same(caps, [1000, 4000])
    t.equal((await b.chat('u', 'again')).body.response, 'Here you are.')
    t.equal(sent(b)['max_tokens'], 1000, 'the next turn begins as ever')
    const roles = (await b.transcript('main', 'agent:main:http:u')).map((line) => line['role'])
    t.same(roles, ['user', 'assistant', 'user', 'assistant'], 'what was only thought is not kept')
  })
  await t.test('once, not for ever', async (t) => {
    const { text, caps } = await room(t, 'maxTokens: 1000', () => thought)
    t.match(text, /cut at its length limit/)
    t.same(caps, [1000, 4000])
  })
  await t.test('no more than the model has', async (t) => {
    const { caps } = await room(t, 'model: claude-haiku-4-5', () => thought)
    t.same(caps, [16_000, 64_000])
    const { caps: full } = await room(t, 'model: claude-haiku-4-5, maxTokens: 64000', () => thought)
    t.same(full, [64_000])
    const { caps: unknown } = await room(t, 'model: claude-parrot-1, maxTokens: 1000', () => thought)
    t.same(unknown, [1000, 2000])
  })
  await t.test('an answer that was cut is not asked for again', async (t) => {
    const { text, caps } = await room(t, 'maxTokens: 1000', () => ({ text: 'half an ans', stopReason: 'max_tokens' }))
    t.match(text, /^half an ans/)
    t.same(caps, [1000])
  })
})

const CONTEXT = /^\[Context (Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day \d{4}-\d\d-\d\d \d\d:\d\d Asia\/Tokyo; http, direct chat\]\n/
const AGENTS = 'agents: { main: { soul: S, reset: { timezone: Asia/Tokyo } } }'

t.test('each message says when and where it was written, and what was sent stands', async (t) => {
  const b = await bot(t, AGENTS)
  await b.chat('u', 'first')
  t.match(lastUserText(b.api.requests.at(-1)!.body), new RegExp(`${CONTEXT.source}first$`))
  const [before] = b.api.requests
  await b.chat('u', 'second')
  const after = b.api.requests.at(-1)
  const texts = (body: typeof after): readonly string[] =>
    (body?.body.messages ?? []).map(({ content }) => (typeof content === 'string' ? content : JSON.stringify(content)))
  t.equal(texts(after).length, 3)
  t.ok(texts(after)[0]?.includes(lastUserText(before!.body).split('\n')[0] ?? '-'), 'its line is the same')
  t.same(after?.body.system, before?.body.system)
  t.notMatch(JSON.stringify(after?.body.system), /Context|Tokyo/, 'none of it stands in the prefix')
  const [line] = await b.transcript('main', 'agent:main:http:u')
  t.equal(line?.['content'], 'first', 'people see what was written')
})

t.test('context: off', async (t) => {
  const b = await bot(t, AGENTS.replace('soul: S', 'soul: S, context: off'))
  await b.chat('u', 'first')
  t.equal(lastUserText(b.api.requests.at(-1)!.body), 'first')
  const [line] = await b.transcript('main', 'agent:main:http:u')
  t.notOk(line !== undefined && 'context' in line)
})

t.test('a change of the zone, or of the key, leaves what was sent as it was', async (t) => {
  const b = await bot(t, AGENTS)
  await b.chat('u', 'first')
  const first = lastUserText(b.api.requests.at(-1)!.body)
  for (const agent of ['reset: { timezone: UTC }', 'context: off']) {
    await b.save(HEAD + AGENTS.replace('reset: { timezone: Asia/Tokyo }', agent))
    await b.claw.engine.reload()
    await b.chat('u', 'next')
    const [message] = b.api.requests.at(-1)!.body.messages
    t.ok(JSON.stringify(message).includes(JSON.stringify(first).slice(1, -1)), agent)
  }
})

t.test('a service that counts nothing: tokens are estimated, and limits hold', async (t) => {
  const usage = { input_tokens: 0, output_tokens: 0, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 }
  const b = await bot(t, 'agents: { main: { soul: S, maxTokens: 100, rateLimit: { maxTokensPerDay: 1000 } } }', {
    api: { reply: () => ({ text: 'word '.repeat(200), usage }) },
  })
  let answers = 0
  for (let n = 0; n < 8; n++) if (/^word/.test((await b.chat(`u${n}`, 'hello')).body.response ?? '')) answers++
  t.ok(answers > 0 && answers < 5, `${answers} of 8`)
  const [, answer] = await b.transcript('main', 'agent:main:http:u0')
  const counted = answer?.['usage'] as { input: number; output: number } | undefined
  t.ok((counted?.input ?? 0) > 2 && Math.abs((counted?.output ?? 0) - 250) < 20, JSON.stringify(counted))
})

t.test('a limit in money is reached by the prices of the table', async (t) => {
  const b = await bot(t, 'agents: { main: { soul: S, rateLimit: { maxCostPerDay: 0.05 } } }', {
    api: {
      reply: () => ({
        text: 'ok',
        usage: { input_tokens: 10_000, output_tokens: 100, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 },
      }),
    },
  })
  const replies = []
  for (let n = 0; n < 4; n++) replies.push((await b.chat(`u${n}`, 'hello')).body.response)
  // 10,000 tokens in at 2 a million and 100 out at 10 are 0.021 a call.
  t.same(replies.slice(0, 3), ['ok', 'ok', 'ok'])
  t.match(replies[3], /budget for today/)
})

t.test('a model that its service offers no longer: what to name instead is said', async (t) => {
  const b = await bot(t, 'agents: { main: { soul: S, model: claude-sonnet-4-5 } }', {
    api: { reply: () => ({ fault: { status: 404, message: 'model: claude-sonnet-4-5' } }) },
  })
  t.match((await b.chat('u', 'hello')).body.response, /Name claude-sonnet-5-5 under agents\.main\.model/)
})
