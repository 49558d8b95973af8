import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { lstat, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { ShellResult } from '../../src/permissions/port.ts'
import { createShellRunner, type ShellRunnerOptions } from '../../src/permissions/run.ts'
import { createSandbox } from '../../src/permissions/sandbox.ts'
import { testdir } from '../support/testdir.ts'

// From the sandbox to the host: what a command inside leaves behind that programs outside would take their settings from.

const sandbox = createSandbox()
const works = await sandbox.works()
const skip = works ? false : `NOT TESTED: ${await sandbox.problem()}`
const ENV = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1' }

const git = (cwd: string, ...args: readonly string[]): string =>
  execFileSync('git', ['-c', 'user.name=n', '-c', 'user.email=a@b', ...args], {
    cwd,
    encoding: 'utf8',
    env: ENV,
    stdio: ['ignore', 'pipe', 'ignore'],
  })

function inside(
  more: Pick<ShellRunnerOptions, 'roots'> & Partial<ShellRunnerOptions>,
): (command: string) => Promise<ShellResult> {
  const shell = createShellRunner({ protectedPaths: [], sandbox, mode: 'required', network: [], redact: (text) => text, ...more })
  return (command) => shell.run(command, { signal: AbortSignal.timeout(60_000) })
}

async function repository(t: Test): Promise<string> {
  const work = join(testdir(t, { work: { 'a.txt': 'a\n' } }), 'work')
  git(work, 'init', '-q', '-b', 'master')
  git(work, 'add', '.')
  git(work, 'commit', '-qm', 'one')
  return work
}

t.test('all of .git but index, objects, refs and logs is as before', { skip }, async (t) => {
  const work = await repository(t)
  git(work, 'config', 'remote.origin.url', 'https://user:sEcReT@git.example/x.git')
  git(work, 'config', 'http.https://git.example/.extraheader', 'Authorization: Basic sEcReT')
  await rm(join(work, '.git/hooks'), { recursive: true })
  await rm(join(work, '.git/info'), { recursive: true })
  const run = inside({ roots: [{ path: work, access: 'write' }] })
  const before = await everything(join(work, '.git'))
  for (const command of [
    'echo "[core] fsmonitor = evil" >> .git/config',
    'git config core.fsmonitor evil',
    'mkdir -p .git/hooks; echo evil > .git/hooks/pre-commit; chmod +x .git/hooks/*',
    'mkdir -p .git/info; echo "* filter=evil" > .git/info/attributes',
    'echo ../evil > .git/commondir',
    'echo "[core] fsmonitor = evil" > .git/config.worktree',
    'mkdir -p .git/rebase-merge; echo "exec evil" > .git/rebase-merge/git-rebase-todo',
    'mkdir -p .git/modules/x .git/worktrees/x',
    'echo "ref: refs/heads/evil" > .git/HEAD',
    'rm -rf .git/config .git/HEAD .git/description',
    'mv .git old; mkdir .git; echo evil > .git/config',
    'ln -sf /etc/passwd .git/packed-refs',
    'rm -rf .git/index && ln -s /etc/passwd .git/index',
  ])
    await run(command)
  t.same(await everything(join(work, '.git')), before)
  t.notOk(existsSync(join(work, 'old')))
  t.notMatch((await run('cat .git/config; git config --list')).output, /sEcReT/, 'tokens are out of sight')
  t.match((await run('git remote -v')).output, /https:\/\/git\.example\/x\.git/, 'the rest of the settings is there')
})

t.test('git works inside', { skip }, async (t) => {
  const work = await repository(t)
  git(work, 'config', 'user.name', 'n')
  git(work, 'config', 'user.email', 'a@b')
  const run = inside({ roots: [{ path: work, access: 'write' }] })
  t.match(await run('echo b >> a.txt && echo new > b.txt && git add . && git commit -qm two'), { exitCode: 0 })
  t.equal(git(work, 'log', '--format=%s'), 'two\none\n')
  t.equal(git(work, 'status', '--porcelain'), '', 'the index was taken over')
  t.match(await run('git status --porcelain; git log --oneline'), { exitCode: 0, output: /two/ })
  t.match(await run('git branch side && git tag v1 && echo c >> a.txt && git add a.txt'), { exitCode: 0 })
  t.equal(git(work, 'status', '--porcelain'), 'M  a.txt\n')
  t.match(git(work, 'branch', '--list'), /side/)
})

t.test('links in .git lead nowhere', { skip }, async (t) => {
  const out = testdir(t, { 'secret.txt': 'sEcReT' })
  const other = join(out, 'repo')
  await mkdir(other)
  git(other, 'init', '-q')
  await rm(join(other, '.git/objects'), { recursive: true })
  await symlink(out, join(other, '.git/objects'))
  await symlink(join(out, 'secret.txt'), join(other, '.git/index'))
  const run = inside({ roots: [{ path: other, access: 'write' }] })
  t.notMatch((await run('cat .git/objects/secret.txt .git/index; echo evil > .git/objects/made')).output, /sEcReT/)
  t.notOk(existsSync(join(out, 'made')))
})

t.test('what is not there does not come to be, and nothing is left behind', { skip }, async (t) => {
  const base = testdir(t, { work: { 'openclaw.yaml': 'x' } })
  const work = join(base, 'work')
  const run = inside({
    roots: [{ path: work, access: 'write' }],
    protectedPaths: ['openclaw.yaml', '.env', 'skills', '.openclaw'].map((name) => join(work, name)),
  })
  await Promise.all(
    [
      'git init; mkdir -p .git; echo evil > .git/config',
      'sleep 0.3; mkdir -p .git/hooks; echo evil > .git/hooks/x',
      'echo KEY=evil > .env; mkdir -p skills/evil; echo evil > skills/evil/SKILL.md; mkdir -p .openclaw; echo evil > .openclaw/halts.json',
    ].map(run),
  )
  t.same(await readdir(work), ['openclaw.yaml'])
  t.match(await run('mkdir sub && cd sub && git init -q && git status'), { exitCode: 0 }, 'a repository of its own is fine')
})

t.test('folders in folders keep their own access, in whatever order they are listed', { skip }, async (t) => {
  const base = testdir(t, { work: { docs: { 'a.md': 'a' }, out: {} } })
  const work = join(base, 'work')
  const docs = join(work, 'docs')
  for (const roots of [
    [
      { path: work, access: 'write' },
      { path: docs, access: 'read' },
    ],
    [
      { path: docs, access: 'read' },
      { path: work, access: 'write' },
    ],
  ] as const) {
    const run = inside({ roots })
    t.not((await run(`echo x > '${docs}/new'`)).exitCode, 0)
    t.equal((await run(`echo x > '${work}/new'`)).exitCode, 0)
  }
  const out = join(work, 'out')
  const run = inside({
    roots: [
      { path: out, access: 'write' },
      { path: work, access: 'read' },
    ],
  })
  t.equal((await run(`echo x > '${out}/new'`)).exitCode, 0)
  t.not((await run(`echo x > '${work}/newer'`)).exitCode, 0)
})

t.test('an agent’s folder in the state folder, beside one that holds the state folder', { skip }, async (t) => {
  const base = testdir(t, { '.openclaw': { workspace: { main: {} }, 'state.db': 'secret' }, 'a.txt': 'a' })
  const own = join(base, '.openclaw/workspace/main')
  const run = inside({
    roots: [
      { path: own, access: 'write' },
      { path: base, access: 'write' },
    ],
    protectedPaths: [join(base, '.openclaw')],
  })
  t.equal((await run(`echo x > made; cat '${base}/a.txt'`)).output, 'a')
  t.equal(await readFile(join(own, 'made'), 'utf8'), 'x\n')
  t.notMatch((await run(`cat '${base}/.openclaw/state.db'`)).output, /secret/)
  await run(`echo evil > '${base}/.openclaw/state.db'; echo evil > '${base}/.openclaw/halts.json'`)
  t.equal(await readFile(join(base, '.openclaw/state.db'), 'utf8'), 'secret')
  t.notOk(existsSync(join(base, '.openclaw/halts.json')))
})

t.test('secrets of tools are out of sight', { skip }, async (t) => {
  const secrets = [
    '.config/gh/hosts.yml',
    '.m2/settings.xml',
    '.netrc',
    '.npmrc',
    '.aws/credentials',
    '.config/gcloud/x.json',
    '.gradle/gradle.properties',
    'sub/.env',
    '.docker/config.json',
  ]
  const work = testdir(t, {})
  for (const path of secrets) {
    await mkdir(join(work, path, '..'), { recursive: true })
    await writeFile(join(work, path), 'sEcReT')
  }
  const run = inside({ roots: [{ path: work, access: 'write' }] })
  const { output } = await run(`cat ${secrets.map((path) => `'${path}'`).join(' ')}; grep -r sEcReT .`)
  t.notMatch(output, /sEcReT/)
  for (const path of secrets) t.equal(await readFile(join(work, path), 'utf8'), 'sEcReT')
})

/** What a folder holds: contents of files, targets of links. */
async function everything(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) Object.assign(found, { [path]: 'folder' }, await everything(path))
    else found[path] = (await lstat(path)).isSymbolicLink() ? 'link' : await readFile(path, 'latin1')
  }
  return found
}
