import { existsSync } from 'node:fs'
import { readdir, readFile, realpath, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { gitEnvironment } from '../../src/permissions/git-environment.ts'
import { GateError } from '../../src/permissions/port.ts'
import { createRedactor } from '../../src/permissions/redact.ts'
import { childEnvironment, createShellRunner, fixedPath, type ShellRunnerOptions } from '../../src/permissions/run.ts'
import { createSandbox } from '../../src/permissions/sandbox.ts'
import { behindProxy, startSandboxProxy } from '../../src/permissions/sandbox-proxy.ts'
import { testdir } from '../support/testdir.ts'

const never = new AbortController().signal
const sandbox = createSandbox()

function runner(folder: string, more: Partial<ShellRunnerOptions> = {}): ReturnType<typeof createShellRunner> {
  return createShellRunner({
    roots: [{ path: folder, access: 'write' }],
    protectedPaths: [],
    sandbox,
    mode: 'off',
    network: [],
    redact: (text) => text,
    ...more,
  })
}

/** Outside the system's temporary folder, which the sandbox replaces. */
const workspace = (t: Test, content: object = {}): string => testdir(t, content as never)

/** Whether a process is gone, or a zombie that only waits to be collected; the system takes a moment. */
async function ended(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 200; tries++) {
    const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
    try {
      process.kill(pid, 0)
    } catch {
      return true
    }
    if (/\) Z /.test(state)) return true
    await new Promise((done) => setTimeout(done, 10))
  }
  return false
}

t.test('the exact bytes run, by bash, in the working folder', async (t) => {
  const folder = workspace(t)
  const shell = runner(join(folder, 'made'))
  const result = await shell.run(`printf '%s|' "a  b" 'c\td'; pwd -P; echo \${BASH_VERSION:+bash}`, { signal: never })
  t.equal(result.output, `a  b|c\td|${await realpath(join(folder, 'made'))}\nbash\n`)
  t.match(result, { exitCode: 0, timedOut: false, truncatedBytes: 0, sandboxed: false })
  t.equal((await shell.run('exit 3', { signal: never })).exitCode, 3)
  t.equal((await shell.run('echo out; echo err >&2', { signal: never })).output.split('\n').sort().join(','), ',err,out')
})

t.test('the environment is a list, without the engine’s secrets', async (t) => {
  process.env['CLAW_TEST_SECRET'] = 'visible-secret'
  process.env['BASH_ENV'] = '/nonexistent'
  t.teardown(() => {
    delete process.env['CLAW_TEST_SECRET']
    delete process.env['BASH_ENV']
  })
  const folder = workspace(t)
  const { output } = await runner(folder, { env: { SKILL_KEY: 'given', PATH: '/evil' } }).run('env', { signal: never })
  t.notMatch(output, 'visible-secret')
  t.notMatch(output, 'BASH_ENV')
  t.notMatch(output, '/evil')
  t.match(output, 'SKILL_KEY=given')
  t.match(output, 'GIT_TERMINAL_PROMPT=0')
  const names = output.split('\n').map((line) => line.split('=')[0])
  const listed = new Set([
    ...Object.keys(childEnvironment([])),
    ...Object.keys(await gitEnvironment(folder)),
    'SKILL_KEY',
    'PWD',
    'SHLVL',
    '_',
    'OLDPWD',
    '',
  ])
  t.same(
    names.filter((name) => !listed.has(name ?? '')),
    [],
  )
})

t.test('the search path holds no folder of the workspace', (t) => {
  const node = dirname(process.execPath)
  t.ok(fixedPath([]).split(':').includes(node))
  t.notOk(
    fixedPath([{ path: node, access: 'write' }])
      .split(':')
      .includes(node),
  )
  t.end()
})

t.test('there is no input to wait for', async (t) => {
  t.match(await runner(workspace(t)).run('cat; read x || echo nothing', { signal: never }), { output: 'nothing\n', exitCode: 0 })
})

t.test('a command that the system would not take is refused with a sentence', async (t) => {
  const shell = runner(workspace(t))
  await t.rejects(shell.run(`: ${'é'.repeat(70_000)}`, { signal: never }), { message: /longer than 131071 bytes/ })
  t.equal((await shell.run(`: ${'x'.repeat(131_069)}`, { signal: never })).exitCode, 0)
})

t.test('a time limit ends the whole group, and what ignores it', async (t) => {
  const folder = workspace(t)
  const result = await runner(folder).run("trap '' TERM; sleep 60 & echo $! > pid; sleep 60", { signal: never, timeoutMs: 200 })
  t.match(result, { timedOut: true, exitCode: null })
  const pid = Number(await readFile(join(folder, 'pid'), 'utf8'))
  t.ok(await ended(pid), 'the background process is gone')
})

t.test('what is left in the background when the command ends is ended too', async (t) => {
  const folder = workspace(t)
  const result = await runner(folder).run('sleep 60 & echo $! > pid', { signal: never })
  t.equal(result.exitCode, 0)
  const pid = Number(await readFile(join(folder, 'pid'), 'utf8'))
  t.ok(await ended(pid))
})

t.test('an abort ends it', async (t) => {
  const controller = new AbortController()
  setTimeout(() => controller.abort(), 100)
  t.match(await runner(workspace(t)).run('sleep 60', { signal: controller.signal }), { timedOut: false, exitCode: null })
  await t.rejects(runner(workspace(t)).run('echo', { signal: controller.signal }), GateError)
})

t.test('output is capped, head and tail kept, and says how much is missing', async (t) => {
  const { output, truncatedBytes } = await runner(workspace(t)).run(
    'echo first; head -c 300000 /dev/zero | tr "\\0" x; echo; echo last',
    {
      signal: never,
      maxBytes: 10_000,
    },
  )
  t.match(output, /^first\n/)
  t.match(output, /bytes left out/)
  t.match(output, /last\n$/)
  t.ok(output.length < 10_200 && truncatedBytes > 280_000, `${output.length} ${truncatedBytes}`)
})

t.test('secrets are blotted out, also encoded', async (t) => {
  const redact = createRedactor(['s3cret-value', 'abc'])
  const { output } = await runner(workspace(t), { redact }).run('echo s3cret-value abc; printf s3cret-value | base64', {
    signal: never,
  })
  t.equal(output, '*** abc\n***\n')
})

t.test('`required` runs nothing without a sandbox', async (t) => {
  const folder = workspace(t)
  const broken = createSandbox({ platform: 'linux', program: '/bin/false' })
  t.match(await broken.problem(), /does not work here/)
  await t.rejects(runner(folder, { sandbox: broken, mode: 'required' }).run('touch made', { signal: never }), GateError)
  await t.rejects(
    runner(folder, { sandbox: createSandbox({ platform: 'win32' }), mode: 'required' }).run('touch made', { signal: never }),
    GateError,
  )
  t.same(await readdir(folder), [])
  t.match(await runner(folder, { sandbox: broken, mode: 'auto' }).run('echo hi', { signal: never }), {
    output: 'hi\n',
    sandboxed: false,
  })
})

t.test('inside a sandbox', async (t) => {
  if (!(await sandbox.works())) {
    t.comment(`NOT TESTED: no sandbox works here: ${await sandbox.problem()}`)
    return
  }
  const base = workspace(t, {
    work: {
      'a.txt': 'inside',
      '.env': 'KEY=hidden',
      sub: { 'server.key': 'hidden' },
      'openclaw.yaml': 'hidden',
      state: { 'audit.jsonl': 'hidden' },
      config: { agents: { 'a.yaml': 'known' }, state: { 'state.db': 'db' }, free: {} },
    },
    extra: { 'b.txt': 'readable' },
    outside: { 'secret.txt': 'out of sight' },
  })
  const work = join(base, 'work')
  const shell = runner(work, {
    mode: 'required',
    roots: [
      { path: work, access: 'write' },
      { path: join(base, 'extra'), access: 'read' },
    ],
    protectedPaths: [
      join(work, 'openclaw.yaml'),
      join(work, 'state'),
      join(work, 'config/agents/*.yaml'),
      join(work, 'config/state/grants.json'),
    ],
  })
  const run = (command: string): ReturnType<typeof shell.run> => shell.run(command, { signal: never })

  t.test('the workspace is there and writable', async (t) => {
    t.match(await run('cat a.txt; echo made > made.txt'), { output: 'inside', exitCode: 0, sandboxed: true })
    t.equal(await readFile(join(work, 'made.txt'), 'utf8'), 'made\n')
  })
  t.test('a second root is readable only', async (t) => {
    t.match(await run(`cat '${join(base, 'extra/b.txt')}'`), { output: 'readable' })
    t.not((await run(`echo x > '${join(base, 'extra/c.txt')}'`)).exitCode, 0)
  })
  t.test('everything else is out of sight', async (t) => {
    await symlink(join(base, 'outside'), join(work, 'link'))
    t.notMatch(
      (await run(`cat '${join(base, 'outside/secret.txt')}'; cat link/secret.txt; ls '${base}'`)).output,
      /out of sight|outside$/m,
    )
    t.notMatch((await run('ls -a ~; ls /root /home')).output, /ssh|profile/)
    t.notMatch((await run('cat /etc/shadow')).output, 'root:')
  })
  t.test('protected names and the engine’s files are hidden', async (t) => {
    t.notMatch((await run('cat .env sub/server.key openclaw.yaml state/audit.jsonl')).output, 'hidden')
    await run('echo changed > openclaw.yaml; echo changed > .env; echo changed > state/audit.jsonl; rm -rf state .env')
    t.equal(await readFile(join(work, 'openclaw.yaml'), 'utf8'), 'hidden')
    t.equal(await readFile(join(work, '.env'), 'utf8'), 'KEY=hidden')
    t.equal(await readFile(join(work, 'state/audit.jsonl'), 'utf8'), 'hidden')
  })
  t.test('nothing new becomes configuration or a grant, nor by way of a renamed folder', async (t) => {
    await run('echo evil > config/agents/b.yaml; echo evil > config/state/grants.json')
    await run('mv config moved; mkdir -p config/agents config/state && echo evil > config/agents/b.yaml')
    await run('mv config/agents config/old; mkdir config/agents && echo evil > config/agents/a.yaml')
    await run('mv config/state config/was; mkdir config/state && echo evil > config/state/grants.json')
    t.same((await readdir(join(work, 'config'))).sort(), ['agents', 'free', 'state'])
    t.same(await readdir(join(work, 'config/agents')), ['a.yaml'])
    t.same(await readdir(join(work, 'config/state')), ['state.db'])
    t.equal(await readFile(join(work, 'config/agents/a.yaml'), 'utf8'), 'known')
    t.match(await run('echo fine > config/free/x && cat config/free/x'), { output: 'fine' }, 'the rest is writable as before')
  })
  t.test('the system is read-only', async (t) => {
    t.not((await run('touch /usr/made')).exitCode, 0)
    t.not((await run('touch /etc/made')).exitCode, 0)
    t.notOk(existsSync('/usr/made'))
    await run('touch /tmp/claw-made-in-sandbox')
    t.notOk(existsSync(join(tmpdir(), 'claw-made-in-sandbox')), 'its /tmp is its own')
  })
  t.test('processes of the machine are not seen, and a time limit holds', async (t) => {
    t.notMatch((await run('ls /proc')).output, new RegExp(`^${process.pid}$`, 'm'))
    t.match(await shell.run('sleep 60', { signal: never, timeoutMs: 300 }), { timedOut: true, exitCode: null })
  })
  t.test('there is no network', async (t) => {
    const server = createServer((_, answer) => answer.end('reached')).listen(0, '127.0.0.1')
    await new Promise((done) => server.once('listening', done))
    const { port } = server.address() as AddressInfo
    const { output } = await run(`exec 3<>/dev/tcp/127.0.0.1/${port} && echo connected`)
    server.close()
    t.notMatch(output, /^connected/m)
  })
  t.test('with a host list, programs reach those hosts through the proxy, and no other', async (t) => {
    const server = createServer((request, answer) => answer.end(`page of ${request.headers.host}`)).listen(0, '127.0.0.1')
    await new Promise((done) => server.once('listening', done))
    const { port } = server.address() as AddressInfo
    const proxy = await startSandboxProxy(['*.example.com'], {
      resolve: async (host) => (host === 'inner.example.com' ? ['10.0.0.1'] : ['93.184.215.14']),
      dial: () => ({ host: '127.0.0.1', port, secure: false }),
    })
    t.teardown(async () => {
      await proxy.close()
      server.close()
    })
    const script = `const http = require('node:http'); const proxy = new URL(process.env.HTTP_PROXY)
      let left = process.argv.length - 1
      for (const url of process.argv.slice(1)) http.get({ host: proxy.hostname, port: proxy.port, path: url, headers: { host: new URL(url).host } }, (r) => { r.setEncoding('utf8'); let b = ''; r.on('data', (d) => b += d); r.on('end', () => { console.log(url, r.statusCode, b.trim()); if (!--left) process.exit() }) })`
    await writeFile(join(work, 'get.js'), script)
    const argv = [
      '/bin/bash',
      '--noprofile',
      '--norc',
      '-p',
      '-c',
      `node -e "$(cat get.js)" http://a.example.com/x http://evil.example/ http://inner.example.com/`,
    ]
    const { argv: wrapped } = await sandbox.wrap(behindProxy(argv, sandbox.proxyAt as string), {
      roots: [{ path: work, access: 'write' }],
      protectedPaths: [],
      proxySocket: proxy.socket,
    })
    const { execFile } = await import('node:child_process')
    const output = await new Promise<string>((done) => {
      execFile(wrapped[0] as string, wrapped.slice(1), { env: childEnvironment([]), timeout: 20_000 }, (_, out, err) =>
        done(out + err),
      )
    })
    t.match(output, 'http://a.example.com/x 200 page of a.example.com')
    t.match(output, 'http://evil.example/ 403')
    t.match(output, /inner\.example\.com\/ 403 .*no public one/)
  })
  await new Promise((done) => setImmediate(done))
})
