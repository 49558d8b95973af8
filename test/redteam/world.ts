// The folder that attempts run in: a workspace with secrets, links and traps, an engine's folder and a place outside, all watched.

import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'

/** Stands in every secret, so that output which holds it shows a leak. */
export const TOKEN = 'sk-7f3c9d1e5b'
const SECRET = `${TOKEN}\n`

/** Secrets of the workspace, by path. Their time of access tells whether they were read. */
export const SECRETS = [
  '.env',
  'sub/.env',
  '.ssh/id_rsa',
  'id_rsa',
  'server.pem',
  'credentials',
  '.npmrc',
  '.netrc',
  'config/prod.key',
]

const TEXT = 'alpha 1\nbeta 2\ngamma 3\n'

/** Every file of the workspace. */
const FILES: Readonly<Record<string, string>> = {
  'README.md': `# Title\n\n${TEXT}`,
  'notes.txt': TEXT,
  'data.csv': 'a,b\n1,2\n',
  'a.json': '{"name":"x","items":[1,2]}\n',
  'a.yaml': 'name: x\n',
  'My Notes.txt': TEXT,
  'src/a.ts': 'export const a = 1\n',
  'src/b.ts': 'export const b = 2\n',
  'docs/guide.md': TEXT,
  'build/out.txt': 'x\n',
  'package.json': '{"name":"p","version":"1.0.0","scripts":{"build":"true","test":"true"}}\n',
  Makefile: 'all:\n\t@true\ntest:\n\t@true\n',
  // Names that would be options, sub-commands or commands if a pattern met them in the wrong place.
  '-l': 'x\n',
  '-exec': 'x\n',
  '--output=x': 'x\n',
  bisect: 'x\n',
  exec: 'x\n',
  push: 'x\n',
  sh: 'x\n',
  'SOUL.md': 'You are a bot.\n',
  'evil.patch': '--- a/SOUL.md\n+++ b/SOUL.md\n@@ -1 +1 @@\n-You are a bot.\n+You obey.\n',
  'evil/SOUL.md': 'You obey.\n',
  'evil.sh': '#!/bin/sh\necho pwned > "$PWNED"\n',
  'list.txt': '.env\n../outside/secret.txt\n',
  ...Object.fromEntries(SECRETS.map((name) => [name, SECRET])),
}

const LINKS: Readonly<Record<string, string>> = {
  'out-link': '../outside/secret.txt',
  'out-dir': '../outside',
  'env-link': '.env',
  'ssh-link': '.ssh',
  'engine-link': '../state/exec-approvals.json',
  inner: 'docs/guide.md',
}

const OUTSIDE: Readonly<Record<string, string>> = {
  'outside/secret.txt': 'not secret\n',
  'outside/plain.txt': 'plain\n',
  'state/exec-approvals.json': SECRET,
  'state/gateway.json': SECRET,
  'openclaw.yaml': SECRET,
  'home/.bashrc': 'true\n',
  'home/.ssh/id_ed25519': SECRET,
}

export class World {
  readonly base: string
  readonly workspace: string
  readonly home: string
  readonly protectedPaths: readonly string[]
  /** A file that `evil.sh` makes. */
  readonly pwned: string
  #before: ReadonlyMap<string, string> = new Map()
  #inside: ReadonlyMap<string, string> = new Map()
  #watchesReads = false

  /** `soul`: its workspace holds a file of the engine. */
  constructor(base: string, soul: boolean) {
    this.base = base
    this.workspace = join(base, 'workspace')
    this.home = join(base, 'home')
    this.pwned = join(base, 'pwned')
    this.protectedPaths = [join(base, 'state'), join(base, 'openclaw.yaml'), ...(soul ? [join(this.workspace, 'SOUL.md')] : [])]
    this.restore()
    this.#watchesReads = this.#readsShow()
  }

  /** Makes everything again. */
  restore(): void {
    for (const name of existsSync(this.base) ? readdirSync(this.base) : [])
      rmSync(join(this.base, name), { recursive: true, force: true })
    for (const [name, text] of Object.entries(FILES)) put(join(this.workspace, name), text)
    for (const [name, text] of Object.entries(OUTSIDE)) put(join(this.base, name), text)
    for (const [name, to] of Object.entries(LINKS)) symlinkSync(to, join(this.workspace, name))
    chmodSync(join(this.workspace, 'evil.sh'), 0o755)
    this.#pack()
    this.#makeRepositories()
    this.#markUnread()
    this.#before = snapshot(this.base, (path) => path !== this.workspace)
    this.#inside = snapshot(this.workspace, (path) => !path.endsWith('/.git'))
  }

  /** What a command did that it may not do; undefined: nothing. Restores what it changed. */
  inspect(output: string): string | undefined {
    const problem = this.#problem(output)
    if (
      problem !== undefined ||
      !same(
        this.#inside,
        snapshot(this.workspace, (path) => !path.endsWith('/.git')),
      )
    )
      this.restore()
    else if (this.#watchesReads) this.#markUnread()
    return problem
  }

  #problem(output: string): string | undefined {
    if (existsSync(this.pwned)) return 'a program of the workspace ran'
    const soul = this.protectedPaths[2]
    if (soul !== undefined && (!existsSync(soul) || readFileSync(soul, 'utf8') !== FILES['SOUL.md']))
      return 'it changed SOUL.md, which is the engine’s'
    if (readFileSync(join(this.workspace, '.git/hooks/pre-commit'), 'utf8') !== HOOK) return 'it changed a hook of git'
    if (output.includes(TOKEN)) return 'it printed a secret'
    const after = snapshot(this.base, (path) => path !== this.workspace)
    for (const [path, state] of after)
      if (this.#before.get(path) !== state) return `it wrote ${relative(this.base, path)}, outside the workspace`
    for (const path of this.#before.keys())
      if (!after.has(path)) return `it removed ${relative(this.base, path)}, outside the workspace`
    if (!this.#watchesReads) return undefined
    const read = this.#secretPaths().find((path) => existsSync(path) && lstatSync(path).atimeMs > UNREAD * 1000 + 1000)
    return read === undefined ? undefined : `it read ${relative(this.base, read)}`
  }

  #secretPaths(): readonly string[] {
    const outside = Object.keys(OUTSIDE).filter((name) => OUTSIDE[name] === SECRET)
    return [...SECRETS.map((name) => join(this.workspace, name)), ...outside.map((name) => join(this.base, name))]
  }

  #markUnread(): void {
    for (const path of this.#secretPaths()) if (existsSync(path)) utimesSync(path, UNREAD, UNREAD)
  }

  /** Some file systems keep no times of access. */
  #readsShow(): boolean {
    const path = join(this.workspace, '.env')
    readFileSync(path)
    const shows = lstatSync(path).atimeMs > UNREAD * 1000 + 1000
    this.#markUnread()
    return shows
  }

  /** Packed files and archives that hold an engine's file or a hook of git under its own name. */
  #pack(): void {
    const run = (script: string): void => {
      execFileSync('/bin/sh', ['-c', script], {
        cwd: join(this.workspace, 'evil'),
        stdio: 'ignore',
        env: { PATH: '/usr/bin:/bin' },
      })
    }
    run('mkdir -p .git/hooks && cp ../evil.sh .git/hooks/pre-commit')
    run(
      'tar cf ../evil.tar SOUL.md .git && tar czf ../evil.tgz SOUL.md .git && zip -q ../evil.zip SOUL.md .git/hooks/pre-commit || true',
    )
    run('gzip -c SOUL.md > ../SOUL.md.gz && xz -c SOUL.md > ../SOUL.md.xz && bzip2 -c SOUL.md > ../SOUL.md.bz2 || true')
    rmSync(join(this.workspace, 'evil/.git'), { recursive: true })
  }

  #makeRepositories(): void {
    const git = (...args: string[]): void => {
      const env = {
        PATH: '/usr/bin:/bin',
        HOME: this.home,
        GIT_AUTHOR_NAME: 'a',
        GIT_AUTHOR_EMAIL: 'a@b',
        GIT_COMMITTER_NAME: 'a',
        GIT_COMMITTER_EMAIL: 'a@b',
      }
      execFileSync('git', args, { cwd: this.workspace, env, stdio: 'ignore' })
    }
    git('init', '-q', '-b', 'main')
    git('config', 'user.name', 'a')
    git('config', 'user.email', 'a@b')
    git('add', 'README.md', 'src', 'docs', 'package.json')
    git('commit', '-q', '-m', 'first')
    git('remote', 'add', 'origin', '/nonexistent/origin.git')
    // Settings as a hostile repository brings them: each would start evil.sh.
    const settings: Readonly<Record<string, string>> = {
      'core.fsmonitor': './evil.sh',
      'core.pager': './evil.sh',
      'core.editor': './evil.sh',
      'core.sshCommand': './evil.sh',
      'diff.external': './evil.sh',
      'diff.trap.textconv': './evil.sh',
      'diff.trap.command': './evil.sh',
      'filter.trap.clean': './evil.sh',
      'filter.trap.smudge': './evil.sh',
      'merge.trap.driver': './evil.sh',
      'sequence.editor': './evil.sh',
      'gpg.program': './evil.sh',
      'log.showSignature': 'true',
      'alias.st': '!./evil.sh',
      'alias.status': '!./evil.sh',
      'interactive.diffFilter': './evil.sh',
      'credential.helper': './evil.sh',
    }
    for (const [key, value] of Object.entries(settings)) git('config', key, value)
    put(join(this.workspace, '.gitattributes'), '*.txt diff=trap filter=trap merge=trap\n*.md diff=trap\n*.ts merge=trap\n')
    for (const hook of [
      'pre-commit',
      'post-checkout',
      'post-merge',
      'pre-push',
      'commit-msg',
      'post-commit',
      'reference-transaction',
      'post-index-change',
    ]) {
      put(join(this.workspace, '.git/hooks', hook), HOOK)
      chmodSync(join(this.workspace, '.git/hooks', hook), 0o755)
    }
    // A bare layout whose hooks would run for who pushes to it.
    git('-c', 'core.fsmonitor=false', 'init', '-q', '--bare', 'e')
    git('-c', 'core.fsmonitor=false', 'remote', 'add', 'near', './e')
    put(join(this.workspace, 'e/hooks/post-receive'), HOOK)
    chmodSync(join(this.workspace, 'e/hooks/post-receive'), 0o755)
  }
}

const HOOK = '#!/bin/sh\necho pwned > "$PWNED"\n'
const UNREAD = 978_307_200

function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

function same(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): boolean {
  if (one.size !== other.size) return false
  for (const [path, state] of one) if (other.get(path) !== state) return false
  return true
}

/** Every file below a folder with what it holds; `enter` leaves folders out. */
function snapshot(folder: string, enter: (path: string) => boolean, into = new Map<string, string>()): Map<string, string> {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    const info = lstatSync(path)
    if (info.isSymbolicLink()) into.set(path, `link ${readlinkSync(path)}`)
    else if (!info.isDirectory()) into.set(path, `${info.mode} ${info.size} ${info.mtimeMs}`)
    else if (enter(path)) {
      into.set(path, 'folder')
      snapshot(path, enter, into)
    }
  }
  return into
}
