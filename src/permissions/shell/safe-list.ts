// The ten commands that run unasked, each with what its arguments may be. A command comes in; why it is not safe leaves.

import { type UsePlace, useProblem } from '../operands.ts'
import type { ExpandedWord } from './expand.ts'
import type { PreparedCommand } from './prepare.ts'
import type { Word } from './words.ts'

/** What a command would read, or why it is not safe. */
type SafeUse = { readonly files: readonly ExpandedWord[] } | string

type SafeCheck = (args: readonly ExpandedWord[], command: PreparedCommand) => SafeUse

const noFiles: SafeCheck = () => ({ files: [] })

/** A file that may be read without asking: where it really is, and how it is written. */
export function operandProblem(word: ExpandedWord, files: UsePlace): string | undefined {
  const { text } = word
  if (text === '') return 'An argument is empty.'
  if (text === '-') return '`-` waits for input that never comes.'
  const problem = useProblem({ path: text, use: 'read' }, files, word.entry)
  return problem?.kind === 'outside' ? `\`${text}\` lies outside the workspace.` : problem?.reason
}

/** Whether a component of the pattern begins with a dot and holds a wildcard. */
const namesHidden = ({ pattern, text }: Word): boolean =>
  pattern && text.split('/').some((part) => part.startsWith('.') && /[*?[]/.test(part))

/** Commands that read files: options by `refused`, the rest are operands. */
const reads =
  (options: { refused?: (word: ExpandedWord) => string | undefined; needsInput: boolean }): SafeCheck =>
  (args, command) => {
    let ended = false
    let operands = 0
    const files: ExpandedWord[] = []
    for (const word of args) {
      if (!ended && word.text === '--') {
        ended = true
        continue
      }
      if (ended && word.text.startsWith('-')) return `\`${word.text}\` looks like an option; write \`./${word.text}\`.`
      const refused = options.refused?.(word)
      if (refused !== undefined) return refused
      if (word.text.startsWith('-') && word.text !== '-') continue
      files.push(word)
      if (!/^[+]?[0-9]+[a-zA-Z]*$/.test(word.text)) operands++
    }
    return operands === 0 && options.needsInput && !command.source.hasInput
      ? 'Without a file it waits for input that never comes.'
      : { files }
  }

/** Whether a long option is an abbreviation of one of these, or one itself. */
const abbreviates = (text: string, names: readonly string[]): boolean => {
  if (!text.startsWith('--') || text.length < 3) return false
  const name = text.slice(2).split('=', 1)[0] ?? ''
  return names.some((full) => full.startsWith(name))
}

const tailOption = (word: ExpandedWord): string | undefined => {
  const { text } = word
  if (abbreviates(text, ['follow', 'retry'])) return 'Following a file never ends.'
  if (/^-[^-]*[fF]/.test(text) || /^\+[0-9]*[a-zA-Z]*f$/i.test(text)) return 'Following a file never ends.'
  return undefined
}

const wcOption = (word: ExpandedWord): string | undefined =>
  abbreviates(word.text, ['files0-from']) ? 'The list of files would come from a file, past the check.' : undefined

const DATE_WORDS = new Set(['--utc', '--universal', '--rfc-email', '--rfc-2822'])

const date: SafeCheck = (args) => {
  for (let i = 0; i < args.length; i++) {
    const word = args[i] as ExpandedWord
    const { text } = word
    if (word.fromPattern) return 'A pattern could become an option.'
    if (text.startsWith('+') || /^-[uR]+$/.test(text) || /^-I(date|hours|minutes|seconds|ns)?$/.test(text)) continue
    if (/^--iso-8601(=\w+)?$/.test(text) || /^--rfc-3339=\w+$/.test(text) || DATE_WORDS.has(text)) continue
    if (/^-[uR]*d$/.test(text) || text === '--date' || text === '--rfc-3339') {
      i++
      if (args[i] === undefined) return `\`${text}\` needs a text.`
      if ((args[i] as ExpandedWord).fromPattern) return 'A pattern could become an option.'
      continue
    }
    if (text.startsWith('--date=') || /^-d[^-]/.test(text)) continue
    return `\`date ${text}\` may set the clock or read a file.`
  }
  return { files: [] }
}

const SAFE: ReadonlyMap<string, SafeCheck> = new Map([
  ['echo', noFiles],
  ['pwd', noFiles],
  ['whoami', noFiles],
  ['which', noFiles],
  ['date', date],
  ['ls', reads({ needsInput: false })],
  ['cat', reads({ needsInput: true })],
  ['head', reads({ needsInput: true })],
  ['tail', reads({ needsInput: true, refused: tailOption })],
  ['wc', reads({ needsInput: true, refused: wcOption })],
])

/** Commands whose arguments are not files: hard denies do not look at them. */
export const ONLY_PRINTS: ReadonlySet<string> = new Set(['echo', 'pwd', 'whoami', 'which', 'date'])

export const isSafeName = (name: string): boolean => SAFE.has(name)

/** Why a command of the safe list is not safe with these arguments; undefined: it is. */
export function safeProblem(command: PreparedCommand, files: UsePlace): string | undefined {
  const [name, ...args] = command.words
  const use = SAFE.get(name?.text ?? '')?.(args, command) ?? 'It is not on the safe list.'
  if (typeof use === 'string') return use
  const hidden = command.source.words.find(namesHidden)
  if (hidden !== undefined && use.files.length > 0) return `The pattern \`${hidden.text}\` could match hidden names.`
  for (const word of use.files) {
    const problem = operandProblem(word, files)
    if (problem !== undefined) return problem
  }
  return inputProblem(command, files)
}

/** Why a file that is read by redirection may not be read unasked. */
export function inputProblem({ reads }: PreparedCommand, files: UsePlace): string | undefined {
  for (const word of reads) {
    const problem = word.text === '/dev/null' ? undefined : operandProblem(word, files)
    if (problem !== undefined) return problem
  }
  return undefined
}
