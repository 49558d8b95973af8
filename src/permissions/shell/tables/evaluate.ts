// Holds a tool's arguments against its table. Whatever is not on the list, spelled in full, of the kind that the list names, is a no.

import { FILE_KINDS, fitsKind } from './kinds.ts'
import { type Lookup, lookupOf, type OperandKind, type Usage } from './lookup.ts'
import { because, isOption, NotListed, no, OptionReader } from './option-reader.ts'
import type { Argument, Judgement, Operand, Place } from './port.ts'
import type { ToolTable } from './table.ts'

/** Says whether a table's list covers these arguments, and which files they name. Never throws. */
export function judgeByTable(table: ToolTable, tool: string, args: readonly Argument[], place: Place): Judgement {
  const lookup = lookupOf(table)
  try {
    const { usages, title, before, rest } = chooseUsages(lookup, tool, args, place)
    let first: NotListed | undefined
    for (const usage of usages) {
      try {
        const reading = new Reading(lookup, usage, title, place)
        const operands = [...before, ...reading.read(rest)]
        return { ok: true, operands, runsProject: usage.form.runsProject === true }
      } catch (error) {
        if (!(error instanceof NotListed)) throw error
        first ??= error
      }
    }
    return { ok: false, why: first?.message ?? `\`${title}\` alone is not on the list of what a star covers.` }
  } catch (error) {
    if (error instanceof NotListed) return { ok: false, why: error.message }
    throw error
  }
}

interface Choice {
  readonly usages: readonly Usage[]
  /** Tool and sub-command, for messages. */
  readonly title: string
  /** Files named by options before the sub-command. */
  readonly before: readonly Operand[]
  readonly rest: readonly Argument[]
}

/** Finds the sub-command, if the tool has any. */
function chooseUsages(lookup: Lookup, tool: string, args: readonly Argument[], place: Place): Choice {
  const bare = { usages: lookup.bare, title: tool, before: [], rest: args }
  if (lookup.commands === undefined || args.every((word) => isOption(word) && !lookup.starts.has(word.text))) return bare
  const globals = new OptionReader(lookup, lookup.globalOptions, tool, place)
  let at = 0
  while (at < args.length && isOption(args[at] as Argument) && !lookup.starts.has((args[at] as Argument).text))
    at = globals.option(args, at)
  if (at === args.length) return bare
  for (let length = Math.min(lookup.longest, args.length - at); length > 0; length--) {
    const named = args.slice(at, at + length)
    const name = named.map((word) => word.text).join(' ')
    const usages = named.some((word) => word.fromPattern || word.text.includes(' ')) ? undefined : lookup.commands.get(name)
    if (usages !== undefined && lookup.asks.has(`${name} ${args[at + length]?.text}`)) break
    if (usages !== undefined) return { usages, title: `${tool} ${name}`, before: globals.files, rest: args.slice(at + length) }
  }
  const { text, fromPattern } = args[at] as Argument
  if (fromPattern) no(`The sub-command of \`${tool}\` comes from a pattern; write it out.`)
  const two = `${text} ${args[at + 1]?.text ?? ''}`
  const name = lookup.asks.has(two) ? two : text
  return no(`\`${tool} ${name}\` is not on the list of what a star covers${because(lookup, name)}.`)
}

/** The words behind a tool and its sub-command, held against one way to use it. */
class Reading {
  readonly #usage: Usage
  readonly #title: string
  readonly #place: Place
  readonly #options: OptionReader
  readonly #bundle: boolean

  constructor(lookup: Lookup, usage: Usage, title: string, place: Place) {
    this.#usage = usage
    this.#title = title
    this.#place = place
    this.#options = new OptionReader(lookup, usage.options, title, place)
    this.#bundle = lookup.table.style === 'bundle'
  }

  read(args: readonly Argument[]): readonly Operand[] {
    const operands: Argument[] = []
    let behind: Argument[] | undefined
    let at = this.#bundle ? this.#leading(args) : 0
    while (at < args.length) {
      const word = args[at] as Argument
      if (behind !== undefined) {
        behind.push(word)
        at++
      } else if (word.text === '--' && !word.fromPattern) {
        if (this.#usage.dashes === 'none') no(`\`--\` is not on the list for \`${this.#title}\`.`)
        behind = []
        at++
      } else if (isOption(word)) at = this.#options.option(args, at)
      else {
        operands.push(word)
        at++
      }
    }
    const { needs, dashes } = this.#usage
    const { given } = this.#options
    if (needs.length > 0 && !needs.some((name) => given.has(name) || (name === '--' && behind !== undefined)))
      no(`\`${this.#title}\` is on the list only with ${needs.map((name) => `\`${name}\``).join(' or ')}.`)
    const separate = Array.isArray(dashes) && behind !== undefined
    const files = this.#here(operands, behind)
    files.push(...this.#operands(separate ? operands : [...operands, ...(behind ?? [])], this.#rest()))
    if (separate) files.push(...this.#operands(behind as Argument[], dashes as readonly OperandKind[]))
    const deep = [...given.values()].some((group) => group.deep === true)
    const all = [...this.#options.files, ...files]
    return deep ? all.map((file) => ({ ...file, deep: true })) : all
  }

  /** The folder itself, where the form says so. */
  #here(operands: readonly Argument[], behind: readonly Argument[] | undefined): Operand[] {
    const { here, also } = this.#usage.form
    const least = this.#rest().reduce((sum, { least }) => sum + least, 0)
    const kinds = operands.length + (behind?.length ?? 0) > least ? [also] : [also, here]
    return kinds.flatMap((kind) => {
      const fit = kind === undefined ? undefined : fitsKind(kind, '.', this.#place, [])
      return fit === undefined || fit.no !== undefined ? [] : fit.files
    })
  }

  /** Letters without a dash in the first word, each with its value in the words that follow. */
  #leading(args: readonly Argument[]): number {
    const first = args[0]
    if (first === undefined || first.text.startsWith('-')) return 0
    if (first.fromPattern || !/^[A-Za-z]+$/.test(first.text)) no(`\`${first.text}\` is not plain letters.`)
    let at = 0
    for (const letter of first.text) at = this.#options.cluster(args, at, letter) - 1
    return at + 1
  }

  /** The kinds of the operands, without the one that an option took the place of. */
  #rest(): readonly OperandKind[] {
    const { operands } = this.#usage
    return [...this.#options.given.values()].some((group) => group.first === true) ? operands.slice(1) : operands
  }

  #operands(words: readonly Argument[], kinds: readonly OperandKind[]): Operand[] {
    const least = kinds.reduce((sum, kind) => sum + kind.least, 0)
    let spare = words.length - least
    if (spare < 0) no(`\`${this.#title}\` is on the list with at least ${least === 1 ? 'one operand' : `${least} operands`}.`)
    const files: Operand[] = []
    let at = 0
    for (const { kind, least: needed, many } of kinds) {
      const extra = many ? spare : needed === 0 ? Math.min(spare, 1) : 0
      spare -= extra
      for (let count = needed + extra; count > 0; count--) {
        const { text, fromPattern } = words[at] as Argument
        if (fromPattern && !FILE_KINDS.has(kind))
          no(
            `\`${text}\` comes from a pattern, which may be read as something else there; put \`--\` before it, or write names out.`,
          )
        const sources = kind.startsWith('target') ? words.slice(0, at).map((word) => word.text) : []
        const fit = fitsKind(kind, text, this.#place, sources)
        if (fit.no !== undefined) no(`\`${text}\` is not what \`${this.#title}\` may be given unasked: ${fit.no}.`)
        files.push(...fit.files)
        at++
      }
    }
    if (spare > 0) no(`\`${(words[at] as Argument).text}\` is one operand more than the list of \`${this.#title}\` has.`)
    return files
  }
}

const NOWHERE: Place = { cwd: '/', isFolder: () => false, exists: () => false }

/** Why a command that begins with these words is never covered, whatever follows; undefined: it may be. */
export function neverByTable(table: ToolTable, tool: string, fixed: readonly string[]): string | undefined {
  const lookup = lookupOf(table)
  const begins = [fixed, fixed.filter((word) => !word.startsWith('-'))].map((words) => `${words.join(' ')} `)
  const names = [...(lookup.commands?.keys() ?? [])]
  if (names.some((name) => begins.some((begin) => `${name} `.startsWith(begin)))) return undefined
  try {
    const dash = table.style === 'bundle' && fixed[0] !== undefined && !fixed[0].startsWith('-') ? '-' : ''
    const args = fixed.map((text, index) => ({ text: index === 0 ? dash + text : text, fromPattern: false }))
    const { usages, title, rest } = chooseUsages(lookup, tool, args, NOWHERE)
    let why: string | undefined
    for (const usage of usages) {
      const wrong = new OptionReader(lookup, usage.options, title, NOWHERE).firstUnlisted(rest)
      if (wrong === undefined) return undefined
      why ??= wrong
    }
    return why
  } catch (error) {
    if (error instanceof NotListed) return error.message
    throw error
  }
}

/** Whether the words begin with the whole name of a sub-command, or with a module that has sub-commands (`-m pip`). */
export function pinsByTable(table: ToolTable, fixed: readonly string[]): boolean {
  const names = [...(lookupOf(table).commands?.keys() ?? [])]
  return fixed.some((_, index) => {
    const begins = fixed.slice(0, index + 1).join(' ')
    return names.some((name) => name === begins || (index > 0 && name.startsWith(`${begins} `)))
  })
}
