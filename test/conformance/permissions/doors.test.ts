// Cases of doors.jsonl, each tried on a live engine and gateway, or on the part of it that the case is about. Every case has an
// attempt here; a new one without is a failure.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadPlan } from '../../../src/config/load-plan.ts'
import { createNetworkGate } from '../../../src/permissions/network.ts'
import { createShellRunner } from '../../../src/permissions/run.ts'
import { createSandbox } from '../../../src/permissions/sandbox.ts'
import { readPage } from '../../../src/tools/web/read-page.ts'
import { registry } from '../../config/registry.ts'
import { type Bot, HEAD, startBot } from '../../support/bot.ts'
import { lastUserText } from '../../support/fake-messages-api.ts'
import { runCli } from '../../support/run-cli.ts'
import { openSocket } from '../../support/socket-client.ts'
import { testdir } from '../../support/testdir.ts'
import { cases } from './cases.ts'

interface Case {
  readonly id: string
  readonly kind: string
  readonly request?: string
  readonly command?: string
  readonly why: string
}

const TOKEN = 'a-gateway-token-of-some-length'
const FILE = (more = ''): string => `${HEAD}
owners: ["lines:11"]
agents:
  main: { soul: MAIN }
  private: { soul: PRIVATE, tools: [bash] }
channels: { http: {}, lines: { type: socket, secret: s, allowFrom: ["11"] } }
routing: { defaultAgent: main }
${more}`
const CLOSED = FILE().replace('gateway: { port: 0 }', `gateway: { port: 0, auth: { token: "${TOKEN}" } }`)

/** Answers with the agent's name; asks for a command when told to. */
const start = (t: Test, yaml = FILE()): Promise<Bot> =>
  startBot(yaml, {
    api: {
      reply: (request) =>
        lastUserText(request) === 'run it'
          ? { toolCalls: [{ name: 'bash', input: { command: 'rm -r x' } }] }
          : (/MAIN|PRIVATE/.exec(JSON.stringify(request.system))?.[0] ?? '?'),
    },
  }).then((bot) => {
    t.teardown(() => bot.stop())
    return bot
  })

/** Bytes as they are, and the status line that came back; '' when the line was closed without one. */
function raw(bot: Bot, bytes: string, more?: (write: (text: string) => void) => void): Promise<string> {
  const { port } = new URL(bot.url)
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(Number(port), '127.0.0.1', () => {
      socket.write(bytes)
      more?.((chunk) => void socket.write(chunk))
    })
    socket.on('data', (data) => {
      text += String(data)
      if (text.includes('\r\n\r\n')) socket.destroy()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(text.split('\r\n')[0] ?? ''))
    socket.setTimeout(20_000, () => socket.destroy())
  })
}

const BODY = JSON.stringify({ user_id: 'mallory', message: 'hi' })

function post(bot: Bot, headers: Readonly<Record<string, string>>, body = BODY): Promise<string> {
  const all = {
    Host: new URL(bot.url).host,
    'Content-Type': 'application/json',
    'Content-Length': String(body.length),
    ...headers,
  }
  const head = Object.entries(all)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}: ${value}\r\n`)
  return raw(bot, `POST /chat HTTP/1.1\r\n${head.join('')}\r\n${body}`)
}

/** What a caller who was let in would have got: the case is refused, and nothing ran. */
async function refused(t: Test, bot: Bot, status: Promise<string>): Promise<void> {
  t.match(await status, /^(HTTP\/1\.1 4\d\d .*)?$/)
  t.equal(bot.api.requests.length, 0, 'no model was asked')
}

const withHeaders =
  (headers: (bot: Bot) => Readonly<Record<string, string>>) =>
  async (t: Test): Promise<void> => {
    const bot = await start(t)
    await refused(t, bot, post(bot, headers(bot)))
  }

const sandbox = createSandbox()
const noSandbox = (await sandbox.works()) ? false : `NOT TESTED: ${await sandbox.problem()}`

/** A command in the sandbox of a repository, and whether the file is as it was. */
async function inSandbox(t: Test, command: string, file: string, files: Readonly<Record<string, string>> = {}): Promise<void> {
  const work = join(testdir(t, { work: { 'a.txt': 'a\n' } }), 'work')
  if (files['.git'] === undefined) execFileSync('git', ['init', '-q'], { cwd: work })
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(work, name, '..'), { recursive: true })
    writeFileSync(join(work, name), text)
  }
  const path = join(work, file)
  const contents = (): string | null => (existsSync(path) ? readFileSync(path, 'utf8') : null)
  const before = contents()
  const roots = [{ path: work, access: 'write' as const }]
  const shell = createShellRunner({ roots, protectedPaths: [], sandbox, mode: 'required', network: [], redact: (text) => text })
  await shell.run(command, { signal: AbortSignal.timeout(30_000) })
  // What was not there may be there empty: it is mounted, so that nobody makes it.
  t.ok([before, ''].includes(contents()), `${file} holds nothing that the command wrote`)
}

const ATTEMPTS: Readonly<Record<string, (t: Test) => Promise<void>>> = {
  async 'rt-0354'(t) {
    const bot = await start(t)
    const response = await fetch(`${bot.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'private', user: 'mallory', messages: [{ role: 'user', content: 'hi' }] }),
    })
    t.match(await response.json(), { model: 'main', choices: [{ message: { content: 'MAIN' } }] }, 'routed like any message')
  },
  'rt-0364': (t) =>
    inSandbox(t, 'echo "[core] fsmonitor = evil" > .git/config.worktree', '.git/config.worktree', {
      '.git/config': '[core]\nrepositoryformatversion = 0\n[extensions]\nworktreeConfig = true\n',
    }),
  // The folder is a worktree: its .git is a file.
  'rt-0365': (t) =>
    inSandbox(t, 'rm -f .git; echo "gitdir: evil" > .git', '.git', { '.git': 'gitdir: ../main/.git/worktrees/w\n' }),
  'rt-0366': (t) =>
    inSandbox(t, 'echo ../evil > .git/worktrees/w/commondir', '.git/worktrees/w/commondir', {
      '.git/worktrees/w/commondir': '../..\n',
    }),
  async 'rt-0370'(t) {
    const folder = testdir(t, { '.openclaw': { 'gateway.json': '{}', workspace: { main: {} } } })
    writeFileSync(
      join(folder, 'openclaw.yaml'),
      'agents: { main: { soul: S, tools: [bash], permissions: { allow: ["cat *"] } } }\n',
    )
    const verdict = await runCli(folder, 'permit', '--agent', 'main', '--format', 'json', '--', 'cat ../../gate*')
    t.match(verdict.json(), { decision: 'refuse' })
  },
  async 'rt-0372'(t) {
    const folder = testdir(t, { 'openclaw.yaml': 'agents: { main: { soul: ./f.md } }\n' })
    execFileSync('mkfifo', [join(folder, 'f.md')])
    const { plan, diagnostics } = await loadPlan(join(folder, 'openclaw.yaml'), { registry, env: {} })
    t.equal(plan, null)
    t.match(diagnostics, [{ code: 'CLAW003', severity: 'error' }])
  },
  'rt-0376': withHeaders(() => ({ Host: '127.1' })),
  'rt-0377': withHeaders(() => ({ Host: '[::ffff:127.0.0.1]' })),
  'rt-0378': withHeaders(() => ({ Host: 'localhost@evil' })),
  async 'rt-0379'(t) {
    const bot = await start(t)
    const head = `POST /chat HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: ${BODY.length}\r\n\r\n`
    await refused(t, bot, raw(bot, head + BODY))
  },
  'rt-0381': withHeaders((bot) => ({ Origin: `${bot.url}.evil.example` })),
  'rt-0382': withHeaders((bot) => ({ Origin: `http://evil.example#${new URL(bot.url).host}` })),
  'rt-0383': withHeaders(() => ({ Origin: 'null' })),
  'rt-0386': withHeaders(() => ({ 'Content-Type': 'application/jsonx' })),
  async 'rt-0387'(t) {
    const bot = await start(t)
    const { host } = new URL(bot.url)
    const head = `GET /chat HTTP/1.1\r\nHost: ${host}\r\nX-HTTP-Method-Override: POST\r\nContent-Type: application/json\r\nContent-Length: ${BODY.length}\r\n\r\n`
    await refused(t, bot, raw(bot, head + BODY))
  },
  'rt-0388': withHeaders(() => ({ 'Transfer-Encoding': 'chunked' })),
  'rt-0389': withHeaders(() => ({ 'Transfer-Encoding': 'xchunked', 'Content-Length': '' })),
  'rt-0391': withHeaders(() => ({ 'Content-Length': '+30' })),
  async 'rt-0394'(t) {
    const bot = await start(t)
    const answer = await fetch(`${bot.url}/%61pi/agents`)
    t.ok([403, 404].includes(answer.status), `${answer.status}`)
  },
  async 'rt-0395'(t) {
    const bot = await start(t)
    for (const name of ['__proto__', 'constructor', 'toString']) t.equal((await fetch(`${bot.url}/hooks/${name}`)).status, 404)
  },
  async 'rt-0397'(t) {
    const bot = await start(t)
    await refused(t, bot, post(bot, {}, JSON.stringify({ user_id: 'x'.repeat(10_000), message: 'hi' })))
  },
  async 'rt-0398'(t) {
    const bot = await start(t)
    await refused(t, bot, post(bot, {}, '['.repeat(200_000)))
    t.match((await bot.chat('u', 'still there?')).body, { response: 'MAIN' })
  },
  async 'rt-0402'(t) {
    const bot = await start(t)
    t.match(await bot.chat('x', 'hi', { channel_id: 'spawn' }), { status: 404, body: { error: { code: 'unknown_channel' } } })
    const forged = await bot.chat('spawn:x', 'hi')
    t.equal(forged.body.session_key, 'agent:main:http:spawn%3Ax')
  },
  async 'rt-0403'(t) {
    const bot = await start(t, CLOSED)
    const headers = { 'content-type': 'application/json', authorization: 'Bearer wrong' }
    const ask = async (): Promise<number> => {
      const answer = await fetch(`${bot.url}/chat`, { method: 'POST', headers, body: BODY })
      await answer.text()
      return answer.status
    }
    const statuses = await Promise.all(Array.from({ length: 150 }, ask))
    t.equal(statuses.filter((status) => status === 401).length, 30)
    t.equal(statuses.filter((status) => status === 429).length, 120)
    t.equal((await bot.chat('u', 'hi', {}, { authorization: `Bearer ${TOKEN}` })).status, 200, 'the right one gets in')
  },
  async 'rt-0405'(t) {
    const bot = await start(t, CLOSED)
    const client = await openSocket(bot.url, { hello: { channelId: 'http', token: TOKEN } })
    await bot.save(CLOSED.replace(TOKEN, `${TOKEN}-2`))
    t.match(await bot.claw.engine.reload(), { ok: true })
    t.equal(await client.closed, 4401)
  },
  async 'rt-0408'(t) {
    const bot = await start(t)
    const { engine } = bot.claw
    const asked = new Promise<string>((resolve) => engine.on('approval_request', ({ approval }) => resolve(approval.id)))
    const session = engine.receive(
      { channelId: 'lines', userId: '11', content: 'run it' },
      { kind: 'trusted' },
      { agentId: 'private' },
    )
    t.match(await session, { accepted: true, agentId: 'private' })
    const id = await asked
    const owner = { caller: { kind: 'channel' }, identity: 'lines:11' } as const
    const answers = await Promise.all([engine.decide(id, 'deny', owner), engine.decide(id, 'once', owner)])
    t.equal(answers.filter(({ ok }) => ok).length, 1)
    t.match(await engine.decide(id, 'once', owner), { ok: false, message: /already|denied|no open/i })
  },
  async 'rt-0412'(t) {
    const server = createServer((request, answer) => {
      if (request.url === '/loop') answer.writeHead(302, { location: '/loop' }).end()
      else {
        // Endless, or so slow that it never ends.
        answer.writeHead(200, { 'content-type': 'text/plain' }).write('x')
        const more = setInterval(() => answer.write(request.url === '/slow' ? 'x' : 'x'.repeat(100_000)), 10)
        answer.on('close', () => clearInterval(more))
      }
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    t.teardown(() => {
      server.closeAllConnections()
      server.close()
    })
    const { port } = server.address() as AddressInfo
    const gate = createNetworkGate({
      denyHosts: [],
      resolve: async () => ['93.184.215.14'],
      dial: () => ({ host: '127.0.0.1', port, secure: false }),
    })
    t.equal((await gate.fetch('http://a.example.com/endless', { maxBytes: 50_000 })).truncated, true)
    await t.rejects(gate.fetch('http://a.example.com/slow', { timeoutMs: 300 }))
    await t.rejects(gate.fetch('http://a.example.com/loop'), /redirect/i)
  },
  async 'rt-0413'(t) {
    let asked = 0
    const dialed: string[] = []
    const gate = createNetworkGate({
      denyHosts: [],
      resolve: async () => [asked++ === 0 ? '93.184.215.14' : '127.0.0.1'],
      dial: (address) => {
        dialed.push(address)
        return { host: '127.0.0.1', port: 1, secure: false }
      },
    })
    await t.rejects(gate.fetch('http://a.example.com/'))
    await t.rejects(gate.fetch('http://a.example.com/'))
    t.notOk(dialed.includes('127.0.0.1'), 'only what was looked at is dialed')
  },
  async 'rt-0414'(t) {
    let reached = 0
    const proxy = createServer((_, answer) => {
      reached++
      answer.end('proxied')
    })
    await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done))
    t.teardown(() => proxy.close())
    const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    const kept = { ...process.env }
    for (const name of ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'ALL_PROXY']) process.env[name] = address
    t.teardown(() => {
      process.env = kept
    })
    const gate = createNetworkGate({ denyHosts: [], resolve: async () => ['10.0.0.1'] })
    await t.rejects(gate.fetch('http://inside.example.com/'))
    t.equal(reached, 0)
  },
  async 'rt-0415'(t) {
    const bombs = [
      'div',
      'b',
      'table',
      'ul',
      'a href=x',
      'section',
      'blockquote',
      'span',
      'i',
      'font',
      'form',
      'p',
      'dl',
    ].flatMap((tag) => [`<${tag}>`.repeat(60_000), `<html><body>${`<${tag}>a, b, c<table>`.repeat(20_000)}`])
    t.equal(bombs.length, 26)
    let ticks = 0
    const ticking = setInterval(() => ticks++, 20)
    t.teardown(() => clearInterval(ticking))
    for (const bomb of bombs) {
      ticks = 0
      t.type(await readPage(bomb, 'https://example.org/', new AbortController().signal, 100), 'string')
      t.ok(ticks > 0, 'the main thread goes on')
    }
  },
}

/** Cases that need a sandbox on this machine. */
const SANDBOXED = new Set(['rt-0364', 'rt-0365', 'rt-0366'])

for (const one of cases<Case>('doors.jsonl')) {
  t.test(`${one.id} ${one.request ?? one.command ?? one.kind}: ${one.why}`, async (t) => {
    const attempt = ATTEMPTS[one.id]
    if (attempt === undefined) t.fail('no attempt is written for this case')
    else if (SANDBOXED.has(one.id) && noSandbox !== false) t.comment(noSandbox)
    else await attempt(t)
  })
}
