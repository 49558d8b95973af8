// The terminal and the verbs that talk to a running engine, against a real gateway over the engine in memory.

import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { PassThrough } from 'node:stream'
import t from 'tap'
import { chatWith } from '../../src/cli/chat.ts'
import type { Io } from '../../src/cli/io.ts'
import { main } from '../../src/cli.ts'
import { readGatewayFile, removeGatewayFile, writeGatewayFile } from '../../src/gateway/state-file.ts'
import { lockFolder } from '../../src/storage/embedded/lock.ts'
import { transcriptPath } from '../../src/storage/embedded/transcripts.ts'
import { OWNER, type Started, started } from '../gateway/start.ts'
import { testdir } from '../support/testdir.ts'

const CONFIG = `
agents: { main: { soul: You are terse. }, researcher: { soul: You dig. } }
channels: { http: {}, webchat: {}, telegram: { token: "123:abc" } }
routing: { defaultAgent: main }
identityLinks: { mehdi: ["telegram:123", "http:mehdi"] }
`

interface Run {
  code: number
  out: string
  err: string
}

type Test = Parameters<typeof started>[0] & { testdir(tree: Record<string, string>): string }

/** A folder with a file in it, and an engine that runs for it where `run` is set. */
async function folder(
  t: Test,
  { run = true }: { run?: boolean } = {},
): Promise<{ cwd: string; own: Started | null; claw(args: string[], stdin?: string): Promise<Run> }> {
  const cwd = testdir(t, { 'openclaw.yaml': CONFIG })
  const own = run ? await started(t) : null
  if (own !== null) {
    const { url, port } = own.gateway
    await writeGatewayFile(join(cwd, '.openclaw'), { url, port, pid: process.pid, ownerSecret: OWNER })
    // As an engine would.
    t.teardown(lockFolder(join(cwd, '.openclaw')))
  }
  const claw = async (args: string[], stdin = ''): Promise<Run> => {
    const out: string[] = []
    const err: string[] = []
    const input = new PassThrough()
    input.end(stdin)
    const io: Io = {
      cwd,
      env: {},
      color: false,
      stdin: input,
      out: (text) => void out.push(text),
      err: (text) => void err.push(text),
    }
    const code = await main(args, io)
    return { code, out: out.join(''), err: err.join('') }
  }
  return { cwd, own, claw }
}

t.test('piped, each line is a message and each reply a line', async (t) => {
  const { claw, own } = await folder(t)
  const got = await claw(['chat', '--user', 'ann'], 'hello\n\n/research sushi\n/stop all\nlast\n')
  t.same(got, { code: 0, out: 'You said: hello\nYou said: sushi\nEverything is stopped.\nYou said: last\n', err: '' })
  t.match((await own?.engine.sessions())?.map((one) => one.key).sort(), [
    'agent:main:webchat:ann',
    'agent:researcher:webchat:ann',
  ])
})

t.test('without --user the owner speaks, under their id there', async (t) => {
  const { claw, own } = await folder(t)
  await claw(['chat'], 'hello\n')
  t.match(await own?.engine.sessions(), [{ key: 'agent:main:webchat:mehdi' }])
})

t.test('an agent by name, and a wrong one', async (t) => {
  const { claw, own } = await folder(t)
  t.match(await claw(['chat', '--user', 'ann', '--agent', 'researcher'], 'hello'), { code: 0, out: 'You said: hello\n' })
  t.match(
    (await own?.engine.sessions())?.map((one) => one.key),
    ['agent:researcher:webchat:ann'],
  )
  t.match(await claw(['chat', '--agent', 'nobody'], 'hello\n'), { code: 1, err: /There is no agent "nobody"/ })
})

t.test('approvals are answered by the next line', async (t) => {
  const { claw } = await folder(t)
  const got = await claw(['chat'], 'run rm -rf build\ny\nrun make\nn\nrun ls\na\n')
  t.equal(got.code, 0)
  t.equal(got.out, 'Ran `rm -rf build` (once).\nI was not allowed to run it.\nRan `ls` (always).\n')
  t.match(got.err, 'main wants to use bash:\n    rm -rf build')
})

t.test('refusals are said and end in exit code 1', async (t) => {
  const { claw } = await folder(t)
  t.match(await claw(['chat'], 'refuse rate_limit\nhello\n'), { code: 1, out: 'You said: hello\n', err: /limit for now/ })
})

t.test('text of a model cannot steer the terminal', async (t) => {
  const { claw } = await folder(t)
  const { out } = await claw(['chat'], 'a\u001b[2Jb\u202ec \u{1f469}\u200d\u{1f680}\n')
  t.equal(out, 'You said: a\\u001b[2Jb\\u202ec \u{1f469}\u200d\u{1f680}\n')
})

t.test('an engine that goes away in mid-conversation', async (t) => {
  const { claw, own } = await folder(t)
  own?.engine.hold()
  const chat = claw(['chat'], 'hello\nmore\n')
  await new Promise<void>((resolve) => own?.engine.on((event) => event.type === 'turn_start' && resolve()))
  await own?.gateway.close({ graceMs: 50 })
  t.match(await chat, { code: 1, err: /went away/ })
})

t.test('a program that holds the engine talks without a file', async (t) => {
  const own = await started(t)
  const stdin = new PassThrough()
  stdin.end('hello\n')
  const out: string[] = []
  const io: Io = { cwd: '/', env: {}, color: false, stdin, out: (text) => void out.push(text), err: () => {} }
  t.equal(await chatWith({ gateway: own.gateway, ownerSecret: OWNER }, io), 0)
  t.equal(out.join(''), 'You said: hello\n')
  await t.rejects(chatWith({ gateway: null, ownerSecret: OWNER }, io), /no gateway/)
})

t.test('verbs that want a running engine say so when there is none', async (t) => {
  const { claw, cwd } = await folder(t, { run: false })
  const verbs = [['status'], ['reload'], ['approvals'], ['sessions', 'reset', 'x'], ['approvals', 'allow', 'x']]
  for (const verb of verbs) t.match(await claw(verb), { code: 1, out: '', err: /no engine is running.*claw run/ }, verb.join(' '))
  // A file that a killed process left behind.
  await writeGatewayFile(join(cwd, '.openclaw'), { url: 'http://127.0.0.1:9', port: 9, pid: 1, ownerSecret: 'old' })
  t.match(await claw(['status']), { code: 1, err: /no engine is running/ })
  t.match(await claw(['-c', 'nowhere.yaml', 'status']), { code: 66, err: /cannot be read/ })
})

t.test('status, as a page to read and as JSON, also while the file is invalid', async (t) => {
  const { claw, cwd } = await folder(t)
  const { code, out } = await claw(['status'])
  t.equal(code, 0)
  t.match(out, /generation +1 \(aaaa\)/)
  t.match(out, /channel +bridge \(socket\) connected/)
  t.match(out, /heartbeat +morning-check next 2030-01-01/)
  writeFileSync(join(cwd, 'openclaw.yaml'), 'agnets: [\n')
  const json = await claw(['status', '--format', 'json'])
  t.match(JSON.parse(json.out), {
    formatVersion: 1,
    generation: 1,
    configHash: 'aaaa',
    fileHash: 'aaaa',
    lastReload: { ok: true, durationMs: 12, diagnostics: [] },
    channels: [{ id: 'http', type: 'http', state: 'connected' }],
    heartbeats: [{ name: 'morning-check', next: String }],
    queues: { realtime: 0, scheduled: 0, background: 0 },
  })
  writeFileSync(join(cwd, 'openclaw.yaml'), `stateDir: "\${WHERE:-.openclaw}" # here\nagnets: [\n`)
  t.equal((await claw(['status'])).code, 0)
})

t.test('what the other verbs run', async (t) => {
  const { claw, own } = await folder(t)
  t.match(await claw(['reload', '--wait']), { code: 0, out: /generation 2 is live/ })
  t.match(JSON.parse((await claw(['reload', '--format', 'json'])).out), { formatVersion: 1, ok: true, generation: 3 })
  t.match(await claw(['stop', '--agent', 'nobody']), { code: 66, err: /There is no agent "nobody"/ })
  t.match(await claw(['stop']), { code: 0, out: /everything is stopped/ })
  t.match(await claw(['chat'], 'hello\n'), { code: 1, err: /is stopped/ })
  t.match(await claw(['resume']), { code: 0, out: /everything runs again/ })
  t.match(await claw(['heartbeats']), { code: 0, out: /morning-check +30 7 \* \* \* \(Europe\/Paris\) +main/ })
  t.match(await claw(['heartbeats', 'run', 'morning-check']), { code: 0, out: 'Started.\n' })
  t.match(await claw(['heartbeats', 'run', 'nope']), { code: 66, err: /no heartbeat "nope"/ })
  t.match(await claw(['heartbeats', 'run']), { code: 64 })
  t.match(await claw(['usage']), { code: 0, out: /user:http:ann +3 +1200 +340 +0\.0123/ })
  t.match(JSON.parse((await claw(['usage', '--format', 'json'])).out), {
    usage: [{ agentId: 'main' }],
    total: { input: 1200, calls: 3 },
  })
  t.match(await claw(['usage', '--since', 'monday']), { code: 64 })
  t.match(await claw(['approvals']), { code: 0, out: /nothing waits/ })
  const waiting = own?.post('/chat', { user_id: 'ann', message: 'run make\ninstall' })
  const id = await new Promise<string>((resolve) =>
    own?.engine.on((event) => event.type === 'approval_request' && resolve(event.approval.id)),
  )
  t.match(await claw(['approvals', 'list']), {
    code: 0,
    out: new RegExp(`^${id} +main wants to use bash.*\\n    make\\n    install\\n`),
  })
  t.match(JSON.parse((await claw(['approvals', '--format', 'json'])).out), { approvals: [{ id, expiresAt: /^20\d\d-/ }] })
  t.match(await claw(['approvals', 'always', id]), { code: 0, out: 'Approved.\n' })
  t.match((await waiting)?.json(), { response: /always/ })
  t.match(await claw(['approvals', 'deny', id]), { code: 66 })
  t.match(await claw(['approvals', 'maybe', id]), { code: 64 })
  t.match(await claw(['sessions', 'reset', 'agent:main:http:ann']), { code: 0 })
})

t.test('sessions are read from the files, whether or not an engine runs', async (t) => {
  const { claw, cwd } = await folder(t, { run: false })
  const keys: [string, string][] = [
    ['agent:main:mehdi', 'main'],
    ['agent:main:telegram:123', 'main'],
    ['agent:main:telegram:999', 'main'],
    ['agent:main:telegram:-100:123', 'main'],
    ['agent:researcher:http:mehdi', 'researcher'],
    ['agent:researcher:http:G1:t1:*', 'researcher'],
  ]
  const entries = [
    { id: '1', role: 'user', content: 'hi \u001b[31m', timestamp: '2026-01-02T03:04:05.000Z', userId: '123' },
    {
      id: '2',
      role: 'assistant',
      content: [
        { type: 'text', text: 'hello' },
        { type: 'tool_use', id: 't', name: 'bash', input: { command: 'ls' } },
      ],
      timestamp: '2026-01-02T03:04:06.000Z',
    },
  ]
  const lines = entries.map((one) => JSON.stringify(one)).join('\n')
  for (const [key, agent] of keys) {
    const path = transcriptPath(join(cwd, '.openclaw'), key, agent)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, `${lines}\n`)
  }
  const list = async (...more: string[]): Promise<string[]> => {
    const { out } = await claw(['sessions', 'list', '--format', 'json', ...more])
    return (JSON.parse(out) as { sessions: { key: string }[] }).sessions.map((one) => one.key).sort()
  }
  t.same(await list(), keys.map(([key]) => key).sort())
  t.same(await list('--agent', 'researcher'), ['agent:researcher:http:G1:t1:*', 'agent:researcher:http:mehdi'])
  const mehdi = ['agent:main:mehdi', 'agent:main:telegram:-100:123', 'agent:main:telegram:123', 'agent:researcher:http:mehdi']
  t.same(await list('--user', 'mehdi'), mehdi, 'a link: all that is theirs')
  t.same(await list('--user', 'telegram:123'), mehdi, 'an identity of the link')
  t.same(await list('--user', '999'), ['agent:main:telegram:999'], 'an id')
  t.match(await claw(['sessions', 'list', '--group', 'G1']), { code: 64, err: /--group is CHANNEL:ID, not "G1"/ })
  t.same(await list('--group', 'http:G1'), ['agent:researcher:http:G1:t1:*'])
  t.same(await list('--group', 'telegram:-100', '--user', 'mehdi'), ['agent:main:telegram:-100:123'])
  const shown = await claw(['sessions', 'show', 'agent:main:telegram:123'])
  t.match(shown.out, /^123 2026-.*\n {2}hi \\u001b\[31m\nassistant .*\n {2}hello\n {2}\[uses bash \{"command":"ls"\}\]\n$/)
  t.same(JSON.parse((await claw(['sessions', 'show', 'agent:main:telegram:123', '--format', 'json'])).out), {
    formatVersion: 1,
    key: 'agent:main:telegram:123',
    agentId: 'main',
    entries,
  })
  t.equal((await claw(['sessions', 'export', 'agent:main:telegram:123'])).out, `${lines}\n`)
  t.match(await claw(['sessions', 'show', 'agent:main:nobody']), { code: 66, err: /no session/ })
  t.match(await claw(['sessions', 'burn', 'x']), { code: 64 })
})

t.test('gateway.json is for its owner alone and goes with its process', async (t) => {
  const { cwd } = await folder(t)
  const stateDir = join(cwd, '.openclaw')
  t.equal(statSync(join(stateDir, 'gateway.json')).mode & 0o777, 0o600)
  await removeGatewayFile(stateDir, process.pid + 1)
  t.ok(await readGatewayFile(stateDir), 'another process leaves it')
  await removeGatewayFile(stateDir)
  t.equal(await readGatewayFile(stateDir), null)
})
