import t, { type Test as T } from 'tap'
import { createAnthropicProvider } from '../../src/models/anthropic.ts'
import type { ModelMessage, ModelRequest } from '../../src/models/port.ts'
import { type ProviderSpec, Secret } from '../../src/plan/plan.ts'
import { systemClock, systemRandom } from '../../src/ports.ts'
import { startFakeMessagesApi } from '../support/fake-messages-api.ts'
import { serve } from '../support/http.ts'
import { TINY_PNG } from '../support/pictures.ts'

const spec = (more: Partial<ProviderSpec>): ProviderSpec => ({
  id: 'anthropic',
  provider: 'anthropic',
  defaultModel: 'claude-test',
  apiKey: new Secret('sk-ant-test-key-123'),
  headers: {},
  timeoutMs: 10_000,
  maxRetries: 1,
  prices: {},
  fingerprint: 'x',
  place: { file: 'openclaw.yaml', line: 1, column: 1 },
  ...more,
})
const request = (messages: readonly ModelMessage[], more: Partial<ModelRequest> = {}): ModelRequest => ({
  model: 'claude-test',
  system: 'You are terse.',
  tools: [
    {
      name: 'bash',
      description: 'Runs a command',
      input_schema: { type: 'object', properties: { command: { type: 'string' } } },
    },
    { name: 'read_file', description: 'Reads', input_schema: { type: 'object' } },
  ],
  messages,
  maxTokens: 1000,
  signal: new AbortController().signal,
  ...more,
})
const hello: ModelMessage[] = [{ role: 'user', content: 'hello' }]

async function setUp(t: T, more: Partial<ProviderSpec> = {}, options = {}) {
  const api = await startFakeMessagesApi({ apiKey: 'sk-ant-test-key-123', ...options })
  const provider = createAnthropicProvider(spec({ baseURL: api.url, ...more }), { clock: systemClock, random: systemRandom })
  t.teardown(async () => {
    await provider.close()
    await api.close()
  })
  return { api, provider }
}

t.test('text streams in pieces', async (t) => {
  const { api, provider } = await setUp(t)
  api.enqueue({ text: 'Good morning, this is a longer text. äöü 🚀', chunkSize: 5, chunkDelayMs: 1 })
  const pieces: string[] = []
  const result = await provider.call(request(hello), (piece) => pieces.push(piece))
  t.strictSame(result.content, [{ type: 'text', text: 'Good morning, this is a longer text. äöü 🚀' }])
  t.ok(pieces.length > 5)
  t.equal(pieces.join(''), 'Good morning, this is a longer text. äöü 🚀')
  t.match(result, { stopReason: 'end_turn', model: 'claude-test' })
  t.ok(result.usage.output > 0)
})

t.test('tool calls and their results', async (t) => {
  const { api, provider } = await setUp(t)
  api.enqueue({
    text: 'Looking.',
    toolCalls: [
      { name: 'bash', input: { command: 'ls -la "x y"' } },
      { name: 'read_file', input: {} },
    ],
  })
  const first = await provider.call(request(hello))
  t.equal(first.stopReason, 'tool_use')
  t.match(first.content, [
    { type: 'text', text: 'Looking.' },
    { type: 'tool_use', name: 'bash', input: { command: 'ls -la "x y"' } },
    { type: 'tool_use', name: 'read_file', input: {} },
  ])
  const ids = first.content.flatMap((block) => (block.type === 'tool_use' ? [block.id] : []))
  const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: TINY_PNG } } as const
  const text = { type: 'document', title: 'a.md', source: { type: 'text', media_type: 'text/markdown', data: '# A' } } as const
  await provider.call(
    request([
      ...hello,
      { role: 'assistant', content: first.content },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: ids[0] ?? '', content: [{ type: 'text', text: '' }, image], is_error: true },
          { type: 'tool_result', tool_use_id: ids[1] ?? '', content: 'ok' },
          text,
        ],
      },
    ]),
  )
  t.equal(api.requests[1]?.status, 200, 'what the service is strict about holds')
})

t.test('thinking, unknown blocks and unknown reasons pass through', async (t) => {
  const { api, provider } = await setUp(t)
  api.enqueue({
    content: [
      { type: 'thinking', thinking: 'Let me think about it', signature: 'c2ln' },
      { type: 'redacted_thinking', data: 'xyz' },
      { type: 'brand_new_block', shiny: { a: 1 } },
      { type: 'text', text: 'Done' },
    ],
    stopReason: 'model_context_window_exceeded',
  })
  const result = await provider.call(request(hello))
  t.equal(result.stopReason, 'model_context_window_exceeded')
  t.match(result.content, [
    { type: 'thinking', thinking: 'Let me think about it', signature: 'c2ln' },
    { type: 'redacted_thinking', data: 'xyz' },
    { type: 'brand_new_block', shiny: { a: 1 } },
    { type: 'text', text: 'Done' },
  ])
  await provider.call(request([...hello, { role: 'assistant', content: result.content }, ...hello]))
  t.match(api.requests[1], { status: 200 })
  t.match(api.requests[1]?.body.messages[1]?.content, [
    { type: 'thinking' },
    { type: 'redacted_thinking' },
    { type: 'brand_new_block' },
    {},
  ])
})

t.test('the prefix is cached from call to call', async (t) => {
  const { api, provider } = await setUp(t)
  const conversation: ModelMessage[] = [{ role: 'user', content: 'first '.repeat(50) }]
  for (let i = 0; i < 5; i++) {
    const { content, usage } = await provider.call(request(conversation))
    if (i > 0) t.ok(usage.cacheRead > usage.cacheWrite, `call ${i} reads more than it writes`)
    if (i > 0) t.equal(usage.input, 0, 'all before the last mark counts as cache')
    conversation.push({ role: 'assistant', content }, { role: 'user', content: `and ${i}` })
  }
  const [first, second] = api.requests.map((entry) => ({ tools: entry.body.tools, system: entry.body.system }))
  t.strictSame(first, second, 'the stable part is the same')
})

t.test('many results in one turn still hit the cache', async (t) => {
  const { api, provider } = await setUp(t)
  api.enqueue({ toolCalls: Array.from({ length: 30 }, (_, i) => ({ name: 'bash', input: { command: `echo ${i}` } })) })
  const first = await provider.call(request(hello))
  const results = first.content.flatMap((block) =>
    block.type === 'tool_use' ? [{ type: 'tool_result' as const, tool_use_id: block.id, content: 'done' }] : [],
  )
  const second = await provider.call(
    request([...hello, { role: 'assistant', content: first.content }, { role: 'user', content: results }]),
  )
  t.equal(second.usage.cacheRead, first.usage.cacheWrite + first.usage.cacheRead)
})

t.test('what the service would refuse is fixed', async (t) => {
  const { api, provider } = await setUp(t)
  await provider.call(
    request([
      { role: 'user', content: '' },
      { role: 'assistant', content: [] },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: ' ' },
          { type: 'thinking', thinking: 'from elsewhere' },
          { type: 'tool_use', id: 'call.1:x', name: 'bash', input: '{"comm' },
        ],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call.1:x', content: '' }] },
      { role: 'assistant', content: 'I go on \n' },
    ]),
  )
  t.equal(api.requests[0]?.status, 200)
  await provider.call(request(hello, { system: ' ', tools: [] }))
  t.notOk('system' in (api.requests[1]?.body ?? {}))
})

t.test('errors have kinds and hold no secret', async (t) => {
  const { api, provider } = await setUp(t, { maxRetries: 0 })
  const cases = [
    [{ status: 401, message: 'invalid x-api-key sk-ant-test-key-123' }, 'credentials'],
    [{ status: 403 }, 'credentials'],
    [{ status: 400, message: 'Your credit balance is too low to access the API' }, 'credentials'],
    [{ status: 429, retryAfter: 7 }, 'rate_limit'],
    [{ status: 529 }, 'overloaded'],
    [{ status: 503 }, 'overloaded'],
    [{ status: 500 }, 'server'],
    [{ status: 400, message: 'prompt is too long: 210000 tokens > 200000 maximum' }, 'context'],
    [{ status: 413 }, 'context'],
    [{ status: 400, message: 'messages: nonsense' }, 'invalid'],
    [{ status: 404, message: 'model: claude-none' }, 'no_model'],
    [{ event: 'overloaded_error' }, 'overloaded'],
    [{ event: 'api_error' }, 'server'],
    [{ cut: true }, 'network'],
    [{ cut: true, after: 1 }, 'network'],
    [{ garbage: '<html>hello</html>' }, 'no_service'],
    [{ garbage: 'event: message_start\ndata: {nonsense\n\n' }, 'network'],
  ] as const
  for (const [fault, kind] of cases) {
    api.enqueue({ text: 'some text that is long enough', fault })
    const error = await provider.call(request(hello)).then(
      () => null,
      (problem: unknown) => problem as Error & { kind?: string; retryAfterMs?: number },
    )
    t.match(error, { name: 'ModelError', kind }, JSON.stringify(fault))
    t.notMatch(error?.message, 'sk-ant-test')
    if ('retryAfter' in fault) t.equal(error?.retryAfterMs, 7000)
  }
})

t.test('retries', async (t) => {
  const { api, provider } = await setUp(t)
  api.enqueue({ fault: { status: 529, retryAfter: 0.01 } }, 'after all')
  t.match((await provider.call(request(hello))).content, [{ text: 'after all' }])
  t.equal(api.requests.length, 2)
  api.enqueue({ fault: { status: 429, retryAfter: 3600 } })
  await t.rejects(
    provider.call(request(hello)),
    { name: 'ModelError', kind: 'rate_limit', retryAfterMs: 3_600_000 },
    'too long to wait for',
  )
  t.equal(api.requests.length, 3)
  api.enqueue({ fault: { status: 400 } })
  await t.rejects(provider.call(request(hello)), { name: 'ModelError', kind: 'invalid' })
  t.equal(api.requests.length, 4, 'asking again cannot help')
})

t.test('a stream that is cut starts over, once a try', async (t) => {
  const { api, provider } = await setUp(t)
  api.enqueue({ text: 'half of the answer that never ends', fault: { cut: true, after: 1 } }, 'whole')
  const seen: string[] = []
  const result = await provider.call(
    request(hello),
    (piece) => seen.push(piece),
    () => seen.push('<restart>'),
  )
  t.match(result.content, [{ text: 'whole' }])
  t.ok(seen.indexOf('<restart>') > 0)
  t.equal(seen.slice(seen.indexOf('<restart>') + 1).join(''), 'whole')
  api.enqueue({ text: 'x', fault: { cut: true } }, { text: 'x', fault: { cut: true } })
  await t.rejects(provider.call(request(hello)), { name: 'ModelError', kind: 'network' })
  t.equal(api.requests.length, 4)
})

t.test('aborts and time limits', async (t) => {
  const { api, provider } = await setUp(t, { timeoutMs: 200 })
  for (const after of [0, 1]) {
    const controller = new AbortController()
    api.enqueue({ text: 'a text of some length', fault: { hang: true, after } })
    const call = provider.call(request(hello, { signal: controller.signal }), () => controller.abort())
    if (after === 0) setTimeout(() => controller.abort(), 20)
    await t.rejects(call, { name: 'ModelError', kind: 'aborted' }, `after ${after}`)
  }
  for (const after of [0, 1]) {
    api.enqueue({ text: 'a text of some length', fault: { hang: true, after } })
    await t.rejects(provider.call(request(hello)), { name: 'ModelError', kind: 'timeout' })
  }
  api.enqueue({ text: 'late', delayMs: 5000 })
  await t.rejects(provider.call(request(hello)), { name: 'ModelError', kind: 'timeout' })
  const controller = new AbortController()
  controller.abort()
  const before = api.requests.length
  await t.rejects(provider.call(request(hello, { signal: controller.signal })), { name: 'ModelError', kind: 'aborted' })
  t.equal(api.requests.length, before)
})

t.test('nobody answers', async (t) => {
  const api = await startFakeMessagesApi()
  await api.close()
  const provider = createAnthropicProvider(spec({ baseURL: api.url, maxRetries: 0 }), {
    clock: systemClock,
    random: systemRandom,
  })
  await t.rejects(provider.call(request(hello)), { name: 'ModelError', kind: 'network', message: /ECONNREFUSED/ })
})

t.test('keys and headers', async (t) => {
  const { api, provider } = await setUp(t, { headers: { 'X-Team': new Secret('blue') } })
  await provider.call(request(hello))
  t.match(api.requests[0]?.headers, {
    'x-api-key': 'sk-ant-test-key-123',
    authorization: 'Bearer sk-ant-test-key-123',
    'x-team': 'blue',
  })

  const open = await setUp(t, { apiKey: new Secret('none') }, { apiKey: undefined })
  t.ok(open.provider.hasCredentials())
  await open.provider.call(request(hello))
  t.notOk(open.api.requests[0]?.headers['x-api-key'] ?? open.api.requests[0]?.headers.authorization, 'none means none')

  const versioned = await setUp(t)
  const same = createAnthropicProvider(spec({ baseURL: `${versioned.api.url}/v1/` }), {
    clock: systemClock,
    random: systemRandom,
  })
  await same.call(request(hello))
  t.equal(versioned.api.requests[0]?.status, 200)
  await same.close()

  const without = createAnthropicProvider(spec({ baseURL: api.url, apiKey: new Secret('') }), {
    clock: systemClock,
    random: systemRandom,
  })
  t.notOk(without.hasCredentials())
  await t.rejects(without.call(request(hello)), { name: 'ModelError', kind: 'credentials', message: /ANTHROPIC_API_KEY/ })
})

t.test('one connection serves call after call; calls at once get one each', async (t) => {
  const { api, provider } = await setUp(t, { maxRetries: 0 })
  for (let i = 0; i < 5; i++) await provider.call(request(hello))
  t.equal(api.connections(), 1)
  t.match(
    await Promise.all(Array.from({ length: 10 }, () => provider.call(request(hello)))),
    Array(10).fill({ stopReason: 'end_turn' }),
  )
})

t.test('an answer is not asked for again when only the end of its connection is missing', async (t) => {
  const events = (...list: readonly { type: string }[]): string =>
    list.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')
  const text = [
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'ok' } },
  ]
  const reason = { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } }
  let end: 'reset' | 'open' = 'reset'
  let asked = 0
  const server = await serve((_, response) => {
    asked++
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(events({ type: 'message_start' }, ...text, reason, ...(end === 'open' ? [{ type: 'message_stop' }] : [])))
    if (end === 'reset') setTimeout(() => response.socket?.resetAndDestroy(), 5)
  })
  const provider = createAnthropicProvider(spec({ baseURL: server.url, maxRetries: 2 }), {
    clock: systemClock,
    random: systemRandom,
  })
  t.teardown(async () => {
    await provider.close()
    await server.stop()
  })
  t.match((await provider.call(request(hello))).content, [{ text: 'ok' }])
  end = 'open'
  t.match((await provider.call(request(hello))).content, [{ text: 'ok' }], 'a server that never closes is not waited for')
  t.equal(asked, 2)
})
