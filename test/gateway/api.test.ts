import t from 'tap'
import { OWNER, started } from './start.ts'

const headers = { authorization: `Bearer ${OWNER}` }

t.test('what the page and the command line read', async (t) => {
  const { ask, post } = await started(t)
  await post('/chat', { user_id: 'a:b%', message: 'hi' })
  const get = async (path: string) => (await ask('GET', path, { headers })).json()
  t.match(await get('/api/agents'), {
    agents: [
      { id: 'main', name: 'Jarvis', model: 'demo/scripted', tools: ['bash', 'read_file'], mode: 'ask' },
      { id: 'researcher' },
    ],
  })
  t.match(await get('/api/routes'), {
    defaultAgent: 'main',
    rules: [{ agentId: 'researcher', prefix: '/research', place: { line: 10 } }],
  })
  t.match(await get('/api/channels'), { channels: [{ id: 'http', type: 'http', state: 'connected' }] })
  t.match(await get('/api/heartbeats'), {
    heartbeats: [{ name: 'morning-check', schedule: '30 7 * * *', next: '2030-01-01T06:30:00.000Z' }],
  })
  t.match(await get('/api/reloads'), { reloads: [{ ok: true }, { ok: false, diagnostics: [{ code: 'CLAW101', line: 2 }] }] })
  t.match(await get('/api/usage'), { usage: [{ agentId: 'main', input: 1200 }] })
  t.match(await get('/api/approvals'), { approvals: [] })
  const key = 'agent:main:http:a%3Ab%25'
  t.match(await get('/api/sessions'), { sessions: [{ key, agentId: 'main' }] })
  t.match(await get(`/api/sessions/${encodeURIComponent(key)}`), {
    key,
    entries: [{ role: 'user', content: 'hi' }, { role: 'assistant' }],
  })
  t.equal((await ask('GET', '/api/sessions/agent:main:nobody', { headers })).status, 404)
  t.notMatch(JSON.stringify([await get('/api/channels'), await get('/api/agents')]), 'bridge-secret')
})

t.test('what they run', async (t) => {
  const { ask, post, engine } = await started(t)
  const waiting = post('/chat', { user_id: 'ann', message: 'run make' })
  const asked = await new Promise<string>((resolve) =>
    engine.on((event) => event.type === 'approval_request' && resolve(event.approval.id)),
  )
  t.match((await ask('GET', '/api/approvals', { headers })).json(), { approvals: [{ id: asked, text: 'make' }] })
  t.equal((await post(`/api/approvals/${asked}`, { decision: 'yes' }, headers)).status, 400)
  t.equal((await post('/api/approvals/none', { decision: 'once' }, headers)).status, 404)
  t.equal((await post(`/api/approvals/${asked}`, { decision: 'always' }, headers)).status, 200)
  t.match((await waiting).json(), { response: 'Ran `make` (always).' })
  t.match((await post('/api/reload', {}, headers)).json(), { ok: true, generation: 2 })
  t.equal((await post('/api/stop', { agent: 'nobody' }, headers)).status, 404)
  t.equal((await post('/api/stop', {}, headers)).status, 200)
  t.equal((await post('/chat', { user_id: 'ann', message: 'hi' })).status, 503)
  t.equal((await post('/api/resume', {}, headers)).status, 200)
  t.equal((await post('/api/heartbeats/nope/run', {}, headers)).status, 404)
  t.equal((await post('/api/heartbeats/morning-check/run', {}, headers)).status, 200)
  t.equal((await post(`/api/sessions/${encodeURIComponent('agent:main:http:ann')}/reset`, {}, headers)).status, 200)
  t.same(await engine.transcript('agent:main:http:ann'), [])
})

t.test('metrics in Prometheus text', async (t) => {
  const { ask, post } = await started(t)
  await post('/chat', { user_id: 'ann', message: 'hi' })
  const { text, headers: got } = await ask('GET', '/metrics')
  t.match(got['content-type'], 'version=0.0.4')
  t.match(text, '# TYPE claw_turns_total counter\nclaw_turns_total 1\n')
  t.match(
    text,
    '# TYPE claw_messages_total counter\nclaw_messages_total{channel="http"} 2\nclaw_messages_total{channel="webchat"} 1\n',
  )
  t.match(text, 'claw_queue_depth{lane="realtime"} 0')
  t.match(text, 'claw_channel_up{channel="telegram",type="telegram"} 1')
  for (const line of text.trim().split('\n')) t.match(line, /^(# TYPE \w+ (counter|gauge)|\w+(\{.*\})? -?[\d.e+]+)$/)
})

t.test('the page’s files', async (t) => {
  const { ask } = await started(t)
  const page = await ask('GET', '/')
  t.match(page, { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' } })
  t.notMatch(page.text, /<script(?![^>]*src=)|style=|\son\w+=/, 'nothing inline, so that the policy can forbid it')
  const etag = String(page.headers['etag'])
  t.equal((await ask('GET', '/', { headers: { 'if-none-match': etag } })).status, 304)
  for (const file of page.text.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)) {
    t.equal((await ask('GET', `/${file[1]}`)).status, 200, String(file[1]))
  }
  t.equal((await ask('GET', '/assets/none.js')).status, 404)
})

t.test('a gateway that is closing', async (t) => {
  const { gateway, engine, post } = await started(t)
  const release = engine.hold()
  const running = post('/chat', { user_id: 'ann', message: 'last words' })
  await new Promise<void>((resolve) => engine.on((event) => event.type === 'turn_start' && resolve()))
  const kept = fetch(`${gateway.url}/chat`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"user_id":"bob","message":"kept alive"}',
  })
  await new Promise<void>((resolve) => engine.on((event) => event.type === 'turn_start' && resolve()))
  const closed = gateway.close({ graceMs: 60_000 })
  release()
  t.match((await running).json(), { response: 'You said: last words' }, 'what runs is answered')
  t.match(await (await kept).json(), { response: 'You said: kept alive' }, 'on a kept connection too, which is let go then')
  await closed
  await t.rejects(fetch(`${gateway.url}/healthz`))
})
