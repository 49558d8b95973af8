import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import t from 'tap'
import { builtinRegistry } from '../../src/builtin.ts'
import { createFakeTelegram } from '../../src/channels/telegram/fake/server.ts'
import { createLogger } from '../../src/log.ts'
import { createKnownSecrets } from '../../src/permissions/redact.ts'
import type { Registry } from '../../src/registry.ts'
import type { ToolDefinition } from '../../src/tools/port.ts'
import { startBot } from '../support/bot.ts'
import { lastUserText, type MessagesRequest } from '../support/fake-messages-api.ts'
import { runCli } from '../support/run-cli.ts'
import { openSocket } from '../support/socket-client.ts'
import { testdir } from '../support/testdir.ts'

// Every secret a configuration can hold has a value that is found again by its first letters. The bot is driven through
// all that might show one; then everything that came out of it is searched.

const secret = (name: string): string => `CANARY-${name}-${Buffer.from(name).toString('hex')}`
const GATE = secret('gateway-token')
const NEXT_GATE = secret('next-gateway-token')
const MODEL = secret('model-key')
const FILED = secret('filed-model-key')
const TELEGRAM = `123456:${secret('telegram').replaceAll('-', '_')}`
const SEARCH = secret('search')
const ALL = [GATE, MODEL, FILED, TELEGRAM, SEARCH]
const FOUND = /CANARY|Q0FOQVJ[YZ]|NBTkFSW|DQU5BUl|43414e415259/i

const boom: ToolDefinition = {
  name: 'boom',
  description: 'Fails and says too much.',
  inputSchema: { type: 'object', properties: {}, additionalProperties: false },
  traits: {},
  async run() {
    throw new Error(`GET https://x/?key=${MODEL} with ${TELEGRAM} failed`)
  },
}
const registry: Registry = { ...builtinRegistry, tools: [...builtinRegistry.tools, boom] }

const call = (name: string, input: object = {}): { name: string; input: object } => ({ name, input })
const bash = (command: string): { name: string; input: object } => call('bash', { command })

/** What the model does for each word of the user. */
const SCRIPT: Readonly<Record<string, readonly { name: string; input: object }[] | string>> = {
  environment: [bash('env'), bash('cat /proc/self/environ /proc/$PPID/environ'), bash('printenv MODEL_KEY GATE')],
  files: [
    bash('cat .env keys/model.txt'),
    // Text that gets past every check by its looks: what it brings up is blotted out.
    bash('K=key E=env; cat ${K}s/model.txt .$E; base64 ${K}s/model.txt; (printf x; cat .$E) | base64 -w0'),
    call('read_file', { path: '.env' }),
    call('read_file', { path: 'keys/model.txt' }),
    call('read_file', { path: 'openclaw.yaml' }),
  ],
  errors: [call('boom'), call('web_search', { query: 'x' }), call('nothing'), call('read_file', { path: MODEL })],
  inputs: [
    call('write_file', { path: 'note.txt', content: ALL.join('\n') }),
    call('save_memory', { key: 'keys', content: `remember ${FILED}` }),
    bash(`echo ${GATE}`),
  ],
  echo: `They are ${ALL.join(', ')} and ${Buffer.from(MODEL).toString('base64')}.`,
}

t.test('no secret shows anywhere, whatever the bot goes through', async (t) => {
  const telegram = await createFakeTelegram({ token: TELEGRAM })
  const folder = testdir(t, { keys: { 'model.txt': `${FILED}\n` } })
  const yaml = (gate: string): string => `
gateway: { port: 0, auth: { token: "\${${gate}}" } }
models:
  api: { provider: anthropic, baseURL: $API, apiKey: "\${MODEL_KEY}", maxRetries: 0 }
  spare: { provider: anthropic, baseURL: $API, apiKey: { file: keys/model.txt }, maxRetries: 0 }
search: { provider: brave, baseURL: "http://127.0.0.1:9", apiKey: "\${SEARCH:-${SEARCH}}" }
owners: ["telegram:11"]
agents:
  main: { soul: S, context: off, workspace: ., sandbox: "off", tools: ["*"], model: api/m, fallbacks: [spare/m], permissions: { mode: ignore, flow: allow } }
channels: { http: {}, webchat: {}, telegram: { token: "\${TELEGRAM_TOKEN}", apiRoot: "${telegram.url}" } }
`
  const env = { GATE, NEXT_GATE, MODEL_KEY: MODEL }
  const logged: string[] = []
  const secrets = createKnownSecrets()
  const log = createLogger({ level: 'debug', human: false, write: (line) => logged.push(line), redact: secrets.redact })
  const bot = await startBot(yaml('GATE'), {
    folder,
    files: { '.env': `TELEGRAM_TOKEN=${TELEGRAM}\n` },
    env,
    log,
    secrets,
    registry,
    api: {
      reply: (request: MessagesRequest) => {
        const last = lastUserText(request).trim()
        if (last === 'refused') return { fault: { status: 401, message: `invalid x-api-key: ${MODEL}` } }
        if (last === 'broken') return { fault: { status: 400, message: `bad request of ${FILED}` } }
        const script = last === 'both' ? `${GATE} was, ${NEXT_GATE} is` : SCRIPT[last]
        if (script === undefined) return `Done: ${last.slice(0, 2000)}`
        return typeof script === 'string' ? { text: script, chunkSize: 7 } : { toolCalls: script }
      },
    },
  })
  t.teardown(async () => {
    await bot.stop()
    await telegram.stop()
  })
  const out: Record<string, string> = {}
  const auth = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })
  const words = [...Object.keys(SCRIPT), 'refused', 'broken']

  const socket = await openSocket(bot.url, { hello: { channelId: 'webchat', token: bot.claw.ownerSecret } })
  for (const word of words) out[`chat ${word}`] = JSON.stringify(await bot.chat('u', word, {}, auth(GATE)))
  t.match(out['chat echo'], /They are \*\*\*, \*\*\*/, 'what stands around it comes through')
  t.match(out['chat files'], /\*\*\*/, `and was read, past the checks of text: ${out['chat files']}`)
  for (const word of words) telegram.say({ from: 11, text: word })
  telegram.fail({ method: 'sendMessage', code: 400, description: `Bad Request for bot${TELEGRAM}`, times: 2 })
  for (let i = 0; i < 1000 && telegram.chat(11).filter((one) => one.fromBot).length < words.length - 2; i++)
    await new Promise((resolve) => setTimeout(resolve, 10))

  await bot.save(yaml('NEXT_GATE'))
  t.equal((await bot.claw.engine.reload()).ok, true)
  t.equal((await bot.chat('u', 'hi', {}, auth(GATE))).status, 401, 'rotated')
  t.match((await bot.chat('v', 'both', {}, auth(NEXT_GATE))).body.response, '*** was, *** is')
  for (const word of words) out[`after ${word}`] = JSON.stringify(await bot.chat('v', word, {}, auth(NEXT_GATE)))

  for (const path of [
    '/status',
    '/metrics',
    '/healthz',
    '/readyz',
    '/v1/models',
    '/api/agents',
    '/api/sessions',
    '/api/approvals',
    '/api/reloads',
    '/api/usage',
    `/api/sessions/${encodeURIComponent('agent:main:http:u')}`,
    '/',
  ])
    out[path] = await (await fetch(`${bot.url}${path}`, { headers: auth(bot.claw.ownerSecret) })).text()
  for (const line of [
    'status',
    'config print',
    'config print --resolved',
    'config print --resolved --origin',
    'plan --against running',
    'access',
    'doctor',
    'validate --env',
    'usage',
    'sessions list',
    'memory list',
    'approvals',
    'audit verify',
  ]) {
    const ended = await runCli(folder, ...line.split(' '))
    out[`claw ${line}`] = ended.out + ended.err
  }
  await telegram.stop()
  telegram.dropConnections()
  await socket.close()
  await bot.stop()

  out['log'] = logged.join('')
  t.ok(logged.length > 5, 'there is a log')
  out['events'] = JSON.stringify(bot.events)
  out['telegram'] = JSON.stringify(telegram.chat(11))
  out['what the model was sent'] = JSON.stringify(bot.api.requests.map((one) => one.body))
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = relative(folder, join(entry.parentPath, entry.name))
    // These hold secrets by their nature, for their owner's eyes alone.
    if (!entry.isFile() || ['.env', 'keys/model.txt', 'openclaw.yaml'].includes(path) || path.includes('last-good')) continue
    out[path] = (await readFile(join(folder, path))).toString('latin1')
  }
  for (const [where, text] of Object.entries(out)) {
    const at = FOUND.exec(text)?.index
    t.equal(at, undefined, `${where}: ${at === undefined ? '' : text.slice(Math.max(0, at - 120), at + 60)}`)
  }
})
