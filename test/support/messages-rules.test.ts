// The fake refuses what the service refuses; else tests against it would prove nothing.
import t from 'tap'
import { startFakeMessagesApi } from './fake-messages-api.ts'
import { checkRequest, type MessagesRequest } from './messages-rules.ts'

const user = (content: unknown) => ({ role: 'user', content })
const assistant = (content: unknown) => ({ role: 'assistant', content })
const use = (id: string) => ({ type: 'tool_use', id, name: 'bash', input: {} })
const result = (id: string, content: unknown = 'ok') => ({ type: 'tool_result', tool_use_id: id, content })
const text = (words: string) => ({ type: 'text', text: words })
const check = (messages: readonly unknown[], more: object = {}) =>
  checkRequest({ model: 'm', max_tokens: 10, messages, ...more } as unknown as MessagesRequest)

t.test('good requests', async (t) => {
  for (const messages of [
    [user('hi')],
    [user('a'), user('b'), assistant('c'), user('d')],
    [user('a'), assistant([use('1'), use('2')]), user([result('2'), result('1'), text('and')])],
    [user('a'), assistant([use('1')]), user([result('1')]), user('more')],
    [user('a'), assistant([{ type: 'brand_new' }, text('x')]), user('b')],
    [user('a'), assistant('go on')],
  ]) {
    t.equal(check(messages), null, JSON.stringify(messages))
  }
})

t.test('bad requests', async (t) => {
  for (const [messages, words] of [
    [[], /at least one/],
    [[assistant('a')], /first message/],
    [[user('')], /non-empty content/],
    [[user([text('')])], /text content blocks must be non-empty/],
    [[user([text(' \n')])], /non-whitespace/],
    [[user('a'), assistant([use('1')]), user('b')], /without `tool_result`/],
    [[user('a'), assistant([use('1')])], /without `tool_result`/],
    [[user('a'), assistant([use('1')]), user([text('first'), result('1')])], /without `tool_result`/],
    [[user('a'), user([result('9')])], /unexpected `tool_use_id`/],
    [[user('a'), assistant([use('1')]), user([result('1')]), assistant('x'), user([result('1')])], /unexpected `tool_use_id`/],
    [[user('a'), assistant([use('1')]), user([result('1'), result('1')])], /single result/],
    [[user('a'), assistant([use('1')]), user([result('1')]), assistant([use('1')]), user([result('1')])], /unique/],
    [[user('a'), assistant([use('a.b')]), user([result('a.b')])], /pattern/],
    [[user('a'), assistant([{ ...use('1'), input: 'cut' }]), user([result('1')])], /dictionary/],
    [[user('a'), assistant([{ type: 'thinking', thinking: 'x' }]), user('b')], /signature/],
    [[user('a'), assistant('ends with ')], /trailing whitespace/],
    [[{ ...user('a'), name: 'x' }], /Extra inputs/],
    [[user([{ type: 'image', source: { type: 'base64', media_type: 'image/bmp', data: 'aGk=' } }])], /media_type/],
  ] as const) {
    t.match(check(messages), words, JSON.stringify(messages))
  }
  t.match(check([user('a')], { max_tokens: undefined }), /max_tokens/)
  t.match(check([user('a')], { model: '' }), /model/)
  t.match(check([user('a')], { colour: 'blue' }), /Extra inputs/)
  t.match(check([user('a')], { system: [text('')] }), /non-empty/)
  const tool = { name: 'bash', input_schema: { type: 'object' } }
  t.match(check([user('a')], { tools: [tool, tool] }), /unique/)
  t.match(check([user('a')], { tools: [{ ...tool, name: 'a b' }] }), /pattern/)
  t.match(check([user('a')], { tools: [{ ...tool, input_schema: { type: 'string' } }] }), /'object'/)
  const marked = { ...text('x'), cache_control: { type: 'ephemeral' } }
  t.match(check([user([marked, marked, marked, marked, marked])]), /maximum of 4/)
})

t.test('over the wire', async (t) => {
  const api = await startFakeMessagesApi({ apiKey: 'key' })
  t.teardown(() => api.close())
  const post = (body: string, headers: Record<string, string> = { 'x-api-key': 'key', 'anthropic-version': '2023-06-01' }) =>
    fetch(`${api.url}/v1/messages`, { method: 'POST', body, headers })
  const good = JSON.stringify({ model: 'm', max_tokens: 10, messages: [user('hi')] })
  t.match(await (await post(good)).json(), {
    type: 'message',
    role: 'assistant',
    content: [text('You said: hi')],
    stop_reason: 'end_turn',
  })
  t.equal((await post('{')).status, 400)
  t.match(await (await post(good, { 'anthropic-version': '2023-06-01' })).json(), { error: { type: 'authentication_error' } })
  t.equal((await post(good, { 'x-api-key': 'key' })).status, 400, 'the version is needed')
  t.equal((await fetch(`${api.url}/v1/other`, { method: 'POST' })).status, 404)
  t.strictSame(
    api.requests.map((request) => request.status),
    [200, 400, 401, 400, 404],
  )
})
