import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { builtinRegistry } from '../../src/builtin.ts'
import { run } from '../../src/cli/init.ts'
import { slug } from '../../src/cli/init-files.ts'
import type { VerbIo } from '../../src/cli/io.ts'
import { formatYaml } from '../../src/config/format.ts'
import { loadPlan } from '../../src/config/load-plan.ts'
import { testdir } from '../support/testdir.ts'

interface Outcome {
  readonly code: number
  readonly out: string
  readonly err: string
}

async function init(
  cwd: string,
  args: string[],
  options: { yes?: boolean; format?: string; input?: string } = {},
): Promise<Outcome> {
  const seen = { out: '', err: '' }
  const io: VerbIo = {
    registry: builtinRegistry,
    verbs: [],
    cwd,
    env: {},
    color: false,
    stdin: Readable.from([options.input ?? '']),
    out: (text) => {
      seen.out += text
    },
    err: (text) => {
      seen.err += text
    },
  }
  const { yes = false, format = 'human' } = options
  const code = await run(args, { config: join(cwd, 'openclaw.yaml'), format, yes }, io)
  return { code, ...seen }
}

const config = async (folder: string): Promise<Record<string, Record<string, unknown>>> =>
  parse(await readFile(join(folder, 'openclaw.yaml'), 'utf8'))

async function problems(t: Test, folder: string, env: Record<string, string> = {}): Promise<string[]> {
  const { diagnostics, plan } = await loadPlan(join(folder, 'openclaw.yaml'), { registry: builtinRegistry, env })
  t.ok(plan, 'a Plan comes of it')
  return diagnostics.filter((one) => one.severity !== 'note').map((one) => `${one.code} ${one.message}`)
}

t.test('--yes writes a folder that is valid as it stands', async (t) => {
  const cwd = testdir(t)
  const { code, out } = await init(cwd, ['bot'], { yes: true })
  t.equal(code, 0)
  t.match(out, 'cd bot')
  const folder = join(cwd, 'bot')
  const written = await readFile(join(folder, 'openclaw.yaml'), 'utf8')
  t.same(await formatYaml('openclaw.yaml', written), { text: written }, 'in the style of `claw fmt`')
  t.same((await readdir(folder, { recursive: true })).filter((name) => /\.\w+$/.test(name)).sort(), [
    '.env.example',
    '.github',
    '.github/workflows/claw.yml',
    '.gitignore',
    'agents/jarvis/SOUL.md',
    'demo.script.yaml',
    'openclaw.schema.json',
    'openclaw.yaml',
  ])
  t.same(await problems(t, folder), [])
  const text = await readFile(join(folder, 'openclaw.yaml'), 'utf8')
  t.ok(text.startsWith('# yaml-language-server: $schema=./openclaw.schema.json\n'), 'editors know the language')
  t.match((await config(folder))['channels'], { http: { allowFrom: ['me'] }, webchat: { allowFrom: ['me'] } })
  t.match(await readFile(join(folder, '.gitignore'), 'utf8'), /^\.env$/m)
  const workflow = parse(await readFile(join(folder, '.github/workflows/claw.yml'), 'utf8'))
  t.match(JSON.stringify(workflow), 'claw validate')
  t.match(JSON.stringify(workflow), 'claw test')
  t.match(await readFile(join(folder, 'demo.script.yaml'), 'utf8'), /^(?!.*examples\/)/s)
})

t.test('answers end up where they belong', async (t) => {
  const cwd = testdir(t)
  const input = ['Père Noël: "the" #1', 'mehdi', 'sk-ant-123', 'y', '12:ABC', 'me?', '4711'].join('\n')
  const { code, out } = await init(cwd, [], { input: `${input}\n` })
  t.equal(code, 0)
  t.match(out, /What is your bot called\? \[Jarvis\]/)
  t.match(out, /It is a number/, 'a wrong answer is asked again')
  t.same(await problems(t, cwd), [])
  const written = await config(cwd)
  t.match(written, {
    agents: { main: { name: 'Père Noël: "the" #1', soul: 'agents/pere-noel-the-1/SOUL.md' } },
    identityLinks: { mehdi: ['webchat:mehdi', 'http:mehdi', 'telegram:4711'] },
    owners: ['mehdi'],
    channels: { telegram: { allowFrom: ['mehdi'] } },
  })
  t.notMatch(written['channels'], { telegram: { enabled: false } })
  t.equal(await readFile(join(cwd, '.env'), 'utf8'), 'ANTHROPIC_API_KEY=sk-ant-123\nTELEGRAM_BOT_TOKEN=12:ABC\n')
  t.equal((await stat(join(cwd, '.env'))).mode & 0o077, 0, 'for nobody else to read')
  t.notMatch(await readFile(join(cwd, 'openclaw.yaml'), 'utf8'), /sk-ant|12:ABC/)
  t.notMatch(out, /sk-ant|12:ABC/)
})

t.test('Telegram without a token or an id stays off, and pairs', async (t) => {
  const cwd = testdir(t)
  await init(cwd, [], { input: '\n\n\nyes\n\n\n' })
  t.same(await problems(t, cwd), [])
  t.match((await config(cwd))['channels'], { telegram: { enabled: false, strangers: 'pair', allowFrom: ['me'] } })
  t.notOk((await readdir(cwd)).includes('.env'))
})

t.test('where the input ends, the defaults stand', async (t) => {
  const cwd = testdir(t)
  t.equal((await init(cwd, [], { input: 'Robin' })).code, 0)
  t.match(await config(cwd), { agents: { main: { name: 'Robin' } }, owners: ['me'] })
})

t.test('a name that would clash is asked again', async (t) => {
  const cwd = testdir(t)
  const { out } = await init(cwd, [], { input: 'Robin\nspawn\ntwo words\nmehdi\n' })
  t.match(await config(cwd), { owners: ['mehdi'] })
  t.equal(out.split('not the name of a channel').length, 3)
})

t.test('nothing that is there is touched', async (t) => {
  const cwd = testdir(t, { '.gitignore': 'mine\n', agents: { jarvis: { 'SOUL.md': 'mine' } } })
  const { code, out } = await init(cwd, [], { yes: true })
  t.equal(code, 0)
  t.equal(await readFile(join(cwd, '.gitignore'), 'utf8'), 'mine\n')
  t.equal(await readFile(join(cwd, 'agents/jarvis/SOUL.md'), 'utf8'), 'mine')
  t.match(out, /kept\s+\.gitignore/)

  await writeFile(join(cwd, 'openclaw.yaml'), 'mine')
  const before = (await readdir(cwd)).sort()
  const again = await init(cwd, [], { yes: true })
  t.equal(again.code, 1)
  t.match(again.err, /is there already; nothing was written/)
  t.equal(await readFile(join(cwd, 'openclaw.yaml'), 'utf8'), 'mine')
  t.same((await readdir(cwd)).sort(), before)
})

t.test('--format json, and what cannot be done', async (t) => {
  const cwd = testdir(t)
  const { out } = await init(cwd, ['a'], { yes: true, format: 'json' })
  t.match(JSON.parse(out), { formatVersion: 1, folder: join(cwd, 'a'), kept: [] })
  t.equal((await init(cwd, ['a', 'b'], { yes: true })).code, 64)
  await mkdir(join(cwd, 'x'))
  await writeFile(join(cwd, 'x', 'agents'), 'a file where a folder should be')
  await t.rejects(init(cwd, ['x'], { yes: true }), /cannot be written/)
})

t.test('slug', async (t) => {
  t.equal(slug('Jarvis'), 'jarvis')
  t.equal(slug('Ada’s Büro!'), 'ada-s-buro')
  t.equal(slug('東京'), 'main')
})
