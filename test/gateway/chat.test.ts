import { request } from 'node:http'
import t from 'tap'
import { OWNER, started } from './start.ts'

t.test('a message and its answer', async (t) => {
  const { post } = await started(t)
  const reply = await post('/chat', { user_id: 'ann', message: 'hi', message_id: 'm1' })
  t.equal(reply.status, 200)
  t.same(reply.json(), { agent: 'Jarvis', response: 'You said: hi', session_key: 'agent:main:http:ann', message_id: 'm1' })
  t.match(reply.headers['content-security-policy'], "default-src 'none'")
})

t.test('the same message_id gives the first answer and runs once', async (t) => {
  const { post, engine } = await started(t)
  const first = await post('/chat', { user_id: 'ann', message: 'hi', message_id: 'm1' })
  const second = await post('/chat', { user_id: 'ann', message: 'something else', message_id: 'm1' })
  t.same(second.json(), first.json())
  t.equal(engine.turns, 1)
  const racing = await Promise.all([1, 2].map(() => post('/chat', { user_id: 'ann', message: 'twice', message_id: 'm2' })))
  t.same(racing[0]?.json(), racing[1]?.json())
  t.equal(engine.turns, 2)
})

t.test('channels and groups', async (t) => {
  const { post } = await started(t)
  const page = await post('/chat', { user_id: 'ann', message: 'hi', channel_id: 'webchat' })
  t.match(page.json(), { session_key: 'agent:main:webchat:ann' })
  for (const group of ['g1', 'g2']) {
    const reply = await post('/chat', { user_id: 'ann', message: 'hi', group_id: group })
    t.match(reply.json(), { session_key: `agent:main:http:${group}:ann` })
  }
  for (const channel of ['telegram', 'nowhere', 'bridge']) {
    const reply = await post('/chat', { user_id: 'ann', message: 'hi', channel_id: channel })
    t.equal(reply.status, 404, channel)
    t.match(reply.json(), { error: { code: 'unknown_channel' } })
  }
})

t.test('what is wrong with a body is said', async (t) => {
  const { post, ask } = await started(t)
  const json = { 'content-type': 'application/json' }
  const cases: [unknown, number, string][] = [
    [{ message: 'hi' }, 400, '"user_id" is missing'],
    [{ user_id: 7, message: 'hi' }, 400, '"user_id" must be a string'],
    [{ user_id: 'ann' }, 400, '"message" is missing'],
    [{ user_id: 'ann', message: '  ' }, 400, '"message" must not be empty'],
    [{ user_id: 'ann', message: ['hi'] }, 400, '"message" must be a string'],
    [{ user_id: 'ann', message: 'hi', group_id: {} }, 400, '"group_id" must be a string'],
    [{ user_id: 'x'.repeat(600), message: 'hi' }, 400, '"user_id" may have at most'],
    [['list'], 400, 'must be a JSON object'],
    ['text', 400, 'must be a JSON object'],
    [null, 400, 'must be a JSON object'],
  ]
  for (const [body, status, message] of cases) {
    const reply = await post('/chat', body)
    t.equal(reply.status, status, message)
    t.match(reply.json()['error'], { code: String, message: new RegExp(message.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')) })
  }
  const broken = await ask('POST', '/chat', { headers: json, body: '{"user_id": ' })
  t.equal(broken.status, 400)
  t.match(broken.json(), { error: { code: 'malformed_json' } })
  const large = await post('/chat', { user_id: 'ann', message: 'x'.repeat(70_000) })
  t.equal(large.status, 413)
  t.match(large.json(), { error: { code: 'too_large' } })
  t.equal((await post('/chat', { user_id: 'ann', message: 'still here' })).status, 200)
})

t.test('a body that is too large without saying so beforehand', async (t) => {
  const { gateway } = await started(t)
  const status = await new Promise<number>((resolve, reject) => {
    const sending = request(
      {
        host: '127.0.0.1',
        port: gateway.port,
        method: 'POST',
        path: '/chat',
        headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
      },
      (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      },
    )
    sending.on('error', reject)
    for (let i = 0; i < 80; i++) sending.write('x'.repeat(1000))
    sending.end()
  })
  t.equal(status, 413)
})

t.test('refusals have a status, a code and a sentence for the sender', async (t) => {
  const { post } = await started(t)
  const expected: [string, number][] = [
    ['stranger', 403],
    ['rate_limit', 429],
    ['no_route', 404],
    ['stopped', 503],
    ['backlog', 429],
    ['too_long', 413],
  ]
  for (const [code, status] of expected) {
    const reply = await post('/chat', { user_id: 'ann', message: `refuse ${code}` })
    t.equal(reply.status, status, code)
    t.match(reply.json(), { error: { code } })
    t.notMatch(reply.text, 'internal reason')
  }
  t.match((await post('/chat', { user_id: 'ann', message: 'refuse rate_limit' })).text, 'in 12 minutes')
  const command = await post('/chat', { user_id: 'ann', message: '/stop all' })
  t.match(command, { status: 200 })
  t.match(command.json(), { agent: null, response: 'Everything is stopped.' })
})

t.test('an event stream carries the frames of the socket', async (t) => {
  const { post } = await started(t)
  const reply = await post('/chat', { user_id: 'ann', message: 'tell me a story' }, { accept: 'text/event-stream' })
  t.match(reply.headers['content-type'], 'text/event-stream')
  const frames = reply.text
    .split('\n')
    .filter((line) => line.startsWith('data: '))
    .map((line) => JSON.parse(line.slice(6)) as { type: string; data: Record<string, unknown> })
  const chunks = frames.filter((one) => one.type === 'agent_response_chunk')
  t.ok(chunks.length > 1)
  t.equal(chunks.map((one) => one.data['chunk']).join(''), 'You said: tell me a story')
  t.same(
    chunks.map((one) => one.data['sequenceId']),
    chunks.map((_, index) => index),
  )
  t.match(frames.at(-1), {
    type: 'outbound_message',
    data: { channelId: 'http', target: 'ann', content: 'You said: tell me a story', sessionId: 'agent:main:http:ann' },
  })
  const refused = await post('/chat', { user_id: 'ann', message: 'refuse stranger' }, { accept: 'text/event-stream' })
  t.equal(refused.status, 403)
})

t.test('who hangs up does not cancel the turn', async (t) => {
  const { gateway, engine, post } = await started(t)
  const release = engine.hold()
  await new Promise<void>((resolve) => {
    const sending = request({
      host: '127.0.0.1',
      port: gateway.port,
      method: 'POST',
      path: '/chat',
      headers: { 'content-type': 'application/json' },
    })
    sending.on('error', () => {})
    sending.on('close', () => resolve())
    sending.end(JSON.stringify({ user_id: 'ann', message: 'slow', message_id: 'm1' }))
    const off = engine.on((event) => {
      if (event.type !== 'turn_start') return
      off()
      sending.destroy()
    })
  })
  release()
  const again = await post('/chat', { user_id: 'ann', message: 'slow', message_id: 'm1' })
  t.match(again.json(), { response: 'You said: slow' })
  t.equal(engine.turns, 1)
})

t.test('agents as models', async (t) => {
  const { ask, post } = await started(t)
  t.match((await ask('GET', '/v1/models')).json(), {
    object: 'list',
    data: [{ id: 'main', object: 'model' }, { id: 'researcher' }],
  })
  const messages = [
    { role: 'system', content: 'ignored' },
    { role: 'user', content: 'old' },
    { role: 'assistant', content: 'older' },
    { role: 'user', content: [{ type: 'text', text: 'new' }] },
  ]
  const reply = await post(
    '/v1/chat/completions',
    { model: 'researcher', messages, user: 'bob' },
    { authorization: `Bearer ${OWNER}` },
  )
  t.match(reply.json(), {
    object: 'chat.completion',
    model: 'researcher',
    choices: [{ message: { role: 'assistant', content: 'You said: new' }, finish_reason: 'stop' }],
  })
  const byHeader = await post('/v1/chat/completions', { model: 'main', messages }, { 'x-claw-user': 'carol' })
  t.equal(byHeader.status, 200)
  const sessions = (await ask('GET', '/api/sessions', { headers: { authorization: `Bearer ${OWNER}` } })).text
  t.match(sessions, 'agent:researcher:http:bob')
  t.match(sessions, 'agent:main:http:carol')
  const stream = await post('/v1/chat/completions', { model: 'main', messages, stream: true })
  const data = stream.text.split('\n').filter((line) => line.startsWith('data: '))
  t.equal(data.at(-1), 'data: [DONE]')
  const deltas = data
    .slice(0, -1)
    .map((line) => (JSON.parse(line.slice(6)) as { choices: { delta: { content?: string } }[] }).choices[0]?.delta.content ?? '')
  t.equal(deltas.join(''), 'You said: new')
  t.ok(deltas.length > 3)
  const unknown = await post('/v1/chat/completions', { model: 'gpt-9', messages }, { authorization: `Bearer ${OWNER}` })
  t.equal(unknown.status, 404)
  t.match(unknown.json(), { error: { code: 'model_not_found', type: 'invalid_request_error' } })
  t.equal((await post('/v1/chat/completions', { model: 'main', messages: [] })).status, 400)
  t.equal(
    (await post('/v1/chat/completions', { model: 'main', messages: [{ role: 'user', content: 'refuse rate_limit' }] })).status,
    429,
  )
})

t.test('agents as models, asked by the official client', async (t) => {
  const { gateway } = await started(t)
  const { default: OpenAI } = await import('openai')
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'none' })
  const models = await client.models.list()
  t.same(
    models.data.map((one) => one.id),
    ['main', 'researcher'],
  )
  const answer = await client.chat.completions.create({ model: 'main', messages: [{ role: 'user', content: 'hello there' }] })
  t.equal(answer.choices[0]?.message.content, 'You said: hello there')
  let text = ''
  for await (const part of await client.chat.completions.create({
    model: 'main',
    messages: [{ role: 'user', content: 'stream it' }],
    stream: true,
  })) {
    text += part.choices[0]?.delta.content ?? ''
  }
  t.equal(text, 'You said: stream it')
})

t.test('calls of platforms reach the engine as they came', async (t) => {
  const { ask, engine } = await started(t, { tokenText: 'token' })
  const reply = await ask('POST', '/hooks/telegram?q=yes', {
    headers: { 'content-type': 'application/x-thing' },
    body: 'raw \u00e9 bytes',
  })
  t.match(reply, { status: 202, text: 'yes', headers: { 'x-seen': 'POST' } })
  t.same(engine.webhooks, [{ channelId: 'telegram', body: 'raw \u00e9 bytes' }])
  t.equal((await ask('GET', '/hooks/telegram?q=challenge')).text, 'challenge')
  t.equal((await ask('GET', '/hooks/telegram?q=is?it&r=1')).text, 'is?it', 'a value may hold a question mark')
  t.equal((await ask('POST', '/hooks/none', { body: '' })).status, 404)
  t.equal((await ask('POST', '/hooks/telegram', { body: 'x'.repeat(70_000) })).status, 413)
})
