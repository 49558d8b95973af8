// Files that a command may not read or write, reached in every way a path can be written.

import { tablesOf } from '../../../src/permissions/shell/tables/index.ts'
import { kindedWords, optionsOf, usagesOf } from '../listed.ts'
import type { Random } from '../random.ts'
import type { Grammar } from '../shell-arena.ts'
import { SECRETS } from '../world.ts'
import { disguise, patternFor } from './spelling.ts'
import { grantOf, HARMLESS, quoted, READERS, USUAL } from './vocabulary.ts'

/** A word that leads to a secret, an engine's file or out of the workspace. */
function secretPath(random: Random): string {
  const secret = random.pick([
    ...SECRETS,
    'env-link',
    'ssh-link/id_rsa',
    'engine-link',
    '../state/exec-approvals.json',
    '../openclaw.yaml',
  ])
  return random.pick([
    () => secret,
    () => `./${secret}`,
    () => `sub/../${secret}`,
    () => `.//${secret}`,
    () => `src/./../${secret}`,
    () => patternFor(secret, random),
    () => disguise(secret, random),
    () => secret.toUpperCase(),
    () => `${secret}.`,
    () => `docs/../${secret}`,
  ])()
}

export const secrets: Grammar = {
  name: 'files',
  make: (random) => {
    const reader = random.pick(READERS)
    const between = random.pick(['', '', '-- ', '-n ', '2>&1 '])
    const command = reader.endsWith(':') ? `${reader}${secretPath(random)}` : `${reader} ${between}${secretPath(random)}`
    return { command, allow: [grantOf(reader)] }
  },
}

export const writes: Grammar = {
  name: 'writes',
  make: (random) => {
    const target = random.pick([
      '../outside/new.txt',
      '../outside',
      'out-dir',
      'out-dir/new.txt',
      'out-link',
      '../state',
      '../state/exec-approvals.json',
      '../openclaw.yaml',
      'engine-link',
      '..',
      '../..',
      'src/../../outside/n',
      './out-dir/./x',
      '../home/.bashrc',
    ])
    const verb = random.pick([
      'cp notes.txt',
      'cp -r src',
      'mv data.csv',
      'ln -s ../../outside/secret.txt',
      'tee',
      'touch',
      'mkdir',
      'mkdir -p',
      'truncate -s 0',
      'rm',
      'rm -r',
      'ln -sf notes.txt',
      'chmod 777',
      'cp -r src/.',
      'tar cf',
      'zip',
      'git init',
      'cp --',
      'mv -f notes.txt',
      'gzip',
      'git clone https://h.example/r',
      'touch --',
      'cp -a docs',
      'rmdir',
    ])
    const spelled = random.chance(0.2) ? disguise(target, random) : random.chance(0.1) ? patternFor(target, random) : target
    const ends = verb === 'tar cf' || verb === 'zip' ? ' src' : ''
    const command = `${verb} ${spelled}${ends}`
    // A pattern may meet nothing; then only watching tells.
    return spelled.includes('[') || /[*?@]/.test(spelled)
      ? { command, allow: [grantOf(verb)] }
      : { command, allow: [grantOf(verb)], hostile: 'it writes outside the workspace' }
  },
}

export const inputs: Grammar = {
  name: 'inputs',
  make: (random) => ({
    command: `${random.pick(['cat', 'wc -l', 'sort', 'grep alpha', 'head'])} ${random.pick(['<', '< ', '0<'])}${secretPath(random)}`,
    allow: USUAL,
  }),
}

export const redirections: Grammar = {
  name: 'redirections',
  make: (random) => {
    const file = random.pick([
      'x',
      '../outside/x',
      '.env',
      '../openclaw.yaml',
      'out-link',
      'engine-link',
      '~/.bashrc',
      'src/a.ts',
      '/dev/tcp/h/80',
    ])
    const arrow = random.pick(['>', '>>', '2>', '&>', '>|', '<>', '1>', '>&', '2>>', '3>', '{fd}>', '&>>'])
    const spelled = random.chance(0.3) ? disguise(file, random) : file
    return {
      command: `${random.pick(HARMLESS)} ${arrow}${random.pick(['', ' '])}${spelled}`,
      allow: USUAL,
      hostile: 'it writes by redirection',
    }
  },
}

const READ_KINDS = new Set([
  'read',
  'tree',
  'shown-tree',
  'packed-tree',
  'archive',
  'test',
  'edited',
  'find-start',
  'revision-or-file',
  'pathspec',
  'staged',
  'packed',
  'argument',
])

const WRITE_KINDS = new Set([
  'write',
  'write-tree',
  'output',
  'target',
  'target-tree',
  'new-archive',
  'packed',
  'edited',
  'written-pathspec',
  'switched-file',
])

const PROTECTED = [
  ...SECRETS,
  'env-link',
  'ssh-link/id_rsa',
  'engine-link',
  '../openclaw.yaml',
  '../state/exec-approvals.json',
  '/proc/self/environ',
]

const OUTSIDE = [
  '../outside/new.txt',
  'out-dir/new.txt',
  'out-link',
  '../openclaw.yaml',
  '../state/exec-approvals.json',
  'engine-link',
  '../home/.bashrc',
  '.git/config',
  '.git/hooks/pre-commit',
]

/** Listed commands with a file in place of another: a protected one where they read, one elsewhere where they write. */
export const placed: Grammar = {
  name: 'placed files',
  make: (random) => {
    for (;;) {
      const usage = random.pick(usagesOf(random.pick(tablesOf())))
      const words = kindedWords(usage, random.some(optionsOf(usage), 3))
      const places = words.filter(({ kind }) => kind !== undefined && (READ_KINDS.has(kind) || WRITE_KINDS.has(kind)))
      if (places.length === 0) continue
      const place = random.pick(places)
      const reads = READ_KINDS.has(place.kind as string)
      const file = random.pick(reads ? PROTECTED : OUTSIDE)
      const texts = [usage.tool, ...usage.command, ...words.map((word) => (word === place ? file : word.text))]
      return {
        command: texts.map(quoted).join(' '),
        allow: [`${usage.tool} *`],
        hostile: `it ${reads ? 'reads' : 'writes'} ${file}`,
      }
    }
  },
}
