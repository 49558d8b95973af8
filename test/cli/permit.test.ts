import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import t, { type Test } from 'tap'
import { builtinRegistry } from '../../src/builtin.ts'
import { run as audit } from '../../src/cli/audit.ts'
import { run as doctor } from '../../src/cli/doctor.ts'
import type { Verb, VerbIo } from '../../src/cli/io.ts'
import { run as permit } from '../../src/cli/permit.ts'
import { createAudit } from '../../src/permissions/audit.ts'
import { homeOf } from '../../src/permissions/run.ts'
import { testdir } from '../support/testdir.ts'

interface Outcome {
  readonly code: number
  readonly out: string
  readonly err: string
}

async function call(
  verb: Verb,
  cwd: string,
  args: string[],
  options: Record<string, unknown> = {},
  input = '',
): Promise<Outcome> {
  const seen = { out: '', err: '' }
  const io: VerbIo = {
    registry: builtinRegistry,
    verbs: [],
    cwd,
    env: {},
    color: false,
    stdin: Readable.from([input]),
    out: (text) => {
      seen.out += text
    },
    err: (text) => {
      seen.err += text
    },
  }
  return { code: await verb(args, { config: join(cwd, 'openclaw.yaml'), format: 'human', ...options }, io), ...seen }
}

const CONFIG = `
gateway: { port: 0 }
agents:
  main:
    soul: You are terse.
    tools: [bash]
    sandbox: "off"
    permissions: { allow: ["git *"], deny: ["git push *"] }
  loose:
    soul: You are terse.
    tools: [bash]
    sandbox: "off"
    permissions: { mode: record }
routing: { defaultAgent: main }
`
const folder = (t: Test): string => testdir(t, { 'openclaw.yaml': CONFIG, '.openclaw': {} })

t.test('an agent without the tool is judged all the same, and that is said', async (t) => {
  const cwd = folder(t)
  await writeFile(join(cwd, 'openclaw.yaml'), 'agents: { main: { soul: x, permissions: { allow: ["git status"] } } }\n')
  const { out } = await call(permit, cwd, ['git status'], { format: 'json', agent: 'main' })
  t.match(JSON.parse(out), { decision: 'run', note: /does not have the tool bash/ })
  t.match(await call(permit, cwd, ['git status'], { agent: 'main' }), {
    code: 0,
    out: /^run .*main does not have the tool bash/s,
  })
})

t.test('one command, for an agent', async (t) => {
  const cwd = folder(t)
  const json = async (command: string, agent?: string): Promise<{ decision: string }> => {
    const { out, code } = await call(permit, cwd, [command], { format: 'json', ...(agent === undefined ? {} : { agent }) })
    t.equal(code, 0)
    return JSON.parse(out)
  }
  t.match(await json('git status', 'main'), { formatVersion: 1, decision: 'run', command: 'git status', reason: String })
  t.match(await json('git push', 'main'), { decision: 'refuse' })
  t.match(await json('rm x', 'main'), { decision: 'ask' })
  t.match(await json('rm x', 'loose'), { decision: 'run' })
  t.match(await json('git push'), { decision: 'refuse' }, 'without a name, the default agent')
  t.match(await json('cat ../../.openclaw/audit.jsonl', 'main'), { decision: 'refuse' }, 'the state folder is the engine’s')
  t.match(await json(`cat ${join(cwd, 'openclaw.yaml')}`, 'loose'), { decision: 'refuse' })
  await writeFile(join(cwd, '.openclaw/exec-approvals.json'), '{"agents":{"main":{"allowed":["rm x"]}}}')
  t.match(await json('rm x', 'main'), { decision: 'run' }, 'remembered grants count')
})

t.test('the tree shows each part, with escapes visible', async (t) => {
  const { out } = await call(permit, folder(t), ['git status && rm x'], { agent: 'main' })
  t.match(out, /^ask +git status && rm x\n/)
  t.match(out, /├─ run +git status/)
  t.match(out, /└─ ask +rm x/)
  t.match(out, /"always" would save: rm x/)
  t.match((await call(permit, folder(t), ['ls \u202erm'], { agent: 'main' })).out, 'ls \\u{202e}rm')
})

t.test('lines from standard input, with no configuration at all', async (t) => {
  const input = [
    '{"command":"git status","allow":["git *"]}',
    '{"command":"git status"}',
    '{"command":"ls"}',
    '',
    'nonsense',
    '{"command":5}',
    '[]',
    '{"command":"ls","allow":"git *"}',
    '{"command":"ls | cat .env"}',
  ].join('\n')
  const { out, code } = await call(permit, testdir(t, {}), [], { stdin: true }, input)
  t.equal(code, 0)
  const lines = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  t.same(
    lines.map((line) => line.decision),
    ['run', 'ask', 'run', 'ask', 'ask', 'ask', 'ask', 'ask'],
  )
  t.match(lines[0], { formatVersion: 1, command: 'git status', reason: String })
})

t.test('a line ends at a line feed alone', async (t) => {
  const { out } = await call(permit, testdir(t, {}), [], { stdin: true }, '\ufeff{"command":"ls\u2028rm x"}\r\n{"command":"pwd"}')
  t.match(
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    [
      { decision: 'ask', command: 'ls\u2028rm x' },
      { decision: 'run', command: 'pwd' },
    ],
  )
})

t.test('lines from standard input for an agent: allow replaces its grants, deny stays', async (t) => {
  const input = '{"command":"git log"}\n{"command":"git log","allow":[]}\n{"command":"git push","allow":["git *"]}\n'
  const { out } = await call(permit, folder(t), [], { stdin: true, agent: 'main' }, input)
  t.same(
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).decision),
    ['run', 'ask', 'refuse'],
  )
})

t.test('the normal form, in the folder that is named', async (t) => {
  const names = { 'a.md': '', 'b c.md': '', "it's.txt": '', '.hidden.md': '', sub: { 'd.md': '' } }
  const dir = testdir(t, { 'openclaw.yaml': CONFIG, '.openclaw': {}, files: names })
  const json = async (command: string, cwd: string): Promise<unknown> =>
    JSON.parse((await call(permit, dir, [command], { format: 'json', agent: 'main', cwd })).out)
  t.match(await json('cat *.md', 'files'), { decision: 'run', normalForm: [[/cat$/, 'a.md', 'b c.md']] })
  t.match(await json('cat ../*.md', 'files/sub'), { decision: 'ask' }, 'the folder is the workspace')
  t.match(await json('cat gateway.json', '.openclaw'), { decision: 'refuse' }, 'but never the engine’s own')
  const lines = async (...input: object[]): Promise<Record<string, unknown>[]> => {
    const text = input.map((one) => JSON.stringify(one)).join('\n')
    const { out } = await call(permit, dir, [], { stdin: true, cwd: 'files' }, text)
    return out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  }
  const [list, built, piped, missing, known, unknown, denied, ignored, broken] = await lines(
    { command: 'ls *.md */*.md it*' },
    { command: "echo '*' ~ *.md" },
    { command: 'cat *.md | head -n 5 2>/dev/null && wc -l "b c.md"; date' },
    { command: 'ls nothing*' },
    { command: 'kubectl get pods', allow: ['kubectl *'] },
    { command: 'no-such-program x', allow: ['no-such-program *'] },
    { command: 'git pus[h]', allow: ['git *'], deny: ['git push *'] },
    { command: 'cp a.md e.md', mode: 'ignore' },
    { command: 'ls', mode: 'yes' },
  )
  const program = (words: unknown): string => String((words as string[][])[0]?.[0])
  t.match(list, { decision: 'run', normalForm: [[/^\/.*\/ls$/, 'a.md', 'b c.md', 'sub/d.md', "it's.txt"]] })
  t.match(built, { decision: 'run', normalForm: [['echo', '*', homeOf(false), 'a.md', 'b c.md']] })
  t.match(piped, {
    decision: 'run',
    normalForm: [[/\/cat$/, 'a.md', 'b c.md'], [/\/head$/, '-n', '5'], [/\/wc$/, '-l', 'b c.md'], [/\/date$/]],
  })
  t.match(missing, { decision: 'run', normalForm: [[/\/ls$/, 'nothing*']] })
  t.match(program(known?.['normalForm']), /kubectl$/, 'a tool with a list is judged wherever it is')
  t.match(unknown, { decision: 'ask', reason: /not installed/ })
  t.match(denied, { decision: 'refuse' })
  t.match(ignored, { decision: 'run', normalForm: [[/\/cp$/, 'a.md', 'e.md']] })
  t.match(broken, { decision: 'ask', reason: /mode/ })
  t.match(await call(permit, dir, ['ls'], { cwd: 'nowhere', agent: 'main' }), { code: 66, err: /no folder nowhere/ })
  t.match((await call(permit, dir, ['echo a  b'], { agent: 'main' })).out, /runs as 'echo' 'a' 'b'/)
})

t.test('usage', async (t) => {
  const cwd = folder(t)
  t.equal((await call(permit, cwd, [])).code, 64)
  t.equal((await call(permit, cwd, ['ls'], { stdin: true })).code, 64)
  t.match(await call(permit, cwd, ['ls'], { agent: 'nobody' }), { code: 66, err: /main, loose/ })
  t.equal((await call(permit, testdir(t, {}), ['ls'], { agent: 'main' })).code, 66)
  t.equal((await call(permit, testdir(t, { 'openclaw.yaml': 'agents: 5' }), ['ls'], { agent: 'main' })).code, 1)
})

t.test('audit verify', async (t) => {
  const cwd = folder(t)
  t.equal((await call(audit, cwd, ['verify'])).code, 66)
  const file = join(cwd, '.openclaw/audit.jsonl')
  const log = createAudit(file)
  await log.append({ kind: 'tool' })
  await log.close()
  t.match(await call(audit, cwd, ['verify']), { code: 0, out: /whole: 1 lines/ })
  t.match(JSON.parse((await call(audit, cwd, [], { format: 'json' })).out), { formatVersion: 1, ok: true, lines: 1 })
  await appendFile(file, 'nonsense\n')
  t.match(await call(audit, cwd, ['verify']), { code: 1, err: /audit\.jsonl:2: / })
})

t.test('doctor names what to fix', async (t) => {
  const cwd = folder(t)
  await mkdir(join(cwd, '.openclaw'), { recursive: true })
  await writeFile(join(cwd, '.openclaw/exec-approvals.json'), '{', { mode: 0o644 })
  const { out, code } = await call(doctor, cwd, [], { format: 'json' })
  const report = JSON.parse(out) as { ok: boolean; checks: { name: string; status: string; message: string }[] }
  t.equal(code, 1)
  t.equal(report.ok, false)
  const of = (name: string): string | undefined => report.checks.find((check) => check.name === name)?.status
  t.equal(of('bash'), 'ok')
  t.equal(of('agent main'), 'warning', 'sandbox: off')
  t.equal(of('approvals'), 'problem', 'damaged')
  t.equal(of('exec-approvals.json'), 'warning', 'others may read it')
  t.equal(of('port'), 'ok')
  t.match((await call(doctor, testdir(t, {}), [])).out, /problem +configuration/)
})
