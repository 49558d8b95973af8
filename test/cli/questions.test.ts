// `claw route`, `claw access` and `claw plan` on real files.

import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { builtinRegistry as registry } from '../../src/builtin.ts'
import { loadPlan } from '../../src/config/load-plan.ts'
import { saveLastGood } from '../../src/engine/operations/last-good.ts'
import { runCli } from '../support/run-cli.ts'
import { testdir } from '../support/testdir.ts'

const FILE = `agents:
  main: { soul: soul.md, tools: [bash, read_file], workspace: ./work, rateLimit: { maxMessagesPerHour: 20 } }
  scout: { soul: You find., tools: [memory_search], sessionScope: per-peer }
owners: [mehdi]
identityLinks: { mehdi: ["telegram:123"] }
channels:
  telegram: { token: t, allowFrom: [mehdi] }
  http: {}
routing:
  defaultAgent: main
  rules:
    - { priority: 100, prefix: "/research", agentId: scout }
    - { channelId: http, pattern: "^!(a|b)+", agentId: scout }
heartbeats:
  - { name: morning, schedule: "30 7 * * *", timezone: UTC, agent: main, prompt: hi }
`

const bot = (t: Tap, files: Record<string, string> = {}): string =>
  testdir(t, { 'openclaw.yaml': FILE, 'soul.md': 'You are terse.\n', ...files })
type Tap = Parameters<typeof testdir>[0]

function edit(folder: string, from: string, to: string): void {
  const file = join(folder, 'openclaw.yaml')
  const text = readFileSync(file, 'utf8')
  if (!text.includes(from)) throw new Error(`no ${from} in the file`)
  writeFileSync(file, text.replace(from, to))
}

t.test('route', async (t) => {
  const folder = bot(t)
  const route = (...more: string[]) => runCli(folder, 'route', '--channel', 'telegram', '--user', '123', ...more)
  t.same((await route('--text', '/research sushi', '--format', 'json')).json(), {
    formatVersion: 1,
    agentId: 'scout',
    sessionKey: 'agent:scout:mehdi',
    content: 'sushi',
    rule: { index: 0, file: 'openclaw.yaml', line: 12 },
    considered: [{ index: 0, line: 12, matched: true, reason: 'prefix match' }],
    tools: ['memory_search'],
    permissions: { mode: 'ask' },
    rateLimit: {},
  })
  const human = await route('--group', '-5', '--mentioned')
  t.equal(human.code, 0)
  t.match(human.out, /agent +main\nrule +none: the default agent\nsession +agent:main:telegram:-5:123/)
  t.match(human.out, /✗ #0 line 12: text does not start with/)
  t.match((await route('--group', '-5')).out, /^refused +In groups .* when it is mentioned/)
  t.match((await route('--text', '/status')).out, /^command +\/status is a chat command/)
  const stranger = await runCli(folder, 'route', '--channel', 'telegram', '--user', '9', '--format', 'json')
  t.match(stranger.json(), { agentId: null, reason: /not in allowFrom/ })
})

t.test('route: usage, missing and invalid files', async (t) => {
  const folder = bot(t, { 'bad.yaml': 'agents: { main: { soul: x, tols: [] } }\n' })
  t.match(await runCli(folder, 'route', '--channel', 'telegrm', '--user', '1'), { code: 64, err: /did you mean "telegram"/ })
  t.match(await runCli(folder, 'route', '--channel', 'telegram'), { code: 64, err: /say --user/ })
  t.match(await runCli(folder, '-c', 'none.yaml', 'route', '--channel', 'a', '--user', '1'), { code: 66, out: '' })
  t.match(await runCli(folder, '-c', 'bad.yaml', 'route', '--channel', 'a', '--user', '1'), { code: 1, out: '', err: /CLAW101/ })
})

t.test('access', async (t) => {
  const folder = bot(t)
  const json = (await runCli(folder, 'access', '--format', 'json')).json()
  t.match(json, {
    formatVersion: 1,
    rows: [{ sender: 'stranger', channelId: 'http', agentId: 'main', rule: null, dangerous: ['bash'], sandbox: 'auto' }],
    notes: [/what the caller says/],
  })
  const rows = json['rows'] as { sender: string; channelId: string; rule: { file: string } | null }[]
  t.notOk(rows.some((row) => row.sender === 'stranger' && row.channelId === 'telegram'))
  t.equal(rows.find((row) => row.rule !== null)?.rule?.file, 'openclaw.yaml')
  t.match((await runCli(folder, 'access')).out, /Strangers reach tools.*\n {2}http \(direct\) → default → main → bash/)
  const markdown = (await runCli(folder, 'access', '--markdown')).out.split('\n')
  t.match(
    markdown[2],
    /^\| \*\*stranger\*\* \| http \| \/chat, \/v1, socket \| direct \| main \| default \| bash \\\[ask\\\], read\\_file \| auto \|$/,
  )
})

t.test('access fits a terminal of 80 columns, wide names included', async (t) => {
  const tools = '[bash, read_file, write_file, web_fetch, save_memory, memory_search, sessions_spawn]'
  const rules = Array.from(
    { length: 6 },
    (_, n) => `    - { prefix: "/エージェント会議${n}", userId: ["1", "${n}"], agentId: second }`,
  )
  const yaml = `agents:
  main: { soul: x, tools: ${tools}, subagents: [second] }
  second: { soul: x, tools: ${tools} }
channels: { http: {}, telegram: { token: t } }
routing:
  defaultAgent: main
  rules:
${rules.join('\n')}
`
  const { out, code } = await runCli(testdir(t, { 'openclaw.yaml': yaml }), 'access')
  t.equal(code, 0)
  const wide = (line: string): number =>
    [...line].reduce((sum, one) => sum + (/\p{Script=Katakana}|\p{Script=Han}|ー/u.test(one) ? 2 : 1), 0)
  t.same(
    out.split('\n').filter((line) => wide(line) > 80),
    [],
  )
  t.match(out, /main → second\n {2}tools: /)
  t.match(out, /エージェント/)
})

t.test('access --assert', async (t) => {
  const folder = bot(t)
  const assert = (text: string, ...more: string[]) => {
    writeFileSync(join(folder, 'expected.yaml'), text)
    return runCli(folder, 'access', '--assert', 'expected.yaml', ...more)
  }
  const good = `rows:
  - { sender: stranger, channelId: http, chatType: direct, agentId: main, expect: { dangerous: [bash], sandbox: auto } }
  - { sender: stranger, agentId: scout, expect: { dangerous: [], tools: [memory_search] } }
  - { sender: owner, door: telegram, agentId: main, expect: { tools: [{ name: bash, mode: ask }, read_file], via: [] } }
  - { tools: [bash], expect: { agentId: main } }
`
  t.match(await assert(good), { code: 0, out: '4 of 4 expectations hold\n' })
  const bad = `rows:
  - { sender: stranger, expect: { dangerous: [] } }
  - { sender: paired, expect: { agentId: scout } }
`
  const failed = await assert(bad, '--format', 'json')
  t.equal(failed.code, 1)
  t.match(failed.json(), {
    passed: 0,
    failed: 2,
    results: [
      {
        list: 'rows',
        index: 0,
        ok: false,
        file: 'expected.yaml',
        line: 2,
        failures: [{ item: { agentId: 'main' }, message: /dangerous is/ }],
      },
      { list: 'rows', index: 1, ok: false, selected: 0, line: 3, failures: [{ item: null, message: 'it selects nothing' }] },
    ],
  })
  t.match(await assert(bad), {
    code: 1,
    out: /✗ expected.yaml:2 rows\[0\]\n {4}.*stranger.*: dangerous is \["bash"\], expected \[\]/,
  })
  for (const [text, err] of [
    ['rows: [{ sendr: owner, expect: { agentId: main } }]', /expected.yaml: rows\[0\]: `sendr` is no field; there is .*sender/],
    ['rows: [{ sender: owner }]', /what must hold under `expect:`/],
    ['rows: [{ sender: owner, expect: {} }]', /expects nothing/],
    ['row: []', /`row` is none of its lists/],
    ['rows: []', /It expects nothing/],
    ['- a', /It must hold `rows:`/],
    ['rows: [', /expected.yaml:1: /],
  ] as const)
    t.match(await assert(text), { code: 1, err }, text)
  t.match(await runCli(folder, 'access', '--assert', 'nothing.yaml'), { code: 66 })
})

t.test('plan against what runs', async (t) => {
  const folder = bot(t)
  const nothing = (await runCli(folder, 'plan', '--format', 'json')).json()
  t.ok((nothing['changes'] as { action: string }[]).every((change) => change.action === 'add'))
  const { plan } = await loadPlan(join(folder, 'openclaw.yaml'), { registry, env: {} })
  if (plan === null) throw new Error('the file is invalid')
  await saveLastGood(plan)
  const none = { changes: [], widened: [], restarts: [], sessions: [], heartbeats: [] }
  t.match((await runCli(folder, 'plan', '--exit-code', '--format', 'json')).json(), { formatVersion: 1, ...none })
  t.equal((await runCli(folder, 'plan', '--exit-code')).code, 0)

  edit(folder, 'agents:\n', '# a comment\nagents:\n')
  t.match((await runCli(folder, 'plan', '--format', 'json')).json(), none)
  writeFileSync(join(folder, 'soul.md'), 'You are kind.\n')
  edit(folder, '[bash, read_file]', '[bash, read_file, write_file]')
  edit(folder, 'token: t', 'token: u')
  edit(folder, '"30 7', '"45 7')
  const changed = await runCli(folder, 'plan', '--exit-code', '--format', 'json')
  t.equal(changed.code, 2)
  t.match(changed.json(), {
    changes: [
      { action: 'change', kind: 'agent', id: 'main', fields: ['soul', 'tools'], line: 3 },
      { action: 'change', kind: 'channel', id: 'telegram', fields: ['token'] },
      { action: 'change', kind: 'heartbeat', id: 'morning', fields: ['schedule'] },
    ],
    widened: [{ agentId: 'main', what: 'new tool write_file' }],
    restarts: ['channel:telegram'],
    heartbeats: [{ name: 'morning', before: /T07:30/, after: /T07:45/ }],
  })
  t.match(
    (await runCli(folder, 'plan')).out,
    /~ agent main: soul, tools.*\n(.*\n)*Permissions widened\n {2}main: new tool write_file/,
  )
})

t.test('plan: parts there is one of stand where they are written', async (t) => {
  const folder = bot(t)
  const { plan } = await loadPlan(join(folder, 'openclaw.yaml'), { registry, env: {} })
  await saveLastGood(plan!)
  edit(folder, 'defaultAgent: main', 'defaultAgent: scout')
  edit(folder, 'owners: [mehdi]', 'owners: ["http:me"]')
  const more = 'gateway:\n  port: 0\nlanes: { realtime: 2 }\nsearch: { provider: brave }\ndurability: power\n'
  writeFileSync(join(folder, 'openclaw.yaml'), readFileSync(join(folder, 'openclaw.yaml'), 'utf8') + more)
  const { changes } = (await runCli(folder, 'plan', '--format', 'json')).json() as { changes: { id: string; line: number }[] }
  const lines = Object.fromEntries(changes.map(({ id, line }) => [id, line]))
  t.match(lines, { defaultAgent: 10, owners: 4, gateway: 16, lanes: 18, search: 19, state: 20 })
})

t.test('plan against a file and a revision, with a replay', async (t) => {
  const folder = bot(t, {
    'old.yaml': FILE.replace('/research', '/find'),
    'rec.jsonl': `${JSON.stringify({ type: 'inbound_message', data: { channelId: 'telegram', userId: '1', content: '/research x' } })}\n`,
  })
  const file = (await runCli(folder, 'plan', '--against', 'old.yaml', '--replay', 'rec.jsonl', '--format', 'json')).json()
  t.match(file, {
    changes: [
      { action: 'add', kind: 'rule' },
      { action: 'remove', kind: 'rule' },
    ],
    replay: { messages: 1, skipped: 0, moved: [{ line: 1, before: { agentId: 'main' }, after: { agentId: 'scout' } }] },
  })
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], { stdio: 'ignore' })
  git('init', '-q')
  git('add', 'openclaw.yaml', 'soul.md')
  git('commit', '-q', '-m', 'first')
  t.same((await runCli(folder, 'plan', '--against', 'git:HEAD', '--format', 'json')).json()['changes'], [])
  edit(folder, 'priority: 100', 'priority: 99')
  t.match((await runCli(folder, 'plan', '--against', 'git:HEAD', '--format', 'json')).json(), {
    changes: [{ action: 'change', kind: 'rule', fields: ['priority', 'rank'] }],
  })
})

t.test('plan: what cannot be compared', async (t) => {
  const folder = bot(t)
  t.match(await runCli(folder, 'plan', '--against', 'none.yaml'), { code: 66, out: '' })
  t.match(await runCli(folder, 'plan', '--against', 'git:--help'), { code: 64, err: /no revision/ })
  t.match(await runCli(folder, 'plan', '--replay', 'none.jsonl'), { code: 66, err: /recording cannot be read/ })
})
