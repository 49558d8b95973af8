// The ten commands that run unasked, each with what its arguments may be. A command comes in; why it is not safe leaves.

import type { SimpleCommand } from './parse.ts'
import type { Word } from './words.ts'

/** undefined: safe. */
export type SafeCheck = (args: readonly Word[], command: SimpleCommand) => string | undefined

const none: SafeCheck = () => undefined

/** A file that may be read without asking, by its text alone; the real path is looked at just before running. */
export function operandProblem(word: Word): string | undefined {
  const { text } = word
  if (text === '') return 'An argument is empty.'
  if (text === '-') return '`-` waits for input that never comes.'
  if (text.startsWith('/')) return `\`${text}\` lies outside the workspace.`
  if (text.startsWith('~') && word.quoted[0] === 0) return `\`${text}\` lies outside the workspace.`
  let depth = 0
  let start = 0
  for (const part of text.split('/')) {
    if (part === '..') {
      if (--depth < 0) return `\`${text}\` leaves the workspace.`
      if (word.pattern) return 'A pattern together with `..` may leave the workspace.'
    } else if (part !== '' && part !== '.') depth++
    if (part.startsWith('.') && /[*?[]/.test(part) && hasPattern(word, start, start + part.length))
      return `The pattern \`${part}\` could match hidden names.`
    start += part.length + 1
  }
  return undefined
}

const hasPattern = (word: Word, from: number, to: number): boolean => {
  for (let i = from; i < to; i++) if (word.quoted[i] === 0 && '*?['.includes(word.text.charAt(i))) return true
  return false
}

/** Commands that read files: options by `refused`, the rest are operands. */
const reads =
  (options: { refused?: (word: Word) => string | undefined; needsInput: boolean }): SafeCheck =>
  (args, command) => {
    let ended = false
    let operands = 0
    for (const word of args) {
      if (!ended && word.text === '--') {
        ended = true
        continue
      }
      if (!ended && word.text.startsWith('-') && word.text !== '-') {
        if (word.pattern) return `\`${word.text}\` may become another option.`
        const refused = options.refused?.(word)
        if (refused !== undefined) return refused
        continue
      }
      const old = options.refused?.(word)
      if (old !== undefined) return old
      const problem = operandProblem(word)
      if (problem !== undefined) return problem
      if (!/^[+]?[0-9]+[a-zA-Z]*$/.test(word.text)) operands++
    }
    return operands === 0 && options.needsInput && !command.hasInput
      ? 'Without a file it waits for input that never comes.'
      : undefined
  }

/** Whether a long option is an abbreviation of one of these, or one itself. */
const abbreviates = (text: string, names: readonly string[]): boolean => {
  if (!text.startsWith('--') || text.length < 3) return false
  const name = text.slice(2).split('=', 1)[0] ?? ''
  return names.some((full) => full.startsWith(name))
}

const tailOption = (word: Word): string | undefined => {
  const { text } = word
  if (abbreviates(text, ['follow', 'retry'])) return 'Following a file never ends.'
  if (/^-[^-]*[fF]/.test(text) || /^\+[0-9]*[a-zA-Z]*f$/i.test(text)) return 'Following a file never ends.'
  return undefined
}

const wcOption = (word: Word): string | undefined =>
  abbreviates(word.text, ['files0-from']) ? 'The list of files would come from a file, past the check.' : undefined

const DATE_WORDS = new Set(['--utc', '--universal', '--rfc-email', '--rfc-2822'])

const date: SafeCheck = (args) => {
  for (let i = 0; i < args.length; i++) {
    const word = args[i] as Word
    const { text } = word
    if (word.pattern) return 'A pattern could become an option.'
    if (text.startsWith('+') || /^-[uR]+$/.test(text) || /^-I(date|hours|minutes|seconds|ns)?$/.test(text)) continue
    if (/^--iso-8601(=\w+)?$/.test(text) || /^--rfc-3339=\w+$/.test(text) || DATE_WORDS.has(text)) continue
    if (/^-[uR]*d$/.test(text) || text === '--date' || text === '--rfc-3339') {
      i++
      if (args[i] === undefined) return `\`${text}\` needs a text.`
      if ((args[i] as Word).pattern) return 'A pattern could become an option.'
      continue
    }
    if (text.startsWith('--date=') || /^-d[^-]/.test(text)) continue
    return `\`date ${text}\` may set the clock or read a file.`
  }
  return undefined
}

const SAFE: ReadonlyMap<string, SafeCheck> = new Map([
  ['echo', none],
  ['pwd', none],
  ['whoami', none],
  ['which', none],
  ['date', date],
  ['ls', reads({ needsInput: false })],
  ['cat', reads({ needsInput: true })],
  ['head', reads({ needsInput: true })],
  ['tail', reads({ needsInput: true, refused: tailOption })],
  ['wc', reads({ needsInput: true, refused: wcOption })],
])

/** Commands whose arguments are not files: floors do not look at them. */
export const ONLY_PRINTS: ReadonlySet<string> = new Set(['echo', 'pwd', 'whoami', 'which', 'date'])

/** Commands whose operands are files that must lie in the workspace. */
export const READS_FILES: ReadonlySet<string> = new Set(['ls', 'cat', 'head', 'tail', 'wc'])

export const isSafeName = (name: string): boolean => SAFE.has(name)

/** Why a command of the safe list is not safe with these arguments; undefined: it is. */
export function safeProblem(command: SimpleCommand): string | undefined {
  const [first, ...args] = command.words
  const check = first === undefined ? undefined : SAFE.get(first.text)
  if (check === undefined) return 'It is not on the safe list.'
  const problem = check(args, command)
  if (problem !== undefined) return problem
  return command.stdin === undefined || command.stdin.text === '/dev/null' ? undefined : operandProblem(command.stdin)
}
