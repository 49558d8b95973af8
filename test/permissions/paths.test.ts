import { chmod, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { engineFiles } from '../../src/permissions/engine-files.ts'
import { createPathGate } from '../../src/permissions/paths.ts'
import { GateError } from '../../src/permissions/port.ts'
import { testdir } from '../support/testdir.ts'

t.test('several roots, read-only or writable', async (t) => {
  const base = testdir(t, { docs: { 'a.md': 'docs' }, other: { 'x.txt': 'other' } })
  const gate = createPathGate({
    roots: [
      { path: join(base, 'work'), access: 'write' },
      { path: join(base, 'docs'), access: 'read' },
    ],
    protectedPaths: [],
  })
  t.equal(gate.cwd, join(base, 'work'))
  t.match(await gate.writeText('new/a.txt', 'text'), { path: 'new/a.txt', bytes: 4, created: true })
  t.match(await gate.writeText('new/a.txt', 'again'), { created: false })
  t.equal((await gate.readText('new/a.txt')).text, 'again')
  t.equal((await gate.readText(join(base, 'docs/a.md'))).text, 'docs')
  await t.rejects(gate.writeText(join(base, 'docs/a.md'), 'x'), /read-only/)
  await t.rejects(gate.readText(join(base, 'other/x.txt')), /outside the workspace/)
  await t.rejects(gate.readText('../docs/a.md'), GateError)
})

t.test('sizes, cut characters and binary files', async (t) => {
  const base = testdir(t, { 'long.txt': 'é'.repeat(1000), 'empty.txt': '' })
  await writeFile(join(base, 'binary'), Buffer.from([1, 2, 0, 3]))
  const gate = createPathGate({ roots: [{ path: base, access: 'write' }], protectedPaths: [], maxWriteBytes: 10 })
  t.match(await gate.readText('long.txt', { maxBytes: 101 }), { text: 'é'.repeat(50), truncated: true, bytes: 2000 })
  t.match(await gate.readText('long.txt'), { truncated: false, bytes: 2000 })
  t.match(await gate.readText('empty.txt'), { text: '', truncated: false, bytes: 0 })
  await t.rejects(gate.readText('binary'), /binary/)
  await t.rejects(gate.writeText('a.txt', 'x'.repeat(11)), /larger than 10 bytes/)
})

t.test('a replaced file keeps its mode', async (t) => {
  const base = testdir(t, { 'run.sh': 'old' })
  await chmod(join(base, 'run.sh'), 0o750)
  const gate = createPathGate({ roots: [{ path: base, access: 'write' }], protectedPaths: [] })
  await gate.writeText('run.sh', 'new')
  t.equal((await stat(join(base, 'run.sh'))).mode & 0o777, 0o750)
})

t.test('the engine’s files are refused, a workspace inside the state folder is not', async (t) => {
  const base = testdir(t, { 'openclaw.yaml': 'x', state: { 'audit.jsonl': '', workspace: { main: { 'a.txt': 'mine' } } } })
  const own = [join(base, 'openclaw.yaml'), join(base, 'state')]
  const inner = createPathGate({ roots: [{ path: join(base, 'state/workspace/main'), access: 'write' }], protectedPaths: own })
  t.equal((await inner.readText('a.txt')).text, 'mine')
  await inner.writeText('b.txt', 'x')
  const wide = createPathGate({ roots: [{ path: base, access: 'write' }], protectedPaths: own })
  for (const path of ['openclaw.yaml', 'state/audit.jsonl', 'state/new.txt', 'OPENCLAW.YAML']) {
    await t.rejects(wide.writeText(path, 'x'), /belongs to the engine/, path)
  }
  await t.rejects(wide.readText('openclaw.yaml'), /belongs to the engine/)
})

t.test('more names that hold keys, and more that run later', async (t) => {
  const base = testdir(t, {})
  const gate = createPathGate({ roots: [{ path: base, access: 'write' }], protectedPaths: [] })
  for (const path of ['.cargo/credentials.toml', 'x/.m2/settings.xml', '.config/hub', 'service-account.json', '.env~', '#.env#'])
    await t.rejects(gate.readText(path), /is a protected name/, path)
  for (const path of [
    '.config/systemd/user/x.service',
    '.config/fish/conf.d/x.fish',
    '.local/bin/ls',
    '.cargo/config.toml',
    'a/node_modules/.bin/x',
    '.vim/vimrc',
    '.Irbrc',
  ])
    await t.rejects(gate.writeText(path, 'x'), /is never written/, path)
  for (const path of [
    'systemd/x.service',
    'bin/x',
    'config/app.json',
    'head/x.txt',
    'environment',
    '.editorconfig',
    '.gitignore',
  ])
    t.match(await gate.writeText(path, 'x'), { created: true }, path)
})

t.test('a new file that would become configuration is refused', async (t) => {
  const base = testdir(t, { 'openclaw.yaml': '', agents: { 'a.yaml': '' }, work: {} })
  const plan = {
    file: join(base, 'openclaw.yaml'),
    sources: [join(base, 'openclaw.yaml'), join(base, 'agents/a.yaml')],
    includePatterns: [join(base, 'agents/*.yaml'), join(base, 'deep/**/x?.yml'), join(base, 'either/{a,b}.yaml')],
    stateDir: join(base, '.openclaw'),
    plugins: [],
  }
  const gate = createPathGate({ roots: [{ path: base, access: 'write' }], protectedPaths: engineFiles(plan) })
  for (const path of [
    'agents/b.yaml',
    'AGENTS/B.yaml',
    'agents/c.yaml/d',
    'deep/x1.yml',
    'deep/a/b/x1.yml',
    'either/b.yaml',
    'skills/mine/SKILL.md',
    'skills/mine/tools/x.js',
    '.openclaw/exec-approvals.json',
  ])
    await t.rejects(gate.writeText(path, 'x'), /belongs to the engine/, path)
  for (const path of ['agents/b.txt', 'agents/sub/b.yaml', 'deep/a/y1.yml', 'work/b.yaml']) await gate.writeText(path, 'x')
})

t.test('links inside are followed, also to write; others are not', async (t) => {
  const base = testdir(t, { work: { 'a.txt': 'a', sub: {} }, out: {} })
  const work = join(base, 'work')
  await symlink('a.txt', join(work, 'link.txt'))
  await symlink('sub', join(work, 'folder'))
  await symlink('../out', join(work, 'escape'))
  await symlink('nowhere', join(work, 'dangling'))
  const gate = createPathGate({ roots: [{ path: work, access: 'write' }], protectedPaths: [] })
  t.match(await gate.writeText('link.txt', 'through'), { path: 'a.txt' })
  t.equal(await readFile(join(work, 'a.txt'), 'utf8'), 'through')
  t.match(await gate.writeText('folder/new.txt', 'x'), { path: 'sub/new.txt' })
  await t.rejects(gate.writeText('escape/new.txt', 'x'), /out of the workspace/)
  await t.rejects(gate.writeText('escape/deep/new.txt', 'x'), /out of the workspace/)
  await t.rejects(gate.writeText('dangling', 'x'), GateError)
  t.same(await readdir(join(base, 'out')), [])
})

t.test('nothing outside is read or written while folders and files are swapped for links all the time', async (t) => {
  const base = testdir(t, { work: { dir: { 'file.txt': 'inside' } }, out: { 'file.txt': 'OUTSIDE' } })
  const work = join(base, 'work')
  const out = join(base, 'out')
  const gate = createPathGate({ roots: [{ path: work, access: 'write' }], protectedPaths: [] })
  let going = true
  const swapping = (async () => {
    while (going) {
      await rm(join(work, 'dir'), { recursive: true, force: true }).catch(() => {})
      await symlink(out, join(work, 'dir')).catch(() => {})
      await rm(join(work, 'dir'), { recursive: true, force: true }).catch(() => {})
      await mkdir(join(work, 'dir')).catch(() => {})
      await writeFile(join(work, 'dir/file.txt'), 'inside').catch(() => {})
      await rm(join(work, 'dir/file.txt'), { force: true }).catch(() => {})
      await symlink(join(out, 'file.txt'), join(work, 'dir/file.txt')).catch(() => {})
    }
  })()
  const outcomes = { read: 0, wrote: 0, refused: 0 }
  for (let i = 0; i < 300; i++) {
    try {
      const { text } = await gate.readText('dir/file.txt')
      t.notMatch(text, 'OUTSIDE')
      outcomes.read++
    } catch (error) {
      if (!(error instanceof GateError)) t.fail(String(error))
      outcomes.refused++
    }
    try {
      await gate.writeText('dir/file.txt', 'by the tool')
      outcomes.wrote++
    } catch (error) {
      if (!(error instanceof GateError)) t.fail(String(error))
      outcomes.refused++
    }
  }
  going = false
  await swapping
  t.same(await readdir(out), ['file.txt'])
  t.comment(JSON.stringify(outcomes))
  t.ok(outcomes.refused > 0)
})
