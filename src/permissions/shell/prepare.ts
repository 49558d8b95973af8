// Text of a command → its simple commands as they would run: words expanded, each with the folder it would run in.

import { statSync } from 'node:fs'
import { realPlace } from '../places.ts'
import { isStateBuiltin } from './builtins.ts'
import { type ExpandedWord, Expansion } from './expand.ts'
import { parseCommand, type SimpleCommand } from './parse.ts'
import { fail, NotUnderstood, type Word } from './words.ts'

export interface PreparedCommand {
  readonly source: SimpleCommand
  /** What each word as written became, in the same order. */
  readonly groups: readonly (readonly ExpandedWord[])[]
  /** All of them, the name first. */
  readonly words: readonly ExpandedWord[]
  /** Files that its redirections read. */
  readonly reads: readonly ExpandedWord[]
  /** The folder it would run in, absolute. */
  readonly cwd: string
  /** `cd` into a folder that exists, after which every further command runs there or not at all. */
  readonly enters: string | undefined
}

export type Preparation =
  | { readonly ok: true; readonly commands: readonly PreparedCommand[] }
  | { readonly ok: false; readonly reason: string }

export interface PreparationPlace {
  /** Absolute. */
  readonly cwd: string
  /** What `~` stands for. */
  readonly home: string
}

/** Reads a command and expands its words. Never throws for what stands in it; reads the disk, within bounds. */
export function prepareCommand(command: unknown, place: PreparationPlace): Preparation {
  const parsed = parseCommand(command)
  if (!parsed.ok) return parsed
  try {
    const expansion = new Expansion(place.home)
    const chained = parsed.commands.every(
      ({ joiner }, index) => joiner === '&&' || joiner === '|' || index === parsed.commands.length - 1,
    )
    const commands: PreparedCommand[] = []
    let { cwd } = place
    for (const [index, source] of parsed.commands.entries()) {
      const alone = source.joiner !== '|' && parsed.commands[index - 1]?.joiner !== '|'
      const one = prepare(source, cwd, expansion, chained && alone)
      commands.push(one)
      cwd = one.enters ?? cwd
    }
    return { ok: true, commands }
  } catch (error) {
    if (error instanceof NotUnderstood) return { ok: false, reason: error.message }
    throw error
  }
}

function prepare(source: SimpleCommand, cwd: string, expansion: Expansion, mayEnter: boolean): PreparedCommand {
  if (source.words[0]?.pattern === true) fail('A pattern is written where the name of a command belongs.')
  const groups = source.words.map((word) => expanded(word, cwd, expansion))
  const words = groups.flat()
  const reads = source.redirections.flatMap((one) => ('reads' in one ? expansion.words(one.reads, cwd) : []))
  return { source, groups, words, reads, cwd, enters: mayEnter ? folderEntered(words, cwd) : undefined }
}

function expanded(word: Word, cwd: string, expansion: Expansion): readonly ExpandedWord[] {
  const words = expansion.words(word, cwd)
  const option = word.pattern ? words.find(({ text }) => text.startsWith('-')) : undefined
  if (option !== undefined)
    fail(`The pattern \`${word.text}\` stands for \`${option.text}\`, which would be an option; write \`./${word.text}\`.`)
  return words
}

function folderEntered(words: readonly ExpandedWord[], cwd: string): string | undefined {
  const [name, folder, more] = words
  if (name?.text !== 'cd' || folder === undefined || more !== undefined || folder.fromPattern) return undefined
  if (folder.text === '' || folder.text.startsWith('-')) return undefined
  const { real } = realPlace(folder.text.startsWith('/') ? folder.text : `${cwd}/${folder.text}`)
  return statSync(real, { throwIfNoEntry: false })?.isDirectory() === true ? real : undefined
}

/** Whether it would change what later words mean in a way that is not followed. */
export const unsettles = ({ words, enters }: PreparedCommand): boolean =>
  enters === undefined && isStateBuiltin(words[0]?.text ?? '')
