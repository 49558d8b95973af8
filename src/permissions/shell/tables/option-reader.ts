// Reads the options of a command as its table spells them; what is not spelled so is not listed.

import type { KindFit } from './kinds/rule.ts'
import { fitsKind } from './kinds.ts'
import type { Lookup } from './lookup.ts'
import type { Argument, Operand, Place } from './port.ts'
import type { Kind, OptionGroup } from './table.ts'

/** Why the arguments are not covered; carried out of the reading in one step. */
export class NotListed extends Error {}

export const no: (why: string) => never = (why) => {
  throw new NotListed(why)
}

export const isOption = ({ text }: Argument): boolean => text.length > 1 && text.startsWith('-')

/** The rest of a sentence: why something is left out, as far as the table says. */
export const because = (lookup: Lookup, ...candidates: readonly string[]): string => {
  for (const name of candidates) {
    const why = lookup.asks.get(name)
    if (why !== undefined) return `: it ${why}`
  }
  return ''
}

/** Reads options one after another; keeps the files they name and which were given. */
export class OptionReader {
  readonly files: Operand[] = []
  readonly given = new Map<string, OptionGroup>()
  readonly #lookup: Lookup
  readonly #options: ReadonlyMap<string, OptionGroup>
  readonly #title: string
  readonly #place: Place

  constructor(lookup: Lookup, options: ReadonlyMap<string, OptionGroup>, title: string, place: Place) {
    this.#lookup = lookup
    this.#options = options
    this.#title = title
    this.#place = place
  }

  /** Reads the option at an index, with its value; the index behind it. */
  option(args: readonly Argument[], at: number): number {
    const { text, fromPattern } = args[at] as Argument
    if (fromPattern) no(`\`${text}\` comes from a pattern, so it may not be an option; write \`./${text}\`.`)
    const style = this.#lookup.table.style ?? 'gnu'
    if (text.startsWith('--') || style === 'words' || (style === 'separate' && this.#options.has(text)))
      return this.#word(args, at)
    return this.cluster(args, at, text.slice(1), style === 'separate')
  }

  /** `--name`, `--name=value`; with one dash where the tool is so spelled. */
  #word(args: readonly Argument[], at: number): number {
    const { text } = args[at] as Argument
    const equals = text.indexOf('=')
    const name = equals < 0 ? text : text.slice(0, equals)
    const group = this.#options.get(name) ?? this.#unlisted(name)
    this.given.set(name, group)
    if (equals >= 0) {
      const kind = group.value ?? group.attached ?? no(`\`${name}\` of \`${this.#title}\` takes no value.`)
      this.#value(name, kind, text.slice(equals + 1))
      return at + 1
    }
    if (group.value === undefined) return at + 1
    const behind = this.#next(name, group.value, args, at)
    return group.twice === true ? this.#next(name, group.value, args, behind - 1) : behind
  }

  /** Letters behind one dash; `-nVALUE`. */
  cluster(args: readonly Argument[], at: number, letters: string, alone = false): number {
    const number = /^[0-9]+$/.test(letters) ? this.#options.get('-#') : undefined
    if (number !== undefined) {
      this.given.set('-#', number)
      return at + 1
    }
    for (let i = 0; i < letters.length; i++) {
      const name = `-${letters.charAt(i)}`
      const group = this.#options.get(name) ?? this.#unlisted(letters.length === 1 ? name : `-${letters}`, name)
      this.given.set(name, group)
      const rest = letters.slice(i + 1)
      if (rest === '') return group.value === undefined ? at + 1 : this.#next(name, group.value, args, at)
      if (alone)
        no(`\`-${letters}\` is not spelled as on the list of \`${this.#title}\`; write each letter, and its value, on its own.`)
      const kind = group.value ?? group.attached
      if (kind !== undefined) {
        if (rest.startsWith('=')) no(`Write the value of \`${name}\` without \`=\`.`)
        this.#value(name, kind, rest)
        return at + 1
      }
    }
    return at + 1
  }

  /** Why the first option that is not listed is not; values and operands are not looked at. */
  firstUnlisted(args: readonly Argument[]): string | undefined {
    for (const word of args) {
      if (word.text === '--') return undefined
      if (!isOption(word)) continue
      try {
        this.option([word, { text: '0', fromPattern: false }], 0)
      } catch (error) {
        if (!(error instanceof NotListed)) throw error
        const name = word.text.split('=', 1)[0] ?? ''
        if (!this.#options.has(name) && !this.#options.has(name.slice(0, 2))) return error.message
      }
    }
    return undefined
  }

  #next(name: string, kind: Kind, args: readonly Argument[], at: number): number {
    const value = args[at + 1] ?? no(`\`${name}\` of \`${this.#title}\` needs a value.`)
    if (value.fromPattern) no(`The value of \`${name}\` comes from a pattern; write it out.`)
    // What looks like an option might be read as one.
    const plain = value.text.length < 2 || !value.text.startsWith('-') || /^-[0-9]+[a-zA-Z]?$/.test(value.text)
    if (!plain && !(kind === 'text' && /\s/.test(value.text)))
      no(`The value of \`${name}\` begins with a dash${name.startsWith('--') ? `; write \`${name}=…\`` : ''}.`)
    this.#value(name, kind, value.text)
    return at + 2
  }

  #value(name: string, kind: Kind, text: string): void {
    const fit: KindFit = fitsKind(kind, text, this.#place, [])
    if (fit.no !== undefined) no(`\`${text}\` is not what \`${name}\` of \`${this.#title}\` may be given unasked: ${fit.no}.`)
    this.files.push(...fit.files)
  }

  #unlisted(name: string, letter = name): never {
    const command = this.#title.slice(this.#title.indexOf(' ') + 1)
    const why = because(this.#lookup, `${command} ${name}`, `${command} ${letter}`, name, letter)
    return no(`\`${name}\` is not on the list of options that a star covers for \`${this.#title}\`${why}.`)
  }
}
