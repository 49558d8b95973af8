// The programs that attempts may start: real ones behind a recording front where they work on files alone, recording fronts only
// where they would reach a network or take long.

import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Programs } from '../../src/permissions/shell/programs.ts'
import { tablesOf } from '../../src/permissions/shell/tables/index.ts'

const REAL = new Set(
  `arch awk b2sum base32 base64 basename bzcat bzip2 bunzip2 cal cat chmod cksum cmp column comm cp cut date df diff dirname du egrep
  expand expr factor fgrep file find fmt fold git grep gunzip gzip hd hexdump id join jq ln ls make mawk md5sum mkdir mktemp mv nl nproc
  numfmt od paste curl wget ps readlink realpath rev rm rmdir sed seq sha1sum sha256sum shuf sort stat strings sum tac tail tar tee touch tr
  truncate tsort uname unexpand uniq unlink unxz unzip wc which whoami xxd xz xzcat yq zcat zgrep zip head`.split(/\s+/),
)

const RUNNERS =
  'bash sh env xargs timeout nice sudo perl ruby vi less watch nohup npx parallel busybox ssh setsid stdbuf time'.split(' ')

/** Every tool that has a list, and what an attempt may try to start beside them. */
const NAMES = new Set([...tablesOf().flatMap((table) => table.tools), ...RUNNERS, ...REAL])

/** What a program starts by itself to do its work. */
const HELPERS: Readonly<Record<string, readonly string[]>> = {
  tar: ['gzip', 'bzip2', 'xz', 'zstd'],
  // Some of its sub-commands are scripts; `cat` and `diff` stand in the environment for programs of a repository's settings.
  git: ['git', 'basename', 'sed', 'uname', 'cat', 'diff'],
  make: ['sh', 'bash'],
  zcat: ['gzip', 'sh', 'bash'],
  gunzip: ['gzip', 'sh', 'bash'],
  egrep: ['grep'],
  fgrep: ['grep'],
  bunzip2: ['bzip2'],
  bzcat: ['bzip2'],
  unxz: ['xz'],
  xzcat: ['xz'],
  zgrep: ['gzip', 'grep', 'sed', 'sh', 'bash', 'cat', 'bzip2', 'xz', 'mktemp', 'rm'],
  ps: [],
  which: ['sh'],
  yq: ['jq'],
}

export class Recorder implements Programs {
  readonly folder: string
  readonly #log: string

  constructor(folder: string) {
    this.folder = join(folder, 'bin')
    this.#log = join(folder, 'started')
    mkdirSync(this.folder, { recursive: true })
    for (const name of NAMES) {
      const real = ['/usr/bin', '/bin'].map((place) => `${place}/${name}`).find((path) => REAL.has(name) && existsSync(path))
      const front = `#!/bin/bash\nprintf '%s\\n' '${name}' >> '${this.#log}'\n${real === undefined ? 'exit 0' : `exec ${real} "$@"`}\n`
      writeFileSync(join(this.folder, name), front)
      chmodSync(join(this.folder, name), 0o755)
    }
  }

  find(name: string): string | undefined {
    const path = join(this.folder, name)
    return !name.includes('/') && existsSync(path) ? path : undefined
  }

  /** Names of what was started since the last look. */
  started(): readonly string[] {
    const names = existsSync(this.#log) ? readFileSync(this.#log, 'utf8').split('\n') : []
    writeFileSync(this.#log, '')
    return names.filter((name) => name !== '')
  }
}

/** Sub-commands of git that say their options and work on files alone. */
const GIT_COMMANDS =
  `add blame branch cat-file checkout cherry-pick clean commit describe diff grep fetch gc init log ls-files ls-remote ls-tree merge mv notes pull push rebase reflog reset
  restore rev-list rev-parse revert rm shortlog show stash status switch tag`.split(/\s+/)

/** What the installed tools print of their options, by the command that takes them. */
export function manuals(): ReadonlyMap<string, string> {
  const commands = [
    ...[...REAL].filter((name) => name !== 'git').map((name) => (name === 'curl' ? [name, '--help', 'all'] : [name, '--help'])),
    ...GIT_COMMANDS.map((name) => ['git', name, '-h']),
  ]
  const found = new Map<string, string>()
  for (const [tool = '', ...args] of commands) {
    const { stdout, stderr } = spawnSync(tool, args, {
      encoding: 'latin1',
      timeout: 5000,
      input: '',
      env: { PATH: '/usr/bin:/bin', HOME: '/nonexistent' },
    })
    found.set(tool === 'git' ? `git ${args[0]}` : tool, `${stdout ?? ''}${stderr ?? ''}`)
  }
  return found
}

/** The options in such a text; one that ends in `=` takes a value. */
export const optionsIn = (manual: string): readonly string[] => [
  ...new Set([...manual.matchAll(/(?<=^|[\s,[|(])--?[A-Za-z0-9][\w-]*(?:\[?=)?/gm)].map(([option]) => option.replace('[', ''))),
]

/** Options whose value is optional, so that it stands in the same word or not at all. */
export const optionalIn = (manual: string): ReadonlySet<string> =>
  new Set([...manual.matchAll(/(?<=^|[\s,[|(])(--[A-Za-z0-9][\w-]*)\[=/gm)].map(([, option = '']) => option))

/** A program that started although none of these would start it. */
export function startedBeyond(started: readonly string[], granted: readonly string[]): string | undefined {
  const allowed = new Set(granted.flatMap((name) => [name, ...(HELPERS[name] ?? [])]))
  return started.find((name) => !allowed.has(name))
}
