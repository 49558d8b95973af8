// The JSON of each verb that asks the configuration: every field the interface names, by its name and kind, and no other.

import t, { type Test } from 'tap'
import { runCli } from '../support/run-cli.ts'
import { testdir } from '../support/testdir.ts'

const YAML = `agents:
  main: { soul: S, tools: [bash, read_file], sandbox: "off", permissions: { allow: ["git *"] }, rateLimit: { maxMessagesPerHour: 5 } }
channels: { http: {}, telegram: { token: x, allowFrom: ["1"] } }
routing: { rules: [{ prefix: /a, agentId: main }, { priority: 5, channelId: telegram, agentId: main }] }
heartbeats: [{ name: tick, schedule: "0 9 * * *", timezone: UTC, agent: main, prompt: hi }]
tests: [{ name: one, message: { channelId: http, userId: u, content: /a hi }, expect: { reply: nothing of the kind } }]
`

type Kind = 'string' | 'number' | 'boolean' | 'null' | 'list' | 'map'
/** A field's kinds, joined by a bar; a `?` at the end: may be absent. */
type Shape = Readonly<Record<string, string>>

const kindOf = (value: unknown): Kind =>
  value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value === 'object' ? 'map' : (typeof value as Kind)

function has(t: Test, value: unknown, shape: Shape, what: string): void {
  const fields = Object.entries(value as object)
  const wrong = [
    ...fields.filter(([key, one]) => !(shape[key] ?? '').replace('?', '').split('|').includes(kindOf(one))),
    ...Object.entries(shape).filter(([key, kinds]) => !kinds.endsWith('?') && !fields.some(([name]) => name === key)),
  ]
  t.same(
    wrong.map(([key, one]) => `${key}: ${kindOf(one)}`),
    [],
    what,
  )
}

const PLACE = { index: 'number', file: 'string', line: 'number' }
const list = (value: unknown): readonly Record<string, unknown>[] => {
  if (!Array.isArray(value) || value.length === 0) throw new Error('not a list with something in it')
  return value
}
const folder = (t: Test): string => testdir(t, { 'openclaw.yaml': YAML, 'bad.yaml': `${YAML}agents: {}\nrooting: {}\n` })

t.test('validate', async (t) => {
  const cwd = folder(t)
  const top = { formatVersion: 'number', valid: 'boolean', diagnostics: 'list' }
  const position = { file: 'string', line: 'number', column: 'number', endLine: 'number', endColumn: 'number' }
  for (const [file, valid] of [
    ['openclaw.yaml', true],
    ['bad.yaml', false],
  ] as const) {
    const json = (await runCli(cwd, 'validate', file, '--format', 'json')).json()
    has(t, json, top, file)
    t.equal(json['formatVersion'], 1)
    t.equal(json['valid'], valid)
    for (const one of list(json['diagnostics'])) {
      const more = { path: 'string', hint: 'string?', related: 'list?' }
      has(t, one, { code: 'string', severity: 'string', message: 'string', ...position, ...more }, `${one['code']}`)
      t.match(one, { code: /^CLAW\d{3}$/, severity: /^(error|warning|note)$/, file, path: /^(\/.*)?$/ })
      for (const other of (one['related'] ?? []) as object[]) has(t, other, { ...position, message: 'string' }, 'related')
    }
  }
})

t.test('plan, with a replay', async (t) => {
  const recording = '{"channelId":"http","userId":"u","content":"/a hi"}\n'
  const cwd = testdir(t, { 'a.yaml': YAML, 'b.yaml': YAML.replace('/a,', '/b,'), 'rec.jsonl': recording })
  const args = ['-c', 'b.yaml', 'plan', '--against', 'a.yaml', '--replay', 'rec.jsonl', '--format', 'json']
  const replayed = (await runCli(cwd, ...args)).json()
  const top = { formatVersion: 'number', against: 'string', changes: 'list', widened: 'list', restarts: 'list', sessions: 'list' }
  has(t, replayed, { ...top, heartbeats: 'list', replay: 'map' }, 'with a replay')
  has(t, replayed['replay'], { messages: 'number', skipped: 'number', moved: 'list' }, 'replay')
  const [moved] = list((replayed['replay'] as { moved: unknown }).moved)
  has(t, moved, { line: 'number', message: 'map', before: 'map', after: 'map' }, 'moved')
  has(t, moved?.['before'], { agentId: 'string|null', rule: 'number|null' }, 'before')
})

t.test('plan: changes and what they come to', async (t) => {
  const before = YAML.replace('"git *"', '"git status"').replace('"0 9', '"0 8').replace('token: x', 'token: y')
  const cwd = testdir(t, { 'before.yaml': before.replace('S, tools', 'S, sessionScope: main, tools'), 'after.yaml': YAML })
  const json = (await runCli(cwd, '-c', 'after.yaml', 'plan', '--against', 'before.yaml', '--format', 'json')).json()
  for (const one of list(json['changes'])) {
    has(
      t,
      one,
      { action: 'string', kind: 'string', id: 'string', fields: 'list', file: 'string', line: 'number' },
      `${one['id']}`,
    )
    t.match(one, {
      action: /^(add|change|remove)$/,
      kind: /^(agent|rule|channel|heartbeat|identityLink|limit|gateway|model)$/,
    })
  }
  for (const one of list(json['widened'])) has(t, one, { agentId: 'string', what: 'string' }, 'widened')
  t.strictSame(json['restarts'], ['channel:telegram'])
  for (const one of list(json['sessions']))
    has(t, one, { agentId: 'string', before: 'string', after: 'string|null', reason: 'string' }, 'sessions')
  for (const one of list(json['heartbeats']))
    has(t, one, { name: 'string', before: 'string|null', after: 'string|null' }, 'heartbeats')
})

t.test('route', async (t) => {
  const cwd = folder(t)
  const route = async (...args: string[]) => (await runCli(cwd, 'route', ...args, '--format', 'json')).json()
  const same = { formatVersion: 'number', considered: 'list', tools: 'list', rateLimit: 'map' }
  const answered = await route('--channel', 'http', '--user', 'u', '--text', '/a hi')
  has(
    t,
    answered,
    { ...same, agentId: 'string', sessionKey: 'string', content: 'string', rule: 'map', permissions: 'map' },
    'answered',
  )
  has(t, answered['rule'], PLACE, 'rule')
  for (const one of list(answered['considered']))
    has(t, one, { index: 'number', line: 'number', matched: 'boolean', reason: 'string' }, 'considered')
  has(t, answered['permissions'], { mode: 'string' }, 'permissions')
  t.match(answered, {
    formatVersion: 1,
    agentId: 'main',
    sessionKey: 'agent:main:http:u',
    content: 'hi',
    rule: { index: 0, file: 'openclaw.yaml', line: 4 },
    considered: [
      { index: 1, matched: false },
      { index: 0, matched: true },
    ],
    tools: ['bash', 'read_file'],
    permissions: { mode: 'ask' },
    rateLimit: { maxMessagesPerHour: 5 },
  })
  const nobody = {
    ...same,
    agentId: 'null',
    reason: 'string',
    sessionKey: 'null',
    content: 'null',
    rule: 'null|map',
    permissions: 'null',
  }
  has(t, await route('--channel', 'http', '--user', 'u', '--text', 'hi'), nobody, 'no rule')
  has(t, await route('--channel', 'telegram', '--user', '9', '--text', 'hi'), nobody, 'not let in')
})

t.test('a configuration that does not load: its problems, whatever was asked', async (t) => {
  const cwd = folder(t)
  const asked = [['route', '--channel', 'http', '--user', 'u'], ['plan'], ['permit', '--', 'ls'], ['access'], ['test']]
  const { diagnostics } = (await runCli(cwd, 'validate', 'bad.yaml', '--format', 'json')).json()
  for (const [verb = '', ...args] of asked) {
    const { code, err, json } = await runCli(cwd, '-c', 'bad.yaml', verb, '--format', 'json', ...args)
    t.equal(code, 1, verb)
    t.match(err, /bad\.yaml:\d+:\d+ error CLAW/)
    const errors = (one: unknown) => list(one).filter(({ severity }) => severity === 'error')
    t.match(json(), { formatVersion: 1, valid: false })
    t.strictSame(errors(json()['diagnostics']), errors(diagnostics))
  }
})

t.test('permit', async (t) => {
  const cwd = folder(t)
  const command = 'git status && rm x'
  const json = (await runCli(cwd, 'permit', '--agent', 'main', '--format', 'json', '--', command)).json()
  const verdict = { decision: 'string', reason: 'string' }
  has(t, json, { formatVersion: 'number', ...verdict, command: 'string', by: 'string', parts: 'list' }, 'permit')
  t.match(json, { formatVersion: 1, decision: 'ask', command })
  for (const one of list(json['parts'])) has(t, one, { ...verdict, words: 'list', by: 'string' }, 'part')
  for (const [text, decision] of [
    ['git log', 'run'],
    ['rm x', 'ask'],
    ['cat ~/.ssh/id_rsa', 'ask'],
    ['cat openclaw.yaml ../../.openclaw/audit.jsonl', 'refuse'],
  ] as const)
    t.match((await runCli(cwd, 'permit', '--agent', 'main', '--format', 'json', '--', text)).json(), { decision }, text)
})

t.test('access', async (t) => {
  const json = (await runCli(folder(t), 'access', '--format', 'json')).json()
  has(t, json, { formatVersion: 'number', rows: 'list', flows: 'list', notes: 'list' }, 'access')
  t.equal(json['formatVersion'], 1)
  const who = { channelId: 'string', door: 'string', sender: 'string', chatType: 'string', rule: 'map|null', ways: 'list' }
  const what = { agentId: 'string', via: 'list', tools: 'list', dangerous: 'list', sandbox: 'string', memory: 'map' }
  for (const one of list(json['rows'])) {
    has(t, one, { ...who, ...what }, 'row')
    t.match(one, { sender: /^(owner|linked|allow-listed|paired|stranger)$/, chatType: /^(direct|group)$/ })
    has(t, one['memory'], { read: 'list', write: 'list' }, 'memory of a row')
    for (const tool of list(one['tools'])) {
      has(t, tool, { name: 'string', traits: 'list', mode: 'string' }, 'tool')
      t.match(tool['mode'], /^(ask|record|ignore|free)$/)
    }
    for (const way of list(one['ways'])) {
      has(t, way, { kind: 'string', rule: 'map|null', when: 'string' }, 'way')
      t.match(way['kind'], /^(rule|default|named|started|scheduled)$/)
      if (way['rule'] !== null) has(t, way['rule'], PLACE, 'rule of a way')
    }
  }
  const place = { agentId: 'string', senderClass: 'string', channel: 'string', door: 'string' }
  for (const flow of list(json['flows'])) {
    has(t, flow, { ...place, outside: 'list', private: 'list', sends: 'list', verdict: 'string', why: 'string' }, 'flow')
    t.match(flow['verdict'], /^(open|guarded|closed)$/)
  }
})

t.test('test', async (t) => {
  const json = (await runCli(folder(t), 'test', '--coverage', '--format', 'json')).json()
  const counts = { passed: 'number', failed: 'number', skipped: 'number' }
  has(t, json, { formatVersion: 'number', ...counts, results: 'list', coverage: 'map' }, 'test')
  t.match(json, { formatVersion: 1, passed: 0, failed: 1 })
  const place = { file: 'string', line: 'number' }
  for (const one of list(json['results'])) {
    has(t, one, { name: 'string', ok: 'boolean', ...place, failures: 'list', skipped: 'string?' }, 'result')
    for (const failure of list(one['failures'])) has(t, failure, { message: 'string', ...place, column: 'number' }, 'failure')
  }
  const kinds = Object.entries(json['coverage'] as object)
  t.same(
    kinds.map(([kind]) => kind),
    ['rules', 'agents', 'limits', 'grants', 'heartbeats'],
  )
  for (const [name, kind] of kinds) {
    has(t, kind, { total: 'number', touched: 'number', missing: 'list' }, name)
    for (const one of kind.missing) has(t, one, { id: 'string', ...place }, name)
  }
})
