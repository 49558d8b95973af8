// Patterns so plain that no regular expression has to be understood: literal characters and anchors. Most rules have these.
// The rest of the pattern language is in pattern.ts, which is loaded only where a rule needs it.

/** What is known about a pattern. */
export interface PatternAnalysis {
  readonly ok: boolean
  /** Why it is refused, as a clause fit for a message; only when not ok. */
  readonly reason?: string
  /** Every text it matches holds at least one of these, in lower case as `fold` gives it; empty: nothing is known. */
  readonly literals: readonly string[]
  /** V8 runs it in linear time, proven; otherwise the automaton engine runs it. */
  readonly linear: boolean
  /** The pattern is `text`, anchored at neither, one or both ends: what subsumption can be decided on. */
  readonly plain?: { readonly text: string; readonly start: boolean; readonly end: boolean }
}

/** Runs a pattern on a text: true when it matches anywhere. */
export type PatternTest = (text: string) => boolean

/** Understands and runs patterns; see `loadPatterns`. */
export interface Patterns {
  analyse(source: string): PatternAnalysis
  /** @throws Error when the pattern is not ok. */
  compile(source: string): PatternTest
}

/** Case and the two characters that count as ASCII letters when case does not count: for comparing literals only. */
export function fold(text: string): string {
  let folded = ''
  for (let i = 0; i < text.length; i++) folded += String.fromCharCode(foldCode(text.charCodeAt(i)))
  return folded
}

export const foldCode = (code: number): number =>
  code < 128 ? (code >= 65 && code <= 90 ? code + 32 : code) : code === 0x17f ? 115 : code === 0x212a ? 107 : code

const PLAIN = /^(\^?)((?:[^\\^$.*+?()[\]{}|]|\\[\\^$.*+?()[\]{}|/])+)(\$?)$/s

/** The analysis of a pattern made of literal characters and anchors alone; null: it needs the full one. */
export function analysePlain(source: string): PatternAnalysis | null {
  const match = PLAIN.exec(source)
  if (match === null) return null
  const text = (match[2] ?? '').replace(/\\(.)/g, '$1')
  return { ok: true, literals: [fold(text)], linear: true, plain: { text, start: match[1] === '^', end: match[3] === '$' } }
}

/** Runs what `analysePlain` understood, without any regular expression. */
export function testPlain({ text, start, end }: NonNullable<PatternAnalysis['plain']>): PatternTest {
  if (start && end) return (value) => value === text
  if (start) return (value) => value.startsWith(text)
  if (end) return (value) => value.endsWith(text)
  return (value) => value.includes(text)
}

/** Patterns where all are plain. */
export const plainPatterns: Patterns = {
  analyse(source) {
    const analysis = analysePlain(source)
    if (analysis === null) throw new Error(`The pattern ${source} needs loadPatterns() first.`)
    return analysis
  },
  compile: (source) => testPlain(plainPatterns.analyse(source).plain ?? { text: source, start: false, end: false }),
}
