import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import JSON5 from 'json5'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { builtinRegistry } from '../../src/builtin.ts'
import { linesOf } from '../../src/cli/import/lines.ts'
import { variable } from '../../src/cli/import/secrets.ts'
import type { Finding } from '../../src/cli/import/source.ts'
import { run } from '../../src/cli/import.ts'
import type { VerbIo } from '../../src/cli/io.ts'
import { loadPlan } from '../../src/config/load-plan.ts'
import { packageRoot } from '../../src/resources.ts'
import { testdir } from '../support/testdir.ts'

const SAMPLES = join(packageRoot(), 'test/cli/import-samples')

interface Outcome {
  readonly code: number
  readonly out: string
  readonly err: string
}

async function claw(cwd: string, args: string[], options: Record<string, unknown> = {}): Promise<Outcome> {
  const seen = { out: '', err: '' }
  const io: VerbIo = {
    registry: builtinRegistry,
    verbs: [],
    cwd,
    env: { HOME: join(cwd, 'home') },
    color: false,
    stdin: Readable.from([]),
    out: (text) => {
      seen.out += text
    },
    err: (text) => {
      seen.err += text
    },
  }
  const code = await run(args, { config: join(cwd, 'openclaw.yaml'), format: 'human', ...options }, io)
  return { code, ...seen }
}

interface Imported {
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it freely
  readonly config: any
  readonly yaml: string
  readonly findings: readonly Finding[]
  about(path: string): string | undefined
}

/** Imports a text and checks that what comes of it is a valid configuration. */
async function imported(t: Test, source: string, more: Record<string, string> = {}): Promise<Imported> {
  const cwd = testdir(t, { 'openclaw.json': source, ...more })
  const { code, out } = await claw(cwd, ['openclaw.json'], { format: 'json' })
  t.equal(code, 0)
  const { yaml, findings } = JSON.parse(out) as { yaml: string; findings: Finding[] }
  await writeFile(join(cwd, 'openclaw.yaml'), yaml)
  const { diagnostics } = await loadPlan(join(cwd, 'openclaw.yaml'), { registry: builtinRegistry, env: {} })
  t.same(
    diagnostics.filter((one) => one.severity === 'error').map((one) => `${one.line}: ${one.message}`),
    [],
    'it is valid',
  )
  const about = (path: string): string | undefined => findings.find((one) => one.path === path)?.message
  return { config: parse(yaml), yaml, findings, about }
}

/** A token that one sample keeps in a file. */
const TOKEN_FILE = { 'biz-token': 'x' }

const sample = (name: string): Promise<string> => readFile(join(SAMPLES, name), 'utf8')

t.test('every sample becomes a valid configuration', async (t) => {
  for (const name of await readdir(SAMPLES))
    await t.test(name, async (t) => void (await imported(t, await sample(name), TOKEN_FILE)))
})

t.test('the wide one', async (t) => {
  const source = await sample('everything.json5')
  const { config, yaml, findings, about } = await imported(t, source)

  t.test('agents, models and tools', async (t) => {
    t.match(config.defaults, {
      model: 'anthropic/claude-sonnet-4-5',
      fallbacks: ['anthropic/claude-opus-4-6', 'openrouter/meta/llama'],
      compaction: { contextWindow: 150000 },
      queue: { whenBusy: 'collect', debounce: '1000ms', maxBacklog: 20 },
      reset: { daily: '04:00', idle: '60m' },
      replyPrefix: true,
    })
    t.match(config.agents.home, { name: 'Home', subagents: ['work-bot'] })
    t.ok(config.agents.home.tools.includes('bash'))
    t.match(config.agents['work-bot'], { name: 'Work', model: 'custom-proxy/llama-3.1-8b', sandbox: 'required' })
    t.notOk(config.agents['work-bot'].tools.includes('bash'), 'its own deny holds')
    t.notOk(config.agents['work-bot'].tools.includes('sessions_spawn'), 'it may start nobody')
    t.match(config.models['custom-proxy'], { provider: 'openai', baseURL: 'http://localhost:4000/v1' })
    t.match(about('agents.defaults.model.fallbacks[2]'), /no model service "kimi-coding"/)
    t.match(about('tools.allow[8]'), /no tool "canvas"/)
  })

  t.test('channels, people and rules', async (t) => {
    t.match(config.channels.telegram, {
      allowFrom: ['123456789'],
      streaming: 'edit',
      groups: { respond: 'mention', session: 'shared' },
    })
    t.match(config.channels.discord, {
      token: variable('MY_DISCORD_TOKEN'),
      groups: { respond: 'always', allow: ['123456789012345678'] },
    })
    t.same(config.channels.slack.groups.allow, ['C0123'])
    t.notOk('signal' in config.channels)
    t.match(about('channels.signal'), /no channel of type "signal"/)
    t.match(about('channels.telegram.allowFrom[1]'), /@someone is a name/)
    t.same(config.identityLinks.alice, ['telegram:123456789', 'discord:987654321012345678'])
    t.same(config.identityLinks['main-person'], ['slack:U123'], 'a reserved name is changed')
    t.equal(config.sessionScope, 'per-channel-peer')
    t.same(config.routing, {
      defaultAgent: 'home',
      rules: [
        { channelId: 'slack', agentId: 'work-bot' },
        { priority: 40, channelId: 'telegram', groupId: '-100123', threadId: '7', agentId: 'work-bot' },
        { priority: 40, channelId: 'telegram', userId: '123456789', agentId: 'home' },
        { priority: 30, channelId: 'discord', groupId: '123456789012345678', agentId: 'work-bot' },
      ],
    })
    t.match(about('bindings[4]'), /no channel for signal/)
    t.match(about('bindings[5]'), /no agent "gone"/)
    t.match(about('bindings[6]'), /type "acp"/)
  })

  t.test('gateway, heartbeat, search, speech', async (t) => {
    t.match(config.gateway, { host: '0.0.0.0', port: 18789, allowedOrigins: ['https://chat.example.org'] })
    t.same(config.heartbeats, [
      {
        name: 'home-heartbeat',
        schedule: '*/30 8-21 * * *',
        timezone: 'America/Chicago',
        agent: 'home',
        prompt: 'HEARTBEAT',
        deliverTo: 'telegram:123456789',
      },
    ])
    t.equal(config.search.provider, 'brave')
    t.same(config.transcription, { command: ['whisper', '--model', 'base', '{file}'] })
    t.same(config.lanes, { realtime: 3 })
  })

  t.test('no secret comes along', async (t) => {
    for (const text of [yaml, JSON.stringify(findings)])
      t.notMatch(text, /secret-[12]|telegram-secret|xapp-secret|brave-secret|proxy-secret|gateway-secret|hook-secret/)
    const named = findings.filter((one) => one.kind === 'secret').map((one) => /as (\w+)$/.exec(one.message)?.[1])
    t.same(named.sort(), [
      'BRAVE_API_KEY',
      'CLAW_TOKEN',
      'CUSTOM_PROXY_API_KEY',
      'CUSTOM_PROXY_X_PROXY_REGION',
      'SLACK_APP_TOKEN',
      'TELEGRAM_BOT_TOKEN',
    ])
  })

  t.test('what has no counterpart stands in the list with its line', async (t) => {
    const lines = source.split('\n')
    for (const { path, line } of findings) {
      t.ok(line > 0, path)
      const key =
        path
          .replace(/(\[[^\]]*\])+$/, '')
          .split('.')
          .at(-1) ?? ''
      if (!path.endsWith(']')) t.match(lines[line - 1], key.replace(/^.*\["?|"?\]$/g, ''), path)
    }
    for (const path of [
      'env',
      'auth',
      'cron',
      'hooks',
      'skills',
      'logging',
      'session.sendPolicy',
      'tools.elevated',
      'gateway.tailscale',
      'channels.telegram.historyLimit',
    ]) {
      t.ok(about(path), path)
    }
    t.notOk(findings.some((one) => one.path.startsWith('$schema') || one.path === 'models.mode'))
  })
})

t.test('the older shape', async (t) => {
  const { config, about } = await imported(t, await sample('starter.json5'))
  t.match(config.agents.main, { name: 'Clawd', soul: 'You are Clawd, a helpful assistant.', model: undefined })
  t.equal(config.defaults.model, 'anthropic/claude-sonnet-4-5')
  t.match(config.channels.whatsapp, { enabled: false, allowFrom: ['15555550123'] })
  t.same(config.owners, ['whatsapp:15555550123'], 'the one who is let in is the owner')
  t.match(about('channels.whatsapp.enabled'), /Cloud API/)
  t.equal(about('identity.emoji'), 'has no counterpart')
})

t.test('accounts become channels', async (t) => {
  const { config } = await imported(t, await sample('accounts.json5'), TOKEN_FILE)
  t.match(config.channels, {
    'telegram-personal': { type: 'telegram', token: variable('TELEGRAM_PERSONAL_BOT_TOKEN') },
    'telegram-biz': { type: 'telegram', token: { file: './biz-token' }, strangers: 'pair', allowFrom: [] },
  })
  t.notOk('allowFrom' in config.channels['telegram-personal'], 'open stays open')
  t.match(config.routing.rules, [
    { priority: 10, channelId: 'telegram-personal', agentId: 'home' },
    { priority: 10, channelId: 'telegram-biz', agentId: 'work' },
    { priority: 40, channelId: 'telegram-personal', groupId: '-100777', agentId: 'work' },
    { channelId: ['telegram-personal', 'telegram-biz'], agentId: 'home' },
  ])
  t.same(config.agents.work.tools, ['read_file'])
  t.equal(config.heartbeats[0].schedule, '0 */2 * * *')
})

t.test('a SOUL.md that is there is named', async (t) => {
  const cwd = testdir(t, {
    'openclaw.json': '{agents: {defaults: {workspace: "~/w"}}}',
    home: { w: { 'SOUL.md': 'You are old.' } },
  })
  const { out } = await claw(cwd, ['openclaw.json'])
  t.equal(parse(out).agents.main.soul, join(cwd, 'home/w/SOUL.md'))
})

t.test('$include is followed', async (t) => {
  const { config } = await imported(
    t,
    '{agents: {list: {$include: ["./a.json5", "./b.json5"]}}, session: {$include: "./s.json5", dmScope: "main"}}',
    {
      'a.json5': '[{id: "one"}]',
      'b.json5': '[{id: "two"}]',
      's.json5': '{dmScope: "per-peer", identityLinks: {}}',
    },
  )
  t.same(Object.keys(config.agents), ['one', 'two'])
  t.equal(config.sessionScope, 'main')
  const cwd = testdir(t, { 'x.json': '{$include: "./x.json"}' })
  await t.rejects(claw(cwd, ['x.json']), /includes itself/)
})

t.test('schedules', async (t) => {
  const schedule = async (heartbeat: object): Promise<string | undefined> =>
    (await imported(t, JSON.stringify({ agents: { defaults: { heartbeat } } }))).config.heartbeats?.[0]?.schedule
  t.equal(await schedule({ every: '15m' }), '*/15 * * * *')
  t.equal(await schedule({ every: '1h' }), '0 * * * *')
  t.equal(await schedule({ every: '6h', activeHours: { start: '06:00', end: '24:00' } }), '0 6-23/6 * * *')
  t.equal(await schedule({ every: '24h' }), '0 0 * * *')
  t.equal(await schedule({ every: '25m' }), '*/30 * * * *')
  t.equal(await schedule({ every: '0m' }), undefined)
  t.equal(await schedule({ every: 'often' }), undefined)
})

t.test('the command line', async (t) => {
  const cwd = testdir(t, { 'ok.json': '{}', 'broken.json': '{a: ', 'list.json': '[]' })
  const piped = await claw(cwd, ['ok.json'])
  t.match(piped.out, /^# Imported from ok\.json/)
  t.match(piped.err, /Everything was carried over/)
  const written = await claw(cwd, ['ok.json'], { output: 'new.yaml' })
  t.match(written.out, /Wrote .*new\.yaml/)
  t.match(await readFile(join(cwd, 'new.yaml'), 'utf8'), /sessionScope: main/)
  await t.rejects(claw(cwd, ['ok.json'], { output: 'new.yaml' }), /is there already/)
  await t.rejects(claw(cwd, ['broken.json']), { exitCode: 1, message: /not an OpenClaw configuration/ })
  await t.rejects(claw(cwd, ['list.json']), { exitCode: 1, message: /holds no object/ })
  await t.rejects(claw(cwd, ['missing.json']), { exitCode: 66, message: /cannot be read/ })
  t.equal((await claw(cwd, [])).code, 64)
})

t.test('one identity for the whole file is the default agent’s; what two accounts share is told once', async (t) => {
  const { config, findings } = await imported(
    t,
    `{ identity: { name: 'Sam', theme: 'sloth' },
      agents: { list: [{ id: 'desk', name: 'Desk' }, { id: 'main', default: true, name: 'Plain' }, { id: 'bare' }] },
      channels: { telegram: { groups: { '-1': { requireMention: false }, '-2': { requireMention: true } },
        accounts: { default: { botToken: 'a' }, other: { botToken: 'b' } } } } }`,
  )
  t.match(config.agents, { main: { name: 'Sam', soul: /sloth/ }, desk: { name: 'Desk', soul: 'You are Desk.' } })
  t.equal(config.agents.bare.name, undefined)
  t.equal(findings.filter((one) => one.path === 'channels.telegram.groups').length, 1)
})

t.test('odd values never crash it', async (t) => {
  for (const odd of ['null', '7', '"text"', '[]', '[null]', '{}', '[{}]', '{"a": null}', 'true']) {
    for (const key of [
      'agents',
      'channels',
      'bindings',
      'session',
      'tools',
      'gateway',
      'models',
      'messages',
      'agent',
      'identity',
    ]) {
      const cwd = testdir(t, { 'x.json': `{"${key}": ${odd}}` })
      t.equal((await claw(cwd, ['x.json'])).code, 0, `${key}: ${odd}`)
    }
  }
})

t.test('lines of JSON5', async (t) => {
  const text = `// first\n{ /* a:\n */ a: 1, 'b c': [\n  "x", {d: 'it\\'s // no comment'},\n  ], "e\\"f":\n 2 }`
  t.same(JSON5.parse(text), { a: 1, 'b c': ['x', { d: "it's // no comment" }], 'e"f': 2 })
  const lines = linesOf(text)
  t.same(
    [...lines].map(([path, line]) => `${path.replaceAll('\0', '/')} ${line}`),
    ['a 3', 'b c 3', 'b c/0 4', 'b c/1 4', 'b c/1/d 4', 'e"f 5'],
  )
  t.equal(linesOf('').size, 0)
  t.ok(linesOf('{a: {'))
})

t.test('a service spoken to in its own way, with the bounds of its models and ids as the platform writes them', async (t) => {
  const providers = {
    ollama: { api: 'ollama', baseUrl: 'http://127.0.0.1:11434', models: [{ id: 'small', contextWindow: 8192, maxTokens: 2048 }] },
    google: { api: 'google-generative-ai', apiKey: 'k', models: [{ id: 'flash', contextWindow: 32_000 }] },
    odd: { api: 'its-own', baseUrl: 'http://127.0.0.1:1' },
  }
  const { config, about } = await imported(
    t,
    JSON.stringify(
      {
        models: { providers },
        agents: { defaults: { model: 'ollama/small' }, list: [{ id: 'main' }, { id: 'other', model: 'google/flash' }] },
        tools: { web: { search: { enabled: true } } },
        channels: { whatsapp: { allowFrom: ['+49 (151) 1234-567'] } },
        commands: { ownerAllowFrom: ['whatsapp:+491511234567'] },
      },
      null,
      1,
    ),
  )
  t.match(config.models.ollama, { provider: 'openai', baseURL: 'http://127.0.0.1:11434/v1' })
  t.match(config.models.google, { provider: 'openai', baseURL: 'https://generativelanguage.googleapis.com/v1beta/openai' })
  t.equal(config.models.odd, undefined)
  t.match(config.defaults, { model: 'ollama/small', maxTokens: 2048, compaction: { contextWindow: 8192 } })
  t.match(config.agents.other, { model: 'google/flash', compaction: { contextWindow: 32_000 } })
  t.same(config.channels.whatsapp.allowFrom, ['491511234567'])
  t.same(config.owners, ['whatsapp:491511234567'])
  t.match(about('models.providers.ollama.api'), /in place of ollama/)
  t.match(about('models.providers.odd'), /speaks "its-own"/)
  t.match(about('tools.web.search'), /BRAVE_API_KEY/)
})
