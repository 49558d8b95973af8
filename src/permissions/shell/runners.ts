// What a command may start beyond itself: its words in, and how far they tell out. Deny rules are held against all that is told.

import { isHarmlessBuiltin, isStateBuiltin } from './builtins.ts'
import { baseName, riskyKind } from './names.ts'
import { parseCommand } from './parse.ts'

/**
 * `nothing`: it starts no other program. `words`: only what its words name. `more`: what a file, a script or its input says, or
 * what a program's text makes up.
 */
export type Reach = 'nothing' | 'words' | 'more'

/** Whether a tool's table knows this use of it: as one that starts nothing, one that runs a project's own scripts, or not at all. */
export type KnownUse = (words: readonly string[]) => 'starts-nothing' | 'runs-project' | 'not-listed' | undefined

const RANK: Readonly<Record<Reach, number>> = { nothing: 0, words: 1, more: 2 }
const MOST_DEPTH = 8

/** Programs none of whose options starts another. */
const START_NOTHING = new Set(
  `ls cat head tail wc tac rev nl cut tr paste join comm fold fmt uniq expand unexpand column diff cmp mkdir rmdir rm mv cp ln touch
  chmod chown chgrp stat du df file tree echo printf pwd whoami which date true false test [ type kill id groups uname uptime
  hostname basename dirname realpath readlink seq sleep md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum cksum sum
  base64 base32 od xxd hexdump strings gzip gunzip zcat bzip2 bunzip2 bzcat xz unxz xzcat zstd truncate tee mktemp nproc arch free lscpu lsblk
  cal factor numfmt expr tsort dig host nslookup ping ps grep egrep fgrep jq yes shuf split csplit sync pathchk nproc`.split(
    /\s+/,
  ),
)

/** Launchers that run the command behind their own options: those that take a value, and how many words stand before it. */
const LAUNCHERS: ReadonlyMap<string, { readonly valued: string; readonly long?: readonly string[]; readonly before?: number }> =
  new Map([
    ['env', { valued: 'uC', long: ['unset', 'chdir'] }],
    ['nice', { valued: 'n', long: ['adjustment'] }],
    ['nohup', { valued: '' }],
    ['setsid', { valued: '' }],
    ['time', { valued: 'fo', long: ['format', 'output'] }],
    ['stdbuf', { valued: 'ioe', long: ['input', 'output', 'error'] }],
    ['timeout', { valued: 'ks', long: ['kill-after', 'signal'], before: 1 }],
    ['ionice', { valued: 'cn', long: ['class', 'classdata'] }],
    ['chrt', { valued: 'TPD', before: 1 }],
    ['taskset', { valued: '', before: 1 }],
    ['sudo', { valued: 'ughpCDRTU', long: ['user', 'group', 'host', 'prompt', 'chdir'] }],
    ['doas', { valued: 'uC' }],
    [
      'xargs',
      {
        valued: 'aEdILlnPs',
        long: ['arg-file', 'delimiter', 'replace', 'max-args', 'max-procs', 'max-chars', 'max-lines', 'eof'],
      },
    ],
  ])

const worst = (reaches: Iterable<Reach>): Reach => {
  let most: Reach = 'nothing'
  for (const reach of reaches) if (RANK[reach] > RANK[most]) most = reach
  return most
}

export function reachOf(words: readonly string[], known: KnownUse, depth = 0): Reach {
  const [given = '', ...args] = words
  const name = baseName(given)
  if (depth > MOST_DEPTH || isStateBuiltin(given)) return 'more'
  if (startsNothing(given)) return 'nothing'
  if (name === 'find') return worst(actionsOf(args).map((action) => startedBy(action, known, depth)))
  const launcher = LAUNCHERS.get(name)
  if (launcher !== undefined) {
    const inner = launchedBy(name, args, launcher)
    if (inner === undefined) return 'more'
    if (inner.length === 0) return 'nothing'
    // More words come from its input, and they may be anything.
    if (name === 'xargs') return startsNothing(inner[0] ?? '') ? 'words' : 'more'
    return startedBy(inner, known, depth)
  }
  const kind = riskyKind(name)
  if (kind === 'a shell') return shellReach(args, known, depth)
  const use = known([name, ...args])
  if (use === 'starts-nothing') return 'nothing'
  if (use !== undefined) return 'more'
  if (kind !== undefined && kind !== 'a pager') return /^(--version|-V|--help)$/.test(args.join(' ')) ? 'nothing' : 'more'
  return given.includes('/') ? 'more' : 'words'
}

/** Whether a program starts no other, whatever it is given. */
const startsNothing = (name: string): boolean => isHarmlessBuiltin(name) || START_NOTHING.has(name)

/** A command that another one starts; a place for names that are not known yet tells nothing. */
const startedBy = (words: readonly string[], known: KnownUse, depth: number): Reach =>
  words.length === 0 || /[{}%]/.test(words[0] ?? '') ? 'more' : worst(['words', reachOf(words, known, depth + 1)])

/** A shell's text, where it is plain commands. */
function shellReach(args: readonly string[], known: KnownUse, depth: number): Reach {
  const at = args.findIndex((word) => /^-[eux]*c$/.test(word))
  const text = at < 0 || args.slice(0, at).some((word) => !/^-[eux]+$/.test(word)) ? undefined : args[at + 1]
  const parsed = parseCommand(text)
  if (!parsed.ok) return 'more'
  const commands = parsed.commands.map((one) => one.words)
  if (commands.some((words) => words.some((word) => word.pattern) || words[0]?.text === 'cd')) return 'more'
  return worst([
    'words',
    ...commands.map((words) =>
      reachOf(
        words.map((word) => word.text),
        known,
        depth + 1,
      ),
    ),
  ])
}

/** The command that a launcher runs; empty: none; undefined: its options are not known. */
function launchedBy(
  name: string,
  args: readonly string[],
  { valued, long = [], before = 0 }: { readonly valued: string; readonly long?: readonly string[]; readonly before?: number },
): readonly string[] | undefined {
  let at = 0
  for (; at < args.length; at++) {
    const word = args[at] as string
    if (word === '--') {
      at++
      break
    }
    if (word.startsWith('--')) {
      const option = word.slice(2)
      if (long.includes(option)) at++
      else if (!option.includes('=') || option.startsWith('split-string')) return undefined
    } else if (/^-./.test(word)) {
      if (name === 'env' && word.includes('S')) return undefined
      const letter = [...word.slice(1)].findIndex((one) => valued.includes(one))
      if (letter >= 0 && letter === word.length - 2) at++
    } else break
  }
  // A variable may change what any program starts.
  if ((name === 'env' || name === 'sudo') && args[at]?.includes('=') === true) return undefined
  return args.slice(at + before)
}

/** The commands behind `-exec` and its kin. */
function actionsOf(args: readonly string[]): readonly (readonly string[])[] {
  const actions: (readonly string[])[] = []
  for (let at = 0; at < args.length; at++) {
    if (!/^-(exec|execdir|ok|okdir)$/.test(args[at] as string)) continue
    const end = args.findIndex((word, index) => index > at && (word === ';' || word === '+'))
    actions.push(args.slice(at + 1, end < 0 ? args.length : end))
    at = end < 0 ? args.length : end
  }
  return actions
}
