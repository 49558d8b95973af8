// What the list of a tool is made of. A list is data: what it names runs under a grant with a star, everything else asks.

import type { KindName } from './kinds.ts'

/** A kind of value, or the values themselves: `always|never`. */
export type Kind = KindName | `${string}|${string}`

/** Options that are harmless for the same reason. */
export interface OptionGroup {
  /** Spelled in full, separated by blanks: `-n --lines`. `-#` stands for a dash and a number. */
  readonly names: string
  /** It takes a value: in the next word, after `=`, or after its letter. */
  readonly value?: Kind
  /** It takes two values of that kind, in the next two words. */
  readonly twice?: true
  /** It may take a value in the same word, after `=` or after its letter. */
  readonly attached?: Kind
  /** The files it is given are used with everything below them. */
  readonly deep?: true
  /** Its value takes the place of the first operand: `grep -e PATTERN FILE`. */
  readonly first?: true
  readonly why: string
}

/** One way to use a tool or one of its sub-commands. */
export interface Form {
  readonly why: string
  /** At least one of these options stands in the command; `--` counts as one. */
  readonly needs?: string
  readonly options?: readonly OptionGroup[]
  /** Kinds of its operands in order; `?` at most one, `*` any number, `+` one or more: `text read*`. Default: none. */
  readonly operands?: string
  /** The kind of the folder itself, which it uses with everything below where no operand beyond the least is given (`rg TEXT`). */
  readonly here?: KindName
  /** The kind of the folder itself, which it uses whatever its operands are: `git switch` changes it. */
  readonly also?: KindName
  /** What may follow `--`. Default: further operands. `none`: `--` asks. Otherwise kinds as in `operands`. */
  readonly dashes?: string
  /** It starts programs that its words do not name: scripts of a project, tests, build steps. */
  readonly runsProject?: true
}

export interface ToolTable {
  /** Names it holds for. */
  readonly tools: readonly string[]
  readonly about: string
  /**
   * How its options are spelled. `gnu`: `--long=value`, `-abc`, `-nVALUE`. `separate`: the same, but letters stand alone
   * and have their value in the next word. `words`:
   * one dash and a whole word, its value in the next (`find -name x`). `bundle`: as `gnu`, and the first word may be letters without
   * a dash (`tar tzf x`).
   */
  readonly style?: 'gnu' | 'separate' | 'words' | 'bundle'
  /** Options of every sub-command, before or after it. */
  readonly options?: readonly OptionGroup[]
  /** Options that stand before the sub-command only. */
  readonly globalOptions?: readonly OptionGroup[]
  /** Sub-commands, of one word or more, by name; several names for the same separated by commas. */
  readonly commands?: Readonly<Record<string, Form | readonly Form[]>>
  /** Ways to use it without a sub-command. */
  readonly forms?: readonly Form[]
  /** What is left out on purpose, and why; shown to who is asked, and in the documentation. */
  readonly asks: readonly Asked[]
}

export interface Asked {
  /** Options, sub-commands, or options of a sub-command (`log --output`), separated by commas. */
  readonly what: string
  readonly why: string
}
