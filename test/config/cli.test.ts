// The verbs that only read a configuration, through the command line's own entry.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import t from 'tap'
import { main } from '../../src/cli.ts'
import { packageRoot } from '../../src/resources.ts'
import { testdir } from '../support/testdir.ts'

async function claw(
  cwd: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number; out: string; err: string }> {
  let out = ''
  let err = ''
  const io = {
    cwd,
    env,
    color: false,
    stdin: new PassThrough(),
    out(text: string) {
      out += text
    },
    err(text: string) {
      err += text
    },
  }
  const code = await main(args, io)
  return { code, out, err }
}

const GOOD = 'agents: { main: { soul: You are terse. } }\nchannels: { http: { allowFrom: [me] } }\n'

t.test('validate: exit codes and formats', async (t) => {
  const folder = testdir(t, {
    'openclaw.yaml': GOOD,
    'bad.yaml': 'agents: { main: { sol: x } }\n',
    'warns.yaml':
      'agents: { main: { soul: x, rateLimit: { maxMessagesPerHour: 0 } } }\nchannels: { http: { allowFrom: [me] } }\n',
  })
  t.match(await claw(folder, ['validate']), { code: 0, out: /openclaw\.yaml: valid/ })
  t.match(await claw(folder, ['validate', 'bad.yaml']), { code: 1, out: /bad\.yaml:1:19 error CLAW101[\s\S]*invalid/ })
  t.match(await claw(folder, ['validate', 'nowhere.yaml']), { code: 66, err: /nowhere\.yaml/ })
  t.match(await claw(folder, ['validate', 'warns.yaml']), { code: 0 })
  t.match(await claw(folder, ['validate', '--strict', 'warns.yaml']), { code: 3 })
  t.match(await claw(folder, ['validate', '--strict']), { code: 0 })
  const json = await claw(folder, ['validate', 'openclaw.yaml', 'bad.yaml', '--format', 'json'])
  t.equal(json.code, 1)
  t.match(JSON.parse(json.out), {
    formatVersion: 1,
    valid: false,
    diagnostics: [
      {
        code: 'CLAW101',
        severity: 'error',
        file: 'bad.yaml',
        line: 1,
        column: 19,
        endLine: 1,
        endColumn: 22,
        path: '/agents/main/sol',
      },
    ],
  })
  t.equal(JSON.parse((await claw(folder, ['validate', 'bad.yaml', '--format', 'sarif'])).out).runs[0].results.length, 1)
  t.match(await claw(folder, ['validate', 'bad.yaml', '--format', 'github']), { code: 1, out: /^::error file=bad\.yaml,line=1/ })
})

t.test('validate --env: secrets are set, endpoints answer', async (t) => {
  const text =
    'agents: { main: { soul: x, model: local } }\nmodels: { local: { provider: openai, baseURL: "http://127.0.0.1:1/v1", apiKey: "${KEY}" } }\n'
  const folder = testdir(t, { 'openclaw.yaml': text })
  const without = await claw(folder, ['validate', '--env', '--format', 'json'])
  t.match(
    JSON.parse(without.out).diagnostics.filter((one: { severity: string }) => one.severity === 'error'),
    [{ code: 'CLAW007', line: 2 }, { code: 'CLAW501' }],
    'all at once',
  )
  const silent = await claw(folder, ['validate', '--env', '--format', 'json'], { KEY: 'k' })
  t.equal(silent.code, 1)
  t.match(
    JSON.parse(silent.out).diagnostics.filter((one: { severity: string }) => one.severity === 'error'),
    [{ code: 'CLAW501', line: 2, column: 11 }],
  )
})

t.test('a format that a verb does not have is a mistake of usage', async (t) => {
  const folder = testdir(t, { 'openclaw.yaml': GOOD })
  for (const args of [
    ['validate', '--format', 'junit'],
    ['--format', 'sarif', 'plan'],
    ['test', '--format', 'sarif'],
    ['access', '--format', ''],
  ])
    t.match(await claw(folder, args), { code: 64, out: '', err: /has no format ".*"; use one of human, json/ }, args.join(' '))
})

t.test('config print: of an invalid file its problems, in the format that was asked for', async (t) => {
  const folder = testdir(t, { 'openclaw.yaml': 'agents: { main: { sol: x } }\n' })
  const { code, out, err } = await claw(folder, ['config', 'print', '--format', 'json'])
  t.match({ code, err }, { code: 1, err: /CLAW101/ })
  t.match(JSON.parse(out), { formatVersion: 1, valid: false, diagnostics: [{ code: 'CLAW101' }] })
})

t.test('config print: every value is written out', async (t) => {
  const folder = testdir(t, { 'openclaw.yaml': 'agents: { a: { soul: x }, b: { soul: y } }\n' })
  const { out } = await claw(folder, ['config', 'print', '--resolved'])
  t.notMatch(out, /[&*]a\d/)
  t.equal(out.match(/fallbacks: \[\]/g)?.length, 3)
})

t.test('what ships is in the style of fmt', async (t) => {
  const root = packageRoot()
  const examples = readdirSync(join(root, 'examples')).map((name) => join('examples', name, 'openclaw.yaml'))
  const files = ['openclaw.yaml', ...examples.filter((file) => existsSync(join(root, file)))]
  t.ok(files.length > 8)
  t.match(await claw(root, ['fmt', '--check', ...files]), { code: 0, out: '', err: '' })
})

t.test('config print: values, origins, never a secret', async (t) => {
  const folder = testdir(t, {
    'openclaw.yaml':
      'include: [more.yaml]\nagents: { main: { soul: x } }\ngateway: { port: "${PORT:-1}", auth: { token: "${TOKEN}" } }\nsessionScope: main\n',
    'more.yaml': 'defaults: { maxTurns: 7 }\n',
  })
  const env = { TOKEN: 'hush-hush' }
  const plain = await claw(folder, ['config', 'print'], env)
  t.equal(plain.code, 0)
  t.match(plain.out, /port: 1\n/)
  t.notMatch(plain.out, /hush/)
  const resolved = await claw(folder, ['config', 'print', '--resolved', '--origin'], env)
  for (const line of [
    'agents.main.soul: "x"  # file openclaw.yaml:2',
    'agents.main.maxTurns: 7  # include more.yaml:1',
    'agents.main.sessionScope: "main"  # file openclaw.yaml:4',
    'agents.main.maxTokens: 16000  # default',
    'gateway.port: 1  # environment openclaw.yaml:3',
    'gateway.auth.token: "***"  # environment openclaw.yaml:3',
    'gateway.host: "127.0.0.1"  # default',
    'channels.http.streaming: "final"  # default',
  ]) {
    t.ok(resolved.out.split('\n').includes(line), line)
  }
  const json = JSON.parse((await claw(folder, ['config', 'print', '--resolved', '--origin', '--format', 'json'], env)).out)
  t.equal(json.config.agents.main.maxTurns, 7)
  t.match(
    json.values.find((value: { path: string }) => value.path === '/gateway/port'),
    { value: 1, from: 'environment', line: 3 },
  )
})

t.test('schema and explain', async (t) => {
  const folder = testdir(t, {})
  t.equal(JSON.parse((await claw(folder, ['schema'])).out).title, 'openclaw.yaml')
  t.match(await claw(folder, ['explain', 'CLAW101']), { code: 0, out: /Unknown key/ })
  t.match(await claw(folder, ['explain', '101']), { code: 0, out: /Unknown key/ })
  t.match(await claw(folder, ['explain', 'CLAW999']), { code: 66, err: /no code/ })
  t.match(await claw(folder, ['explain']), { code: 0, out: /CLAW001[\s\S]*CLAW504/ })
})

t.test('fmt keeps comments, and --check only looks', async (t) => {
  const text =
    '# head\nagents:   # who answers\n    # in order\n    main: {soul: "x",   tools: [bash]}   # tail\n\n# foot\nx-id: 0123\nx-ids: [123456789012345678901, +49170, 1.50, 0x1F]\nx-deep: [{a: [ {b: 1} ]}]\nx-none:\n'
  const folder = testdir(t, { 'openclaw.yaml': text, 'bad.yaml': 'a: [\n' })
  const file = join(folder, 'openclaw.yaml')
  t.match(await claw(folder, ['fmt', '--check']), { code: 1, out: /would change/ })
  t.equal(readFileSync(file, 'utf8'), text)
  t.match(await claw(folder, ['fmt']), { code: 0, out: /formatted/ })
  const formatted = readFileSync(file, 'utf8')
  for (const part of [
    '# head',
    '# tail',
    '# foot',
    'agents: # who answers\n  # in order\n  main: { soul: "x", tools: [bash] } # tail',
    'x-id: 0123',
    'x-ids: [123456789012345678901, +49170, 1.50, 0x1F]',
    'x-deep: [{ a: [{ b: 1 }] }]',
    'x-none:\n',
  ])
    t.ok(formatted.includes(part), part)
  t.match(await claw(folder, ['fmt', '--check']), { code: 0 })
  t.match(await claw(folder, ['fmt', 'bad.yaml']), { code: 1, err: /CLAW001/ })
  writeFileSync(file, GOOD)
  t.match(await claw(folder, ['fmt', 'nowhere.yaml']), { code: 66 })
  t.match(await claw(folder, ['fmt', '.']), { code: 66, err: /cannot be read/ })
  for (const nothing of ['', '# only a comment\n']) {
    writeFileSync(file, nothing)
    t.match(await claw(folder, ['fmt', '--check']), { code: 0 })
  }
})
