// Whole commands: quoted otherwise, run by others, joined, mangled; and what is listed, as it is.

import { lazily } from '../../../src/lazily.ts'
import { tablesOf } from '../../../src/permissions/shell/tables/index.ts'
import { leastWords, optionsOf, optionWords, usagesOf } from '../listed.ts'
import { manuals, optionsIn } from '../programs.ts'
import type { Random } from '../random.ts'
import type { Grammar } from '../shell-arena.ts'
import { RUNNERS } from './dangers.ts'
import { redirections, secrets } from './files.ts'
import { clusters, options, singleDash, subCommands } from './options.ts'
import { disguise, patternFor, SEPARATORS } from './spelling.ts'
import { HARMLESS, quoted, USUAL } from './vocabulary.ts'

const insert = (text: string, random: Random): string => {
  const at = random.below(text.length + 1)
  return (
    text.slice(0, at) +
    random.pick([
      '"',
      "'",
      '\\',
      '$',
      '`',
      '#',
      ';',
      '\n',
      ' ',
      '&',
      '|',
      '(',
      '{',
      '\u00a0',
      '\r',
      '*',
      '?',
      '[',
      '~',
      '--',
      '=',
      '@',
      '%',
      '!',
      '<',
      '>',
      '\t',
      '\u200b',
    ]) +
    text.slice(at)
  )
}

export const quoting: Grammar = {
  name: 'quoting',
  make: (random) => {
    const made = random.pick([options, clusters, subCommands, singleDash]).make(random)
    const words = made.command.split(' ')
    const at = random.below(words.length)
    words[at] = disguise(words[at] as string, random)
    return { ...made, command: words.join(' ') }
  },
}

export const runners: Grammar = {
  name: 'runners',
  make: (random) => {
    const runner = random.pick(RUNNERS)
    const what = random.pick([
      './evil.sh',
      'sh -c ./evil.sh',
      '-c ./evil.sh',
      'evil.sh',
      '-- ./evil.sh',
      '5 ./evil.sh',
      '-n1 ./evil.sh',
    ])
    const frame = random.pick([
      (x: string) => x,
      (x: string) => `ls | ${x}`,
      (x: string) => `ls && ${x}`,
      (x: string) => `echo $(${x})`,
      (x: string) => `(${x})`,
      (x: string) => `! ${x}`,
      (x: string) => `echo \`${x}\``,
      (x: string) => `if ${x}; then ls; fi`,
      (x: string) => `ls <(${x})`,
      (x: string) => `{ ${x}; }`,
      (x: string) => `A=b ${x}`,
      (x: string) => `${x} &`,
    ])
    const name = random.chance(0.2)
      ? random.pick([`/usr/bin/${runner}`, `\\${runner}`, `"${runner}"`, `${runner.slice(0, 1)}''${runner.slice(1)}`])
      : runner
    return { command: frame(`${name} ${what}`), allow: [...USUAL, `${runner} *`], hostile: `\`${runner}\` starts any program` }
  },
}

export const assignments: Grammar = {
  name: 'assignments',
  make: (random) => ({
    command: `${random.pick(['PATH=.', 'GIT_PAGER=./evil.sh', 'GIT_EXTERNAL_DIFF=./evil.sh', 'LD_PRELOAD=./x.so', 'BASH_ENV=evil.sh', 'IFS=x', 'A=b', 'x[0]=1', 'PAGER+=x', 'GREP_OPTIONS=-f.env', 'TAR_OPTIONS=-I./evil.sh'])}${random.pick([' ', '; ', ' && '])}${random.pick(HARMLESS)}`,
    allow: USUAL,
    hostile: 'it sets a variable',
  }),
}

export const joined: Grammar = {
  name: 'joined',
  make: (random) => {
    const bad = random.pick([options, clusters, subCommands, singleDash, redirections, runners, assignments]).make(random)
    const parts = [random.pick(HARMLESS), bad.command, random.pick(HARMLESS)]
    const order = random.chance(0.5) ? parts : parts.slice(1)
    return { ...bad, allow: [...USUAL, ...bad.allow], command: order.join(random.pick(SEPARATORS)) }
  },
}

/** Harmless commands with a character put in or a word exchanged: nobody knows what they do, so only watching tells. */
export const mangled: Grammar = {
  name: 'mangled',
  make: (random) => {
    const tables = tablesOf()
    const usage = random.pick(usagesOf(random.pick(tables)))
    let command = random.chance(0.5) ? random.pick(HARMLESS) : [usage.tool, ...usage.command, ...leastWords(usage)].join(' ')
    for (let i = random.below(3); i >= 0; i--) command = insert(command, random)
    if (random.chance(0.3))
      command += ` ${random.pick(['*', '.*', '-*', '~', './*', '??*', '[!.]*', 's*', 'out*', '*link', '"$(id)"', '../*', 'sub/.*'])}`
    return { command, allow: [...USUAL, `${usage.tool} *`] }
  },
}

export const patterns: Grammar = {
  name: 'patterns',
  make: (random) => {
    const made = random.chance(0.5) ? secrets.make(random) : subCommands.make(random)
    const words = made.command.split(' ')
    const at = words.length === 1 ? 0 : 1 + random.below(words.length - 1)
    words[at] = patternFor(words[at] as string, random)
    // A pattern may meet nothing, so only watching tells.
    return { command: words.join(' '), allow: made.allow }
  },
}

/** What is listed, as it is listed: it runs, and watching must find no harm in it. */
export const listed: Grammar = {
  name: 'listed',
  make: (random) => {
    const usage = random.pick(usagesOf(random.pick(tablesOf())))
    const given = random
      .some(optionsOf(usage), 3)
      .flatMap(([name, group]) => (group.first === true ? [] : optionWords(group, name)))
    const words = [usage.tool, ...usage.command, ...given, ...leastWords(usage)]
    const beside = random.chance(0.3)
      ? ` ${random.pick(['notes.txt', 'README.md', 'src', 'out-link', 'env-link', '.env', '*', 'HEAD', '../outside/secret.txt', 'out-dir'])}`
      : ''
    return { command: words.map(quoted).join(' ') + beside, allow: [`${usage.tool} *`] }
  },
}

const VALUES = [
  '3',
  '.env',
  'env-link',
  'out-link',
  '../outside/x',
  './evil.sh',
  'new.txt',
  'notes.txt',
  'src',
  'HEAD',
  'main',
  'always',
  "'a b'",
  './*.txt',
  '-',
  '1,2p',
  '/a/',
  '+x',
  'name',
  'out-dir',
  'list.txt',
  'near',
  'origin',
  'SOUL.md',
  'SOUL.md.gz',
  'SOUL.md.xz',
  'SOUL.md.bz2',
  'evil.tar',
  'evil.tgz',
  'evil.zip',
  'evil.patch',
  'evil/SOUL.md',
  '.',
  '10k',
  'http://127.0.0.1:9/x',
  "'A: b'",
]

const installed = lazily(() =>
  [...manuals()].map(([command, text]) => [command, optionsIn(text)] as const).filter(([, found]) => found.length > 0),
)

/** Options as the installed tools say them, with any values: what runs of it must do no harm, whatever the lists hold of it. */
export const manual: Grammar = {
  name: 'manuals',
  make: (random) => {
    const [command, known] = random.pick(installed())
    const given = random.some(known, 3).map((option) => {
      if (option.endsWith('=')) return option + random.pick(VALUES)
      return random.chance(0.4) ? `${option} ${random.pick(VALUES)}` : option
    })
    const operands = random.some(VALUES, 3)
    return { command: [command, ...given, ...operands].join(' '), allow: [`${command.split(' ', 1)[0]} *`] }
  },
}
