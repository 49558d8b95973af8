import t, { type Test as T } from 'tap'
import { createOpenAIProvider } from '../../src/models/openai.ts'
import type { ModelMessage, ModelRequest } from '../../src/models/port.ts'
import { type ProviderSpec, Secret } from '../../src/plan/plan.ts'
import { systemClock, systemRandom } from '../../src/ports.ts'
import { startFakeChatCompletions } from '../support/fake-chat-completions.ts'
import { TINY_PDF, TINY_PNG } from '../support/pictures.ts'

const spec = (more: Partial<ProviderSpec>): ProviderSpec => ({
  id: 'openai',
  provider: 'openai',
  defaultModel: 'gpt-test',
  apiKey: new Secret('sk-test-key-123456'),
  headers: {},
  timeoutMs: 10_000,
  maxRetries: 1,
  prices: {},
  fingerprint: 'x',
  place: { file: 'openclaw.yaml', line: 1, column: 1 },
  ...more,
})
const request = (messages: readonly ModelMessage[], more: Partial<ModelRequest> = {}): ModelRequest => ({
  model: 'gpt-test',
  system: 'You are terse.',
  tools: [{ name: 'bash', description: 'Runs a command', input_schema: { type: 'object' } }],
  messages,
  maxTokens: 1000,
  signal: new AbortController().signal,
  ...more,
})
const hello: ModelMessage[] = [{ role: 'user', content: 'hello' }]

async function setUp(t: T, more: Partial<ProviderSpec> = {}) {
  const api = await startFakeChatCompletions({ apiKey: 'sk-test-key-123456' })
  const provider = createOpenAIProvider(spec({ baseURL: api.url, ...more }), { clock: systemClock, random: systemRandom })
  t.teardown(async () => {
    await provider.close()
    await api.close()
  })
  return { api, provider }
}

t.test('text streams in pieces', async (t) => {
  const { api, provider } = await setUp(t)
  api.enqueue('A longer answer than one piece. äöü')
  const pieces: string[] = []
  const result = await provider.call(request(hello), (piece) => pieces.push(piece))
  t.strictSame(result, {
    content: [{ type: 'text', text: 'A longer answer than one piece. äöü' }],
    stopReason: 'end_turn',
    usage: { input: 6, output: 5, cacheRead: 4, cacheWrite: 0 },
    model: 'gpt-test',
  })
  t.ok(pieces.length > 2)
  t.match(api.requests[0]?.body, {
    max_tokens: 1000,
    messages: [
      { role: 'system', content: 'You are terse.' },
      { role: 'user', content: 'hello' },
    ],
  })
})

t.test('tool calls there and back', async (t) => {
  const { api, provider } = await setUp(t)
  for (const sloppyCalls of [false, true]) {
    api.enqueue({
      text: 'Looking.',
      sloppyCalls,
      toolCalls: [
        { name: 'bash', input: { command: 'ls "a b"' } },
        { name: 'bash', input: {} },
      ],
    })
    const first = await provider.call(request(hello))
    t.equal(first.stopReason, 'tool_use')
    t.match(first.content, [
      { type: 'text', text: 'Looking.' },
      { type: 'tool_use', name: 'bash', input: { command: 'ls "a b"' } },
      { type: 'tool_use', name: 'bash', input: {} },
    ])
    const ids = first.content.flatMap((block) => (block.type === 'tool_use' ? [block.id] : []))
    const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: TINY_PNG } } as const
    await provider.call(
      request([
        ...hello,
        { role: 'assistant', content: first.content },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: ids[0] ?? '', content: [{ type: 'text', text: 'seen' }, image] },
            { type: 'tool_result', tool_use_id: ids[1] ?? '', content: 'no', is_error: true },
            { type: 'document', title: 'a.pdf', source: { type: 'base64', media_type: 'application/pdf', data: TINY_PDF } },
            { type: 'document', title: 'a.md', source: { type: 'text', media_type: 'text/markdown', data: '# A' } },
            { type: 'text', text: 'what now?' },
          ],
        },
      ]),
    )
    const sent = api.requests.at(-1)
    t.equal(sent?.status, 200)
    t.match(sent?.body.messages.slice(2), [
      {
        role: 'assistant',
        content: 'Looking.',
        tool_calls: [{ function: { name: 'bash', arguments: '{"command":"ls \\"a b\\""}' } }, {}],
      },
      { role: 'tool', content: 'seen\n(image: see below)' },
      { role: 'tool', content: 'Error: no' },
      {
        role: 'user',
        content: [
          { type: 'image_url', image_url: { url: `data:image/png;base64,${TINY_PNG}` } },
          { type: 'file', file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${TINY_PDF}` } },
          { type: 'text', text: 'a.md:\n# A' },
          { type: 'text', text: 'what now?' },
        ],
      },
    ])
  }
})

t.test('odd conversations stay acceptable', async (t) => {
  const { api, provider } = await setUp(t)
  await provider.call(
    request(
      [
        { role: 'user', content: '' },
        { role: 'assistant', content: [{ type: 'thinking', thinking: 'hm', signature: 's' }] },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'bash', input: '{"cut' }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: 'bad input', is_error: true }] },
      ],
      { system: '', tools: [] },
    ),
  )
  t.equal(api.requests[0]?.status, 200)
})

t.test('reasons to stop', async (t) => {
  const { api, provider } = await setUp(t)
  for (const [reply, expected] of [
    [{ text: 'x', finishReason: 'length' }, 'max_tokens'],
    [{ text: 'x', finishReason: 'content_filter' }, 'refusal'],
    [{ refusal: 'No.' }, 'refusal'],
    [{ text: 'x', finishReason: 'newly_invented' }, 'newly_invented'],
    [{ toolCalls: [{ name: 'bash', input: {} }], finishReason: 'stop' }, 'tool_use'],
    [{ toolCalls: [{ name: 'bash', input: {} }], finishReason: 'length' }, 'max_tokens'],
  ] as const) {
    api.enqueue(reply)
    t.equal((await provider.call(request(hello))).stopReason, expected)
  }
})

t.test('errors have kinds and hold no secret', async (t) => {
  const { api, provider } = await setUp(t, { maxRetries: 0 })
  for (const [fault, kind] of [
    [{ status: 401, message: 'Incorrect API key provided: sk-test-key-123456' }, 'credentials'],
    [{ status: 429, code: 'insufficient_quota' }, 'credentials'],
    [{ status: 429, code: 'rate_limit_exceeded' }, 'rate_limit'],
    [{ status: 404, code: 'model_not_found' }, 'no_model'],
    [{ status: 400, code: 'model_not_found' }, 'no_model'],
    [{ status: 503 }, 'overloaded'],
    [{ status: 500 }, 'server'],
    [{ status: 400, code: 'context_length_exceeded' }, 'context'],
    [{ status: 400, message: "This model's maximum context length is 8192 tokens" }, 'context'],
    [{ status: 400 }, 'invalid'],
    [{ error: 'server_error' }, 'server'],
    [{ cut: 0 }, 'network'],
    [{ cut: 2 }, 'network'],
  ] as const) {
    api.enqueue({ text: 'some text that is long enough', fault })
    const error = await provider.call(request(hello)).then(
      () => null,
      (problem: unknown) => problem as Error,
    )
    t.match(error, { name: 'ModelError', kind }, JSON.stringify(fault))
    t.notMatch(error?.message, 'sk-test')
  }
})

t.test('cut streams start over; aborts and time limits', async (t) => {
  const { api, provider } = await setUp(t, { timeoutMs: 2000 })
  api.enqueue({ text: 'half of an answer', fault: { cut: 2 } }, 'whole')
  const seen: string[] = []
  await provider.call(
    request(hello),
    (piece) => seen.push(piece),
    () => seen.push('<restart>'),
  )
  t.match(seen.join(''), /<restart>whole$/)
  const controller = new AbortController()
  api.enqueue({ text: 'half of an answer', fault: { hang: 2 } })
  await t.rejects(
    provider.call(request(hello, { signal: controller.signal }), () => controller.abort()),
    { name: 'ModelError', kind: 'aborted' },
  )
  const hasty = createOpenAIProvider(spec({ baseURL: api.url, timeoutMs: 50 }), { clock: systemClock, random: systemRandom })
  api.enqueue({ text: 'half of an answer', fault: { hang: 2 } })
  await t.rejects(hasty.call(request(hello)), { name: 'ModelError', kind: 'timeout' })
  await hasty.close()
})

t.test('keys', async (t) => {
  const { api, provider } = await setUp(t)
  t.ok(provider.hasCredentials())
  const bare = createOpenAIProvider(spec({ baseURL: api.url.replace('/v1', ''), apiKey: new Secret('none') }), {
    clock: systemClock,
    random: systemRandom,
  })
  await t.rejects(bare.call(request(hello)), { name: 'ModelError', kind: 'credentials' })
  t.notOk(api.requests[0]?.headers.authorization, 'none means none')
  const unset = createOpenAIProvider(spec({ apiKey: new Secret('') }), { clock: systemClock, random: systemRandom })
  t.notOk(unset.hasCredentials())
  await t.rejects(unset.call(request(hello)), { name: 'ModelError', kind: 'credentials', message: /OPENAI_API_KEY/ })
  await bare.close()
})
