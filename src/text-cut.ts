// A text that is too long in, a part of it out that ends where a character ends. Every cut of a text that people or models
// read is made here: never inside a surrogate pair, an emoji made of several, or a letter and its accents.

/** The text with halves of characters replaced, so that every service reads it as JSON. */
export const wellFormed = (text: string): string => (text as string & { toWellFormed(): string }).toWellFormed()

/** As JSON.stringify, with U+FFFD in place of halves of characters. */
export function wellFormedJson(value: unknown): string {
  const json = JSON.stringify(value)
  // JSON.stringify escapes halves alone; a backslash of the text itself is doubled, so pairs are passed over.
  return json.includes('\\ud')
    ? json.replace(/\\\\|\\ud[89a-f][0-9a-f]{2}/g, (found) => (found === '\\\\' ? found : '\ufffd'))
    : json
}

/** The beginning, of at most `max` UTF-16 units. */
export const headOf = (text: string, max: number): string =>
  text.length <= max ? text : text.slice(0, boundaryBefore(text, max))

/** The end, of at most `max` UTF-16 units. */
export const tailOf = (text: string, max: number): string =>
  text.length <= max ? text : text.slice(boundaryAfter(text, Math.max(0, text.length - max)))

/** The beginning with a mark where something is missing, `max` UTF-16 units together. */
export const shortened = (text: string, max: number, mark = '…'): string =>
  text.length <= max ? text : `${headOf(text, Math.max(0, max - mark.length))}${mark}`

/** Beginning and end of a text that is too long, with a note of what was cut between them; the note comes on top of `max`. */
export function withoutMiddle(text: string, max: number): string {
  if (text.length <= max) return text
  let head = Math.floor((max * 2) / 3)
  let tail = text.length - (max - head)
  // Cut at line ends where one is near.
  const lineEnd = text.lastIndexOf('\n', head)
  if (lineEnd > head * 0.8) head = lineEnd
  const lineStart = text.indexOf('\n', tail)
  if (lineStart !== -1 && lineStart - tail < max * 0.1) tail = lineStart + 1
  head = boundaryBefore(text, head)
  tail = boundaryAfter(text, tail)
  const cut = text.slice(head, tail)
  const note = `[${cut.length} of ${text.length} characters were left out here (${cut.split('\n').length} lines); ask for a part to see them]`
  return `${text.slice(0, head)}\n\n${note}\n\n${text.slice(tail)}`
}

/** The whole in parts of at most `size` UTF-16 units. */
export function partsOf(text: string, size: number): readonly string[] {
  const parts: string[] = []
  for (let rest = text; rest !== ''; ) {
    const at = cutAt(rest, size)
    parts.push(rest.slice(0, at))
    rest = rest.slice(at)
  }
  return parts
}

/** As `boundaryBefore`, but never 0: a first character longer than that has to be cut, between code points. */
export function cutAt(text: string, at: number): number {
  const place = boundaryBefore(text, at)
  if (place > 0) return place
  return isLowSurrogate(text, at) ? Math.max(at - 1, 2) : Math.max(at, 1)
}

/** The last place at or before `at` where no character is cut. */
export function boundaryBefore(text: string, at: number): number {
  if (at <= 0) return 0
  if (at >= text.length) return text.length
  if (isPlainBoundary(text, at)) return at
  return characterAt(text, at)?.start ?? at
}

/** The first place at or after `at` where no character is cut. */
export function boundaryAfter(text: string, at: number): number {
  if (at <= 0) return 0
  if (at >= text.length) return text.length
  if (isPlainBoundary(text, at)) return at
  const character = characterAt(text, at)
  return character === undefined || character.start === at ? at : character.end
}

/** Below this no code unit joins another, save a line feed its carriage return. */
const FIRST_COMBINING = 0x300
const CR = 13

const isPlainBoundary = (text: string, at: number): boolean =>
  text.charCodeAt(at - 1) < FIRST_COMBINING && text.charCodeAt(at) < FIRST_COMBINING && text.charCodeAt(at - 1) !== CR

/** Longest run looked at to either side: beyond it a character is taken for endless, and cut between code points. */
const REACH = 256

let segmenter: Intl.Segmenter | undefined

/** The character that covers the unit at `at`. */
function characterAt(text: string, at: number): { readonly start: number; readonly end: number } | undefined {
  // From a plain boundary on, so that flags and other pairs are counted from where they begin.
  let from = at
  while (from > 0 && at - from < REACH && !isPlainBoundary(text, from)) from--
  if (from > 0 && isLowSurrogate(text, from)) from--
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' })
  const found = segmenter.segment(text.slice(from, at + REACH)).containing(at - from)
  if (found === undefined) return undefined
  const start = from + found.index
  const end = start + found.segment.length
  // Too long to see its ends.
  if ((start === from && from > 0 && at - from >= REACH) || found.segment.length > REACH) {
    const place = isLowSurrogate(text, at) ? at - 1 : at
    return { start: place, end: isLowSurrogate(text, at) ? at + 1 : at }
  }
  return { start, end }
}

const isLowSurrogate = (text: string, at: number): boolean => {
  const unit = text.charCodeAt(at)
  const before = text.charCodeAt(at - 1)
  return unit >= 0xdc00 && unit <= 0xdfff && before >= 0xd800 && before <= 0xdbff
}

/** Blanks in place of controls and marks of direction, by which a name could seem another. */
export const withoutUnseen = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, ' ')

/** A name for people: one line, no controls, no direction marks, at most 64 characters. */
export function cleanName(name: string): string {
  const clean = withoutUnseen(name)
  return headOf(clean, 64).trim()
}
