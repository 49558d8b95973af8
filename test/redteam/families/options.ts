// Options and sub-commands that do more than a grant says, in every spelling that a tool may take.

import { tablesOf } from '../../../src/permissions/shell/tables/index.ts'
import { allOptions } from '../listed.ts'
import type { Random } from '../random.ts'
import type { CommandAttempt, Grammar } from '../shell-arena.ts'
import { DANGERS, SINGLE_DASH, SUB_COMMANDS } from './dangers.ts'
import { abbreviate, disguise, patternFor } from './spelling.ts'
import { PAYLOADS } from './vocabulary.ts'

const WHOLE = new Set(tablesOf().flatMap((table) => [...allOptions(table)]))

const optionGrammar = (name: string, spell: (random: Random) => CommandAttempt): Grammar => ({ name, make: spell })

const withOption = (random: Random, option: (tool: (typeof DANGERS)[number]) => string | undefined): CommandAttempt => {
  for (;;) {
    const danger = random.pick(DANGERS)
    const word = option(danger)
    if (word === undefined) continue
    const middle =
      danger.first === true || random.chance(0.5) ? [danger.begins, word, danger.ends] : [danger.begins, danger.ends, word]
    const command = [danger.tool, ...middle].filter((part) => part !== undefined && part !== '').join(' ')
    return { command, allow: [`${danger.tool} *`], hostile: `\`${word}\` does more than the grant says` }
  }
}

const valued = (option: string, random: Random): string => `${option}${random.pick(['=', ' ', ' ', '='])}${random.pick(PAYLOADS)}`

export const options = optionGrammar('options', (random) =>
  withOption(random, ({ long }) => (long.length === 0 ? undefined : valued(`--${random.pick(long)}`, random))),
)

export const abbreviations = optionGrammar('abbreviations', (random) =>
  withOption(random, ({ long }) => {
    if (long.length === 0) return undefined
    const short = abbreviate(`--${random.pick(long)}`, random)
    // A whole option of its own begins like another.
    return WHOLE.has(short) ? undefined : valued(short, random)
  }),
)

export const clusters = optionGrammar('clusters', (random) =>
  withOption(random, ({ short = '', flags = '' }) => {
    if (short === '') return undefined
    const before = random.some([...flags], 3).join('')
    return `-${before}${random.pick([...short])}${random.pick(['', ' '])}${random.pick(PAYLOADS)}`
  }),
)

export const singleDash = optionGrammar('one dash', (random) => {
  const [tool, begins, ...all] = random.pick(SINGLE_DASH)
  const word = random.pick(all)
  return {
    command: `${tool} ${begins} ${word.replaceAll(';', '\\;')}`,
    allow: [`${tool} *`],
    hostile: `\`${word}\` does more than the grant says`,
  }
})

export const subCommands = optionGrammar('sub-commands', (random) => {
  const [tool, ...all] = random.pick(SUB_COMMANDS)
  const words = random.pick(all)
  const [first = '', ...rest] = words.split(' ')
  const spelled = random.pick([
    () => words,
    () => words,
    () => [disguise(first, random), ...rest].join(' '),
    () => [first.startsWith("'") ? first : patternFor(first, random), ...rest].join(' '),
    () => `-- ${words}`,
  ])()
  return { command: `${tool} ${spelled}`, allow: [`${tool} *`], hostile: `\`${words}\` does more than the grant says` }
})

export const dashes = optionGrammar('double dash', (random) => {
  let known = true
  const made = withOption(random, ({ long, short = '', takes }) => {
    const harmful =
      long.length > 0
        ? valued(`--${random.pick(long)}`, random)
        : short === ''
          ? undefined
          : `-${random.pick([...short])} ${random.pick(PAYLOADS)}`
    if (harmful === undefined) return undefined
    known = takes !== undefined
    return `${random.pick(takes ?? ['-t', '-k', '-m', '-e', '-n', '-b', '-d', '-o', '-f'])} -- ${harmful}`
  })
  if (known) return made
  // Whether `--` is a value there or the end of options depends on the tool, so only watching tells.
  return { command: made.command, allow: made.allow }
})
