import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { link, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { memoryKeyProblem } from '../../../src/permissions/path-names.ts'
import { createPathGate } from '../../../src/permissions/paths.ts'
import { GateError } from '../../../src/permissions/port.ts'
import { testdir } from '../../support/testdir.ts'
import { cases, shown } from './cases.ts'

interface Step {
  readonly op: string
  readonly path: string
  readonly to?: string
  readonly text?: string
  readonly key?: string
}

/** What the cases without a set-up of their own are about. */
const SHARED: readonly Step[] = [
  { op: 'write', path: '../openclaw.yaml', text: 'agents: {}' },
  { op: 'write', path: 'SOUL.md', text: 'soul' },
  { op: 'symlink', path: 'alias', to: 'SOUL.md' },
  { op: 'write', path: 'openclaw.yaml', text: 'include: teams/*.yaml' },
  { op: 'write', path: 'teams/one.yaml', text: '' },
  { op: 'mkdir', path: 'd' },
  { op: 'symlink', path: 'lnk', to: '{OUT}/secret.txt' },
  { op: 'symlink', path: 'dirlnk', to: '{OUT}' },
  { op: 'symlink', path: 'dangling', to: '{OUT}/nowhere' },
  { op: 'symlink', path: 'env', to: '/proc/self/environ' },
  { op: 'symlink', path: 'up', to: '..' },
  { op: 'symlink', path: 'root', to: '/' },
  { op: 'symlink', path: 'todoc', to: '../openclaw.yaml' },
  { op: 'fifo', path: 'fifo' },
  { op: 'write', path: 'bin.dat', text: 'a\0b' },
]
const SHARED_PROTECTED = ['SOUL.md', 'openclaw.yaml', 'teams/*.yaml', '../openclaw.yaml']

interface Case {
  readonly id: string
  readonly tool: 'read_file' | 'write_file' | 'memory_write'
  readonly path: unknown
  readonly setup?: readonly Step[]
  readonly expect: 'allow' | 'deny'
  readonly why: string
  readonly contested?: boolean
  readonly race?: { between: string; replace: string; with: { symlink_to: string } }
  readonly protect?: readonly string[]
}

const SECRET = 'the outside secret'

t.test('path cases', async (t) => {
  for (const one of cases<Case>('paths.jsonl'))
    await t.test(`${one.id} ${one.tool} ${shown(one.path).slice(0, 60)}`, (t) => check(t, one))
})

async function check(t: Test, one: Case): Promise<void> {
  if (one.tool === 'memory_write') {
    const existing = (one.setup ?? []).flatMap((step) => (step.op === 'memory' ? [step.key as string] : []))
    t.equal(memoryKeyProblem(one.path, existing) === undefined ? 'allow' : 'deny', one.expect, one.why)
    return
  }
  const base = testdir(t, {
    ROOT: { 'README.md': 'readme', notes: { 'today.txt': 'today' }, src: { 'index.ts': 'code' } },
    OUT: { 'secret.txt': SECRET },
    'ROOT-evil': { 'x.txt': SECRET },
  })
  const root = join(base, 'ROOT')
  const out = join(base, 'OUT')
  const fill = (text: string): string => text.replaceAll('{ROOT}', root).replaceAll('{OUT}', out)
  const servers: Server[] = []
  for (const step of one.setup ?? SHARED) {
    const path = join(root, step.path)
    await mkdir(step.op === 'mkdir' ? path : dirname(path), { recursive: true })
    if (step.op === 'write') await writeFile(path, step.text ?? '')
    else if (step.op === 'symlink') await symlink(fill(step.to ?? ''), path)
    else if (step.op === 'hardlink') await link(fill(step.to ?? ''), path)
    else if (step.op === 'fifo') spawnSync('mkfifo', [path])
    else if (step.op === 'socket') {
      const server = createServer()
      servers.push(server)
      // Socket paths are short: bind where it is short, then move it in.
      const short = `/tmp/claw-${process.pid}.sock`
      await new Promise<void>((done) => server.listen(short, done))
      await rename(short, path)
    }
  }
  let staged = false
  const stage = async (): Promise<void> => {
    if (one.race === undefined || staged) return
    staged = true
    const victim = join(root, one.race.replace)
    await rm(victim, { recursive: true, force: true })
    await symlink(fill(one.race.with.symlink_to), victim)
  }
  const gate = createPathGate({
    roots: [{ path: root, access: 'write' }],
    protectedPaths: (one.protect ?? (one.setup === undefined ? SHARED_PROTECTED : [])).map((path) => join(root, path)),
    between: async (step) => {
      if (one.race?.between === 'check and open' && step === 'checked') await stage()
      if (one.race?.between === 'mkdir and mkdir' && step === 'opened-folder') await stage()
    },
  })
  const path = typeof one.path === 'string' ? fill(one.path) : one.path
  const before = await readdir(out)
  let outcome: 'allow' | 'deny'
  let said = ''
  try {
    if (one.tool === 'read_file') {
      const { text } = await gate.readText(path)
      t.notMatch(text, SECRET)
    } else await gate.writeText(path, 'written by a tool')
    outcome = 'allow'
  } catch (error) {
    t.ok(error instanceof GateError, String(error))
    said = String(error)
    outcome = 'deny'
    t.notMatch(said, base, 'the message does not hold the absolute path of the workspace')
  } finally {
    for (const server of servers) server.close()
  }
  if (one.race === undefined) t.equal(outcome, one.expect, `${one.why}; said: ${said}`)
  else t.ok(staged, 'the swap was staged')
  t.same(await readdir(out), before, 'nothing appears outside')
  t.equal(await readFile(join(out, 'secret.txt'), 'utf8'), SECRET, 'the outside file is unchanged')
  t.notOk(existsSync(join(base, 'x.txt')))
  t.same(
    namesBelow(root).filter((name) => name.endsWith('.tmp')),
    [],
    'no temporary file is left',
  )
}

/** Links are not followed: some of them lead up. */
const namesBelow = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? namesBelow(join(folder, entry.name)) : [entry.name],
  )
