import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { lockFolder } from '../../src/storage/embedded/lock.ts'
import { claw, post, startClawProcess } from '../support/process.ts'
import { runCli } from '../support/run-cli.ts'
import { testdir } from '../support/testdir.ts'

const YAML = `
gateway: { port: 0 }
models: { demo: { provider: scripted } }
agents: { main: { soul: S, model: demo } }
heartbeats: [{ name: tick, schedule: "0 9 * * *", timezone: UTC, agent: main, prompt: hi }]
tests: [{ name: hello, message: { channelId: http, userId: u, content: hi }, expect: { agentId: main } }]
`

/** Verbs that want a running engine. */
const WANT_ENGINE: readonly (readonly string[])[] = [
  ['status'],
  ['approvals', 'list'],
  ['approvals', 'allow', 'abc'],
  ['reload'],
  ['reload', '--wait'],
  ['heartbeats', 'run', 'tick'],
  ['sessions', 'reset', 'agent:main:main'],
]

interface Failure {
  readonly formatVersion: number
  readonly error: { readonly code: string; readonly message: string }
}

t.test('a verb that fails under --format json prints one document with the reason', async (t) => {
  const cwd = testdir(t, { 'openclaw.yaml': YAML })
  const failures: readonly (readonly [args: readonly string[], exitCode: number, code: string])[] = [
    ...WANT_ENGINE.map((args) => [args, 1, 'failed'] as const),
    [['sessions', 'show', 'nobody'], 66, 'not_found'],
    [['sessions', 'export', 'nobody'], 66, 'not_found'],
    [['memory', 'show', 'nothing'], 66, 'not_found'],
    [['memory', 'remove', 'nothing'], 66, 'not_found'],
    [['skill', 'show', 'none'], 66, 'not_found'],
    [['explain', 'CLAW999'], 66, 'not_found'],
    [['stop', '--agent', 'nobody'], 66, 'not_found'],
    [['permit', '--agent', 'nobody', 'ls'], 66, 'not_found'],
    [['validate', 'missing.yaml'], 66, 'not_found'],
    [['frobnicate'], 64, 'usage'],
    [['status', '--nope'], 64, 'usage'],
    [['run', '--log-level', 'warning'], 64, 'usage'],
    [['route'], 64, 'usage'],
    [['usage', '--since', 'monday'], 64, 'usage'],
  ]
  for (const [args, exitCode, code] of failures) {
    const result = await runCli(cwd, ...args, '--format', 'json')
    t.equal(result.code, exitCode, `${args.join(' ')}: ${result.err}`)
    const { formatVersion, error } = result.json() as unknown as Failure
    t.equal(formatVersion, 1)
    t.equal(error.code, code, args.join(' '))
    t.not(error.message, '')
  }
})

t.test('an invalid file is told in the format that was asked for', async (t) => {
  const cwd = testdir(t, { 'openclaw.yaml': 'agents: { main: { sole: S } }\n' })
  const plan = await runCli(cwd, 'plan', '--format', 'json')
  t.equal(plan.code, 1)
  t.equal((plan.json() as unknown as Failure).error.code, 'failed')
  const junit = await runCli(cwd, 'test', '--format', 'junit')
  t.equal(junit.code, 1)
  t.ok(junit.out.includes('CLAW101') && junit.out.includes('failures="1"'), junit.out)
  const github = await runCli(cwd, 'test', '--format', 'github')
  t.ok(github.out.startsWith('::error file=openclaw.yaml,line=1'), github.out)
})

t.test('a failed test is a workflow annotation; a filter that matches nothing fails', async (t) => {
  const cwd = testdir(t, { 'openclaw.yaml': YAML.replace('agentId: main }', 'content: ho }') })
  const { code, out } = await runCli(cwd, 'test', '--format', 'github')
  t.equal(code, 1)
  t.ok(/^::error file=openclaw\.yaml,line=6,col=\d+,title=hello::/.test(out), out)
  const typo = await runCli(cwd, 'test', '--filter', 'typo')
  t.equal(typo.code, 1)
  t.ok(typo.err.includes('typo'))
})

/** A gateway that accepts connections and treats them as `how` says, in a state folder that an engine holds. */
async function brokenGateway(t: Tap, how: 'reset' | 'silent' | 'closed', cwd: string): Promise<void> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    if (how === 'reset') socket.resetAndDestroy()
    if (how === 'closed') socket.end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const stateDir = join(cwd, '.openclaw')
  mkdirSync(stateDir, { recursive: true, mode: 0o700 })
  const info = { url: `http://127.0.0.1:${port}`, port, pid: process.pid, ownerSecret: 'x' }
  writeFileSync(join(stateDir, 'gateway.json'), JSON.stringify(info))
  t.teardown(lockFolder(stateDir))
}
type Tap = Parameters<typeof testdir>[0]

for (const how of ['reset', 'closed', 'silent'] as const) {
  t.test(`a gateway that is ${how}: each verb says so and fails`, async (t) => {
    const cwd = testdir(t, { 'openclaw.yaml': YAML })
    await brokenGateway(t, how, cwd)
    // Where nothing tells that no answer comes it is waited for, so a few verbs do.
    for (const args of how === 'reset' ? WANT_ENGINE : WANT_ENGINE.slice(0, 2)) {
      const { code, err } = await claw(args, { cwd })
      t.equal(code, 1, `${args.join(' ')}: ${err}`)
      t.ok(err.includes(`holds ${join(cwd, '.openclaw')}`), err)
    }
  })
}

t.test('an engine that runs in another state folder is named, and nothing is called stopped', async (t) => {
  const cwd = testdir(t, { 'openclaw.yaml': YAML })
  const running = await startClawProcess(cwd)
  t.teardown(() => running.stop('SIGKILL'))
  writeFileSync(join(cwd, 'openclaw.yaml'), `stateDir: elsewhere\n${YAML}`)
  for (const args of [['stop'], ['status'], ['chat'], ['approvals', 'list']]) {
    const { code, err } = await claw(args, { cwd })
    t.equal(code, 1, args.join(' '))
    t.ok(err.includes(join(cwd, '.openclaw')) && err.includes(`pid ${running.child.pid}`), err)
  }
})

t.test('stop reaches an engine whose gateway does not answer', async (t) => {
  const cwd = testdir(t, { 'openclaw.yaml': YAML })
  const running = await startClawProcess(cwd)
  t.teardown(() => running.stop('SIGKILL'))
  // Nothing listens where the file points, as when every connection is taken.
  const info = { url: 'http://127.0.0.1:9', port: 9, pid: running.child.pid, ownerSecret: 'x' }
  writeFileSync(join(cwd, '.openclaw', 'gateway.json'), JSON.stringify(info))
  const stop = await claw(['stop'], { cwd })
  t.equal(stop.code, 0, stop.err)
  const halted = await post(running.url, { user_id: 'u', message: 'hi' })
  t.not(halted.status, 200, 'what runs took it over')
  const resume = await claw(['resume'], { cwd })
  t.equal(resume.code, 0, resume.err)
  t.equal((await post(running.url, { user_id: 'u', message: 'hi' })).status, 200)
})

t.test('usage and heartbeats list need no running engine', async (t) => {
  const cwd = testdir(t, { 'openclaw.yaml': YAML })
  t.equal((await runCli(cwd, 'usage', '--format', 'json')).code, 0)
  const list = await runCli(cwd, 'heartbeats', 'list', '--format', 'json')
  t.equal(list.code, 0)
  const [tick] = list.json()['heartbeats'] as { name: string; next: string }[]
  t.equal(tick?.name, 'tick')
  t.ok(Date.parse(tick?.next ?? '') > Date.now())
  t.ok((await runCli(cwd, 'plan')).out.includes('no configuration was accepted here yet'))
})

t.test('doctor tells of a damaged database', async (t) => {
  const cwd = testdir(t, { 'openclaw.yaml': YAML, '.openclaw': { 'state.db': 'this is no database at all, not even a little' } })
  const { code, json } = await runCli(cwd, 'doctor', '--format', 'json')
  t.equal(code, 1)
  const checks = json()['checks'] as { name: string; status: string; message: string }[]
  t.equal(checks.find(({ name }) => name === 'database')?.status, 'problem')
})
