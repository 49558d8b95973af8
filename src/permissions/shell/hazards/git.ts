// git: settings, transports, helpers and hooks that start programs.

import type { Word } from '../words.ts'
import type { HazardTable } from './table.ts'

const GLOBAL_OPTIONS = new Set(['--no-pager', '--no-optional-locks', '--version'])
const CONFIG_READS = new Set(['--get', '--get-all', '--get-regexp', '--get-urlmatch', '--list', '-l', 'get', 'list'])
const CONFIG_MODIFIERS =
  /^(--(global|local|system|worktree|show-origin|show-scope|null|name-only|includes|no-includes|all|regexp|type=[a-z]+|default=.*)|-z)$/

function globalOption(args: readonly Word[]): string | undefined {
  for (const { text } of args) {
    if (!text.startsWith('-')) return undefined
    if (!GLOBAL_OPTIONS.has(text)) return `\`git ${text}\` before the sub-command may change settings, folders or programs.`
  }
  return undefined
}

function configWrites(args: readonly Word[]): string | undefined {
  const rest = args.filter((word) => !GLOBAL_OPTIONS.has(word.text))
  if (rest[0]?.text !== 'config') return undefined
  const words = rest.slice(1).filter((word) => !CONFIG_MODIFIERS.test(word.text))
  const verb = words[0]?.text ?? ''
  if (!CONFIG_READS.has(verb)) return '`git config` may set a program that git starts; only `--get` and `--list` are read-only.'
  return words.slice(1).some((word) => word.text.startsWith('-'))
    ? 'This form of `git config` may read or write another file.'
    : undefined
}

/** Sub-commands that never take an address: in `git grep std::move` the two colons are text. */
const NO_REMOTE = new Set(
  'add blame branch cherry-pick commit diff grep log ls-files merge notes show stash status tag'.split(' '),
)
const MESSAGE = { prose: { after: ['-m', '-am', '--message'] } }
const CLONES = { short: 'uc', long: ['config', 'upload-pack'] }

export const git: HazardTable = {
  tools: ['git'],
  long: [
    'upload-pack',
    'receive-pack',
    'exec',
    'exec-path',
    'output',
    'ext-diff',
    'template',
    'config',
    'config-env',
    'no-index',
    'open-files-in-pager',
    'extcmd',
    'separate-git-dir',
    'git-dir',
    'work-tree',
    'unsafe-paths',
    'smtp-server',
    'sendmail-cmd',
    'tool-help',
    'export-marks',
    'output-directory',
  ],
  commands: [
    'archimport',
    'bisect',
    'citool',
    'credential',
    'credential-cache',
    'credential-store',
    'cvsimport',
    'cvsserver',
    'daemon',
    'difftool',
    'fast-import',
    'filter-branch',
    'filter-repo',
    'for-each-repo',
    'gui',
    'help',
    'hook',
    'http-backend',
    'imap-send',
    'instaweb',
    'maintenance',
    'merge-index',
    'mergetool',
    'p4',
    'quiltimport',
    'receive-pack',
    'remote-ext',
    'remote-fd',
    'send-email',
    'shell',
    'svn',
    'update-server-info',
    'upload-archive',
    'upload-pack',
    'web--browse',
  ],
  sub: {
    rebase: { short: 'x', valued: 'sXC', long: ['exec'] },
    grep: { short: 'O', valued: 'efABCm' },
    clone: CLONES,
    fetch: CLONES,
    'fetch-pack': CLONES,
    init: { short: 'uc' },
    pull: CLONES,
    'ls-remote': CLONES,
    archive: { short: 'o' },
    'format-patch': { short: 'o' },
    submodule: { words: /^foreach$/ },
    bundle: { words: /^create$/ },
    'checkout-index': { long: ['prefix'] },
    bugreport: { short: 'o' },
    diagnose: { short: 'o' },
    commit: MESSAGE,
    tag: MESSAGE,
    merge: MESSAGE,
    notes: MESSAGE,
    stash: MESSAGE,
  },
  known: ['to'],
  prose: { after: ['--message', '--grep', '--author', '--committer'] },
  check: (args) =>
    globalOption(args) ??
    configWrites(args) ??
    (!NO_REMOTE.has(args.find((word) => !word.text.startsWith('-'))?.text ?? '') &&
    args.some((word) => /(^|=)[A-Za-z0-9+.-]+::/.test(word.text))
      ? 'A transport written `name::` starts a helper program.'
      : undefined),
}
