import { execFileSync, spawnSync } from 'node:child_process'
import { appendFileSync, chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { gitEnvironment } from '../../src/permissions/git-environment.ts'
import { createShellRunner } from '../../src/permissions/run.ts'
import { createSandbox } from '../../src/permissions/sandbox.ts'
import { testdir } from '../support/testdir.ts'

// A repository whose settings name a program wherever git would start one. The program writes down that it ran.

const EVERYDAY = [
  'status',
  'diff',
  'diff --stat',
  'diff --cached',
  'diff --submodule=diff',
  'log',
  'log -p',
  'log --show-signature',
  'show',
  'show HEAD:a.txt',
  'blame a.txt',
  'grep b',
  'branch --list',
  'branch other',
  'tag v1',
  'stash list',
  'stash',
  'ls-files',
  'describe --always',
  'rev-parse HEAD',
  'add -A',
  'commit -m one --allow-empty',
  'checkout -- .',
  'switch -c third',
  'merge other',
  'fetch',
  'ls-remote',
  'pull',
  'push',
  'fetch near',
  'ls-remote near',
  'push near HEAD',
  'push near HEAD:refs/heads/newer',
  'pull near master',
  'remote -v',
  'gc --auto',
  'cat-file --textconv HEAD:a.txt',
  'archive HEAD',
  'submodule status',
  'submodule update',
  'rebase HEAD~1',
  'cherry-pick HEAD',
  'interpret-trailers --trailer x=y a.txt',
  'worktree list',
  'format-patch -1 --stdout',
]

const git = (cwd: string, ...args: readonly string[]): string =>
  execFileSync('git', ['-c', 'core.hooksPath=/dev/null', '-c', 'protocol.file.allow=always', ...args], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: cwd,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_AUTHOR_NAME: 'n',
      GIT_AUTHOR_EMAIL: 'a@b',
      GIT_COMMITTER_NAME: 'n',
      GIT_COMMITTER_EMAIL: 'a@b',
    },
  })

/** Settings of a repository that start `hit`. */
const settings = (hit: string): Readonly<Record<string, string>> => ({
  'user.name': 'n',
  'user.email': 'a@b',
  'core.fsmonitor': `${hit} fsmonitor`,
  'core.pager': `${hit} pager`,
  'pager.log': `${hit} pager-log`,
  'core.editor': `${hit} editor`,
  'sequence.editor': `${hit} sequence`,
  'core.sshCommand': `${hit} ssh`,
  'core.askPass': `${hit} askpass`,
  'core.gitProxy': `${hit} proxy`,
  'core.alternateRefsCommand': `${hit} alternate`,
  'credential.helper': `!${hit} credential`,
  'gpg.program': `${hit}`,
  'log.showSignature': 'true',
  'diff.external': `${hit} external`,
  'diff.evil.textconv': `${hit} textconv`,
  'diff.other one.command': `${hit} driver`,
  'filter.evil.clean': `${hit} clean`,
  'filter.evil.smudge': `${hit} smudge`,
  'filter.stream.process': `${hit} process`,
  'filter.stream.required': 'true',
  'merge.evil.driver': `${hit} merge`,
  'trailer.x.command': `${hit} trailer`,
  'interactive.diffFilter': `${hit} filter`,
  'gc.recentObjectsHook': `${hit} recent`,
  'remote.origin.url': `ext::${hit} ext`,
  'remote.near.url': '.',
  'remote.near.uploadpack': `${hit} uploadpack`,
  'remote.near.receivepack': `${hit} receivepack`,
  'remote.near.fetch': '+refs/heads/*:refs/remotes/near/*',
  'branch.master.remote': 'near',
  'branch.master.merge': 'refs/heads/master',
  'tar.x.command': `${hit} tar`,
  'alias.st': `!${hit} alias`,
  'submodule.mod.update': `!${hit} update`,
})

const ATTRIBUTES = '*.txt diff=evil filter=evil merge=evil\n*.md diff="other one" filter=stream\n'

function hostile(folder: string, hit: string, how: 'plain' | 'included' | 'submodule'): void {
  git(folder, 'init', '-q', '-b', 'master', '.')
  writeFileSync(join(folder, 'a.txt'), 'b\n')
  writeFileSync(join(folder, 'c.md'), 'b\n')
  git(folder, 'add', '.')
  git(folder, 'commit', '-qm', 'one')
  let target = join(folder, '.git')
  if (how === 'submodule') {
    const other = `${folder}-other`
    mkdirSync(other)
    hostile(other, '/bin/true', 'plain')
    rmSync(join(other, '.git/info/attributes'))
    git(folder, 'submodule', '--quiet', 'add', other, 'mod')
    git(folder, 'commit', '-qm', 'two')
    target = join(folder, '.git/modules/mod')
  }
  const config = how === 'included' ? join(target, 'more') : join(target, 'config')
  for (const [key, value] of Object.entries(settings(hit))) git(folder, 'config', '-f', config, key, value)
  if (how === 'included') appendFileSync(join(target, 'config'), '[INCLUDE]path = more\n')
  mkdirSync(join(target, 'info'), { recursive: true })
  writeFileSync(join(target, 'info/attributes'), ATTRIBUTES)
  mkdirSync(join(target, 'hooks'), { recursive: true })
  for (const hook of [
    'post-checkout',
    'pre-commit',
    'post-commit',
    'post-index-change',
    'reference-transaction',
    'pre-push',
    'post-merge',
    'pre-rebase',
    'pre-receive',
    'update',
    'post-receive',
    'post-update',
    'proc-receive',
    'push-to-checkout',
  ])
    cpSync(hit, join(target, 'hooks', hook))
}

async function runAll(t: Test, work: string, hits: string): Promise<void> {
  const shell = createShellRunner({
    roots: [{ path: work, access: 'write' }],
    protectedPaths: [],
    sandbox: createSandbox(),
    mode: 'off',
    network: [],
    redact: (text) => text,
  })
  const run = (command: string) => shell.run(command, { signal: AbortSignal.timeout(30_000) })
  for (const command of EVERYDAY) {
    for (const name of ['a.txt', 'c.md', 'mod/a.txt', 'mod/c.md'])
      if (existsSync(join(work, name))) appendFileSync(join(work, name), `${command}\n`)
    await run(`git ${command}`)
    t.equal(existsSync(hits) ? readFileSync(hits, 'utf8') : '', '', `git ${command} starts nothing of the repository’s`)
    rmSync(hits, { force: true })
  }
  t.match((await run('git log --oneline')).output, /one/, 'git itself works')
  appendFileSync(join(work, 'a.txt'), 'a last line\n')
  t.match((await run('git diff')).output, /\+a last line/, 'and shows what changed')
}

t.setTimeout(3 * EVERYDAY.length * 10_000)
for (const how of ['plain', 'included', 'submodule'] as const)
  t.test(`a hostile repository, ${how}`, async (t) => {
    t.setTimeout(EVERYDAY.length * 10_000)
    const base = testdir(t, { work: {}, 'hit.sh': '' })
    const hit = join(base, 'hit.sh')
    const hits = join(base, 'hits')
    writeFileSync(hit, `#!/bin/sh\necho "$0 $*" >> ${hits}\n[ -p /dev/stdin ] && cat\nexit 0\n`)
    chmodSync(hit, 0o755)
    const work = join(base, 'work')
    hostile(work, hit, how)
    // Without it, the settings do start something: the test would see it.
    appendFileSync(join(work, how === 'submodule' ? 'mod/a.txt' : 'a.txt'), 'x\n')
    git(work, 'status')
    t.match(readFileSync(hits, 'utf8'), /fsmonitor/)
    rmSync(hits)
    await runAll(t, work, hits)
  })

t.test('a folder with the four files of a repository is none', async (t) => {
  const base = testdir(t, { work: {} })
  const work = join(base, 'work')
  git(work, 'init', '-q', '--bare', '.')
  git(work, 'config', '-f', 'config', 'core.bare', 'false')
  git(work, 'config', '-f', 'config', 'core.worktree', work)
  git(work, 'config', '-f', 'config', 'core.fsmonitor', `touch ${join(base, 'hits')}`)
  const shell = createShellRunner({
    roots: [{ path: work, access: 'write' }],
    protectedPaths: [],
    sandbox: createSandbox(),
    mode: 'off',
    network: [],
    redact: (text) => text,
  })
  const { exitCode, output } = await shell.run('git status', { signal: AbortSignal.timeout(30_000) })
  t.not(exitCode, 0, output)
  t.match(output, /bareRepository|not a git repository/)
  t.notOk(existsSync(join(base, 'hits')))
})

t.test('a remote that is a folder of the repository is out of reach, one elsewhere is not', async (t) => {
  for (const setting of [
    { 'remote.origin.url': './e' },
    { 'remote.origin.url': 'file://BASE/work/e' },
    { 'remote.origin.url': 'https://h.example/x', 'remote.origin.pushurl': 'e' },
    { 'url.BASE/work/.insteadOf': 'https://h.example/', 'remote.origin.url': 'https://h.example/e' },
    { 'remote.pushDefault': './e', 'push.default': 'current' },
    { 'branch.master.pushRemote': 'e', 'push.default': 'current' },
  ]) {
    const base = testdir(t, { work: {} })
    const work = join(base, 'work')
    git(work, 'init', '-q', '-b', 'master', '.')
    git(work, 'commit', '-qm', 'one', '--allow-empty')
    git(work, 'init', '-q', '--bare', 'e')
    const hits = join(base, 'hits')
    writeFileSync(join(work, 'e/hooks/post-receive'), `#!/bin/sh\ntouch ${hits}\n`)
    chmodSync(join(work, 'e/hooks/post-receive'), 0o755)
    for (const [key, value] of Object.entries(setting))
      git(work, 'config', key.replace('BASE', base), value.replace('BASE', base))
    const env = { ...(await gitEnvironment(work)), PATH: process.env['PATH'] ?? '', HOME: work }
    const pushed = spawnSync('git', ['push', ...('remote.origin.url' in setting ? ['origin', 'HEAD:refs/heads/x'] : [])], {
      cwd: work,
      env,
      encoding: 'utf8',
    })
    t.match(pushed.stderr, /transport 'file' not allowed/, JSON.stringify(setting))
    t.notOk(existsSync(hits), JSON.stringify(setting))
  }
  const base = testdir(t, { work: {} })
  git(base, 'init', '-q', '--bare', 'elsewhere.git')
  const work = join(base, 'work')
  git(work, 'init', '-q', '-b', 'master', '.')
  git(work, 'commit', '-qm', 'one', '--allow-empty')
  git(work, 'remote', 'add', 'origin', join(base, 'elsewhere.git'))
  const env = { ...(await gitEnvironment(work)), PATH: process.env['PATH'] ?? '', HOME: work }
  t.equal(spawnSync('git', ['push', 'origin', 'master'], { cwd: work, env }).status, 0)
})
