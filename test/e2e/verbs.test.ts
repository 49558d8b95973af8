import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { claw } from '../support/process.ts'
import { testdir } from '../support/testdir.ts'

const YAML = `
gateway: { port: 0 }
models: { demo: { provider: scripted } }
agents: { main: { soul: S, model: demo, tools: [bash, save_memory], permissions: { allow: ["git status"] } } }
heartbeats: [{ name: tick, schedule: "0 9 * * *", timezone: UTC, agent: main, prompt: hi }]
tests: [{ name: hello, message: { channelId: http, userId: u, content: hi }, expect: { agentId: main } }]
`

/** Each verb as the built program runs it, with the exit code it must have. */
const CASES: readonly (readonly [args: readonly string[], code: number])[] = [
  [['validate'], 0],
  [['plan'], 0],
  [['plan', '--exit-code'], 2],
  [['route', '--channel', 'http', '--user', 'u', '--text', 'hi'], 0],
  [['permit', '--agent', 'main', '--', 'git', 'status'], 0],
  [['access'], 0],
  [['test', '--coverage'], 0],
  [['config', 'print'], 0],
  [['config', 'print', '--resolved', '--origin'], 0],
  [['explain', 'CLAW101'], 0],
  [['sessions', 'list'], 0],
  [['memory', 'list'], 0],
  [['skill', 'list'], 0],
  [['service', 'install', '--print'], 0],
  [['status'], 1],
  [['approvals'], 1],
  [['doctor'], 0],
]

t.test('every verb, built, in words and as JSON', async (t) => {
  const cwd = testdir(t, { 'openclaw.yaml': YAML })
  for (const [args, code] of CASES) {
    const human = await claw(args, { cwd })
    t.equal(human.code, code, `claw ${args.join(' ')}: ${human.err}`)
    t.notMatch(human.out + human.err, /our bug/)
    const json = await claw([...args.slice(0, 1), '--format', 'json', ...args.slice(1)], { cwd })
    t.equal(json.code, code, `${args.join(' ')} as JSON: ${json.err}`)
    if (code !== 1) t.equal((JSON.parse(json.out) as { formatVersion: number }).formatVersion, 1, args.join(' '))
  }
  for (const args of [['schema'], ['fmt', '--check'], ['--version'], ['--help'], ['run', '--help']]) {
    const { code, out, err } = await claw(args, { cwd })
    t.ok(code === 0 || (args[0] === 'fmt' && code === 1), `${args.join(' ')}: ${code} ${err}`)
    t.not(out + err, '')
  }
})

t.test('usage mistakes are 64 and say what to do', async (t) => {
  const cwd = testdir(t, { 'openclaw.yaml': YAML })
  for (const args of [['frobnicate'], ['validate', '--nope'], ['validate', '--format', 'xml'], ['route']]) {
    const { code, err } = await claw(args, { cwd })
    t.equal(code, 64, args.join(' '))
    t.notMatch(err, /at .*\.js:\d/)
  }
})

t.test('chat without a running gateway: piped lines in, replies out', async (t) => {
  const cwd = testdir(t, { 'openclaw.yaml': YAML })
  const { code, out } = await claw(['chat'], { cwd, input: 'hello\n' })
  t.equal(code, 0)
  t.match(out, /You said: hello/)
})

t.test('chat that starts an engine for itself needs no port of its own; run does', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.teardown(() => other.close())
  const { port } = other.address() as AddressInfo
  const cwd = testdir(t, { 'openclaw.yaml': YAML.replace('port: 0', `port: ${port}`) })
  t.match(await claw(['chat'], { cwd, input: 'hello\n' }), { code: 0, out: /You said: hello/ })
  const run = await claw(['run'], { cwd })
  t.not(run.code, 0)
  t.match(run.err, new RegExp(`Port ${port} on 127.0.0.1 is in use`))
})

t.test('the audit log of a run verifies, and an edit shows', async (t) => {
  const cwd = testdir(t, {
    'openclaw.yaml': YAML.replace('provider: scripted', 'provider: scripted, script: script.yaml'),
    'script.yaml':
      'replies:\n  - { match: hello, tool_calls: [{ name: save_memory, input: { key: k, content: c } }] }\n  - { tool: save_memory, text: saved }\n',
  })
  t.match((await claw(['chat'], { cwd, input: 'hello\n' })).out, /saved/)
  t.equal((await claw(['audit', 'verify'], { cwd })).code, 0)
  const log = join(cwd, '.openclaw/audit.jsonl')
  await writeFile(log, (await readFile(log, 'utf8')).replace('save_memory', 'read_memory'))
  const edited = await claw(['audit', 'verify'], { cwd })
  t.equal(edited.code, 1)
})

t.test('the packed project holds what it runs on', async (t) => {
  const listed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const parsed = JSON.parse(listed) as unknown
  const [pack] = (Array.isArray(parsed) ? parsed : Object.values(parsed as object)) as { files: { path: string }[] }[]
  const files = new Set(pack?.files.map((file) => file.path))
  for (const path of [
    'bin/claw.js',
    'dist/bundle/questions.cjs',
    'dist/bundle/bot.cjs',
    'dist/src/index.js',
    'dist/src/index.d.ts',
    'schema/openclaw.schema.json',
    'src/web/index.html',
  ])
    t.ok(files.has(path), path)
  t.same(
    [...files].filter((path) => /channels\/\w+\/(fake\/|driver\.)/.test(path)),
    [],
    'nothing that is for tests alone',
  )
})
