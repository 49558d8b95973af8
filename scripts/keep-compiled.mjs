// Runs a bundle as its users do (`questions`: validate; `bot`: a bot that answers and reloads) and keeps what V8 compiled
// meanwhile, of it and of what it loaded beside it. Argument: the bundle's name.

import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const { loadBundle, loaded, folder } = createRequire(import.meta.url)('../bin/claw.js')
const [name] = process.argv.slice(2)
const { exports } = loadBundle(name, { cache: false })
const cwd = mkdtempSync(join(tmpdir(), 'claw-build-'))

const event = (type, data) => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`
const usage = { input_tokens: 1, output_tokens: 1 }
const model = createServer((request, response) => {
  request.resume()
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const message = { id: 'm', type: 'message', role: 'assistant', model: 'm', content: [], stop_reason: null, usage }
  response.end(
    event('message_start', { message }) +
      event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }) +
      event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'Hello.' } }) +
      event('content_block_stop', { index: 0 }) +
      event('message_delta', { delta: { stop_reason: 'end_turn' }, usage }) +
      event('message_stop', {}),
  )
})
await new Promise((resolve) => model.listen(0, '127.0.0.1', resolve))

const yaml = (soul) => `gateway: { port: 0 }
models: { api: { provider: anthropic, baseURL: "http://127.0.0.1:${model.address().port}", apiKey: none } }
agents: { main: { soul: ${soul}, model: api/m } }
routing: { defaultAgent: main, rules: [{ prefix: "/x", agentId: main }, { channelId: http, userId: u, agentId: main }] }
`
// Under other flags than at a start, V8 would refuse what is kept: so the engine must leave them alone.
const env = { NODE_OPTIONS: '--max-semi-space-size=16' }
const io = { cwd, env, color: false, stdin: process.stdin, out: () => {}, err: () => {} }
const until = async (name, what) => {
  for (let n = 0; n < 500; n++) {
    const value = await what().catch(() => undefined)
    if (value) return value
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`The bundle did not run as it should: ${name} did not come.`)
}

async function ask() {
  if ((await exports.main(['validate'], io)) !== 0) throw new Error('The bundle could not validate.')
}

async function talk() {
  const running = exports.main(['run', '--log-level', 'error'], io)
  const info = await until('gateway.json', async () => JSON.parse(readFileSync(join(cwd, '.openclaw/gateway.json'), 'utf8')))
  await until('readiness', async () => (await fetch(`${info.url}/readyz`)).ok)
  for (let n = 0; n < 3; n++) {
    const body = JSON.stringify({ user_id: 'u', message: 'hello' })
    const answer = await fetch(`${info.url}/chat`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    if (!answer.ok) throw new Error(`The bundle could not answer: ${await answer.text()}`)
  }
  writeFileSync(join(cwd, 'openclaw.yaml'), yaml('Two.'))
  const headers = { authorization: `Bearer ${info.ownerSecret}` }
  await until('the reload', async () => (await (await fetch(`${info.url}/status`, { headers })).json()).generation > 1)
  process.emit('SIGTERM')
  await running
}

try {
  writeFileSync(join(cwd, 'openclaw.yaml'), yaml('One.'))
  await (name === 'questions' ? ask() : talk())
  for (const { script, id } of loaded.values()) {
    const file = join(folder, `${id}.cache`)
    writeFileSync(`${file}.tmp`, script.createCachedData())
    renameSync(`${file}.tmp`, file)
  }
} finally {
  model.closeAllConnections()
  model.close()
  rmSync(cwd, { recursive: true, force: true })
}
process.exit()
