// What a kind of operand or value is: text comes in; the files it stands for leave, or what is wrong with it.

import type { Operand, Place } from '../port.ts'

/** `no`: the rest of a sentence that says why the text is not of that kind. */
export type KindFit = { readonly files: readonly Operand[]; readonly no?: undefined } | { readonly no: string }

export interface KindRule {
  /** For the documentation. */
  readonly about: string
  /** `sources`: the operands before this one. */
  fit(text: string, place: Place, sources: readonly string[]): KindFit
}

export const NONE: KindFit = { files: [] }

export const read = (path: string, deep = false): Operand => ({ path, use: 'read', deep })
export const write = (path: string, deep = false): Operand => ({ path, use: 'write', deep })

/** Text that matches, and names no file. */
export const matching = (about: string, pattern: RegExp): KindRule => ({
  about,
  fit: (text) => (pattern.test(text) ? NONE : { no: `it is no ${about}` }),
})

export const WILD = /[*?[\]]/

/** Whether a path begins outside the folder, or may climb out of it. */
export const leaves = (text: string): boolean => /^[/~]/.test(text) || /(^|\/)\.\.(\/|$)/.test(text)

export const INSIDE = 'it leaves the folder'
export const LISTED = 'a word that begins with `@` may name a list of further words'
