// What a hazard table is, and how a command's words are held against one. Tables are data; a new tool is a new entry.

import type { Word } from '../words.ts'

type Options = Pick<HazardTable, 'long' | 'known' | 'short' | 'valued' | 'words'>

/**
 * Arguments that are prose or programs, not files: floors pass over them. `after`: the word after these options, which always
 * take one. `firstBeside`: the first operand, as long as every option given matches this (flags that take no value).
 */
export interface Prose {
  readonly after?: readonly string[]
  readonly firstBeside?: RegExp
}

export interface HazardTable {
  /** Names the table holds for. */
  readonly tools: readonly string[]
  /** Long options without dashes; an abbreviation of one, with or without a value, is a hit. */
  readonly long?: readonly string[]
  /** Short option letters; a hit anywhere in a cluster. */
  readonly short?: string
  /** Letters that take the rest of a cluster as their value, so that what follows is not an option. */
  readonly valued?: string
  /** Words that start like this are hits: single-dash long options, actions, assignments. */
  readonly words?: RegExp
  /** Sub-commands that are hits themselves; two words for one of a group. */
  readonly commands?: readonly string[]
  /** Sub-commands of two words that only show something, although the first of them is a hit. */
  readonly reads?: readonly string[]
  /** Further hazards of one sub-command. */
  readonly sub?: Readonly<Record<string, Options & { readonly prose?: Prose }>>
  /** No option can be reached by a file name: an unquoted pattern may stand first in a word. */
  readonly patternsAreFine?: true
  /** The options end at `--`. Default: yes. */
  readonly noDoubleDash?: true
  /** Long options that are meant as they stand, although a hazard begins like them. */
  readonly known?: readonly string[]
  readonly prose?: Prose
  /** What data alone cannot say. Gives the reason of a hit. */
  check?(args: readonly Word[]): string | undefined
}

const startsWithPattern = (word: Word): boolean => word.pattern && word.quoted[0] === 0 && '*?['.includes(word.text.charAt(0))

/**
 * Every word that may be the sub-command: the first that is no option, and the next as well where this one may be the value of
 * the option before it (`docker -l info run`).
 */
export function subCommands(args: readonly Word[]): readonly string[] {
  const found: string[] = []
  for (const [index, { text }] of args.entries()) {
    if (text.startsWith('-')) continue
    const before = args[index - 1]?.text ?? ''
    const maybeValue = before.startsWith('-') && !before.includes('=')
    found.push(text, `${text} ${args[index + 1]?.text ?? ''}`)
    if (!maybeValue) break
  }
  return found
}

/** The first hit of a table among a command's arguments, as a sentence; undefined: none. */
export function hitOf(table: HazardTable, tool: string, args: readonly Word[]): string | undefined {
  const commands = subCommands(args)
  const command = commands.find(
    (one, index) => table.commands?.includes(one) === true && table.reads?.includes(commands[index + 1] ?? '') !== true,
  )
  if (command !== undefined) return `\`${tool} ${command}\` can start other programs or change settings.`
  const subs = commands.flatMap((one) => (table.sub !== undefined && Object.hasOwn(table.sub, one) ? (table.sub[one] ?? []) : []))
  const risky = hasOptions(table) || subs.length > 0
  let ended = false
  for (const [index, word] of args.entries()) {
    const { text } = word
    if (!ended && risky && table.patternsAreFine !== true && startsWithPattern(word))
      return `\`${text}\` starts with a pattern that may become an option of \`${tool}\`; write \`./${text}\` or put \`--\` before it.`
    if (!ended && text === '--' && table.noDoubleDash !== true) {
      // After an option, `--` might be that option's value.
      ended = args[index - 1]?.text.startsWith('-') !== true
      continue
    }
    if (ended) continue
    for (const part of [table, ...subs]) {
      const hit = optionHit(part, text)
      if (hit) return `\`${text}\` makes \`${tool}\` start another program, or read, write or change what the grant does not say.`
    }
    if (word.pattern && text.startsWith('-') && risky)
      return `\`${text}\` holds a pattern that may become another option of \`${tool}\`.`
  }
  return table.check?.(args)
}

const hasOptions = (table: HazardTable): boolean =>
  table.long !== undefined ||
  table.short !== undefined ||
  table.words !== undefined ||
  table.commands !== undefined ||
  table.check !== undefined

function optionHit(table: Options, text: string): boolean {
  if (table.words?.test(text) === true) return true
  if (text.startsWith('--')) {
    const name = text.slice(2).split('=', 1)[0] ?? ''
    return name !== '' && table.known?.includes(name) !== true && table.long?.some((full) => full.startsWith(name)) === true
  }
  if (!text.startsWith('-') || table.short === undefined) return false
  for (const letter of text.slice(1)) {
    if (table.short.includes(letter)) return true
    if (table.valued?.includes(letter) === true) return false
  }
  return false
}
