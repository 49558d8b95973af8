// Characters without ink: controls, format characters (zero widths, directions, tags), what Unicode lets a font leave out, every
// blank but the ASCII space, and letters, marks and symbols that look like one. Text comes in; the first of them, or the text
// with each written out, leaves. The command checker refuses by this; whatever is shown to an approver passes through it.

import { lazily } from '../lazily.ts'

/** Most text holds nothing else. */
const PLAIN = /^[\t\n\x20-\x7e]*$/

/**
 * By Unicode's own properties. Unassigned code points are in it: a newer font or terminal may know them. Braille blank, the
 * joiners and stackers of some scripts and a note without a head have no property of their own.
 */
const CLASS = String.raw`\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\p{Variation_Selector}\u2800\u2d7f\u17d2\u1039\u1a60\uaaf6\u{10a3f}\u{1107f}\u{11133}\u{113d0}\u{1193e}\u{11a47}\u{11a99}\u{11d45}\u{11d97}\u{11f42}\u{16fe4}\u{1d159}`
const invisible = lazily(() => new RegExp(String.raw`(?![\t\n ])[${CLASS}]`, 'u'))
const eachInvisible = lazily(() => new RegExp(invisible().source, 'gu'))

/** The first one, as `U+200B`; undefined: there is none. Tab and line feed pass. */
export function firstInvisible(text: string): string | undefined {
  if (PLAIN.test(text)) return undefined
  const found = invisible().exec(text)?.[0]
  return found === undefined ? undefined : `U+${(found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}

/** The text with a tab as `\t` and each of them as `\u{200b}`. Line feeds stay. */
export const showInvisible = (text: string): string =>
  (PLAIN.test(text) ? text : text.replace(eachInvisible(), (found) => `\\u{${found.codePointAt(0)?.toString(16)}}`)).replaceAll(
    '\t',
    '\\t',
  )
