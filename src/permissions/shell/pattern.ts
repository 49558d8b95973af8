// One component of a pathname pattern → a test of file names, character by character as bash has it in a C.UTF-8 locale.
// What bash versions or locales read differently is not understood.

import { fail } from './words.ts'

/** Text with its quoting: `quoted[i]` is 1 where the i-th unit of `text` is literal whatever it is. */
export interface QuotedText {
  readonly text: string
  readonly quoted: Uint8Array
}

export interface NamePattern {
  /** Those whose names are met, in the same order. @throws NotUnderstood where a class is held against a letter beyond ASCII */
  among<Named extends { readonly name: string }>(entries: readonly Named[]): readonly Named[]
  /** Holds a named class or a quoted character in brackets, which readers of patterns other than bash take otherwise. */
  readonly unusual: boolean
}

/** A character class in brackets: what it accepts, as inclusive ranges of code points and named classes. */
interface CharacterSet {
  readonly negated: boolean
  readonly ranges: readonly (readonly [low: number, high: number])[]
  readonly classes: readonly RegExp[]
  readonly unusual: boolean
}

type Token = string | CharacterSet | typeof ANY | typeof MANY

const ANY = Symbol('?')
const MANY = Symbol('*')

const CLASSES: ReadonlyMap<string, RegExp> = new Map([
  ['alnum', /[A-Za-z0-9]/],
  ['alpha', /[A-Za-z]/],
  ['ascii', /\p{ASCII}/u],
  ['blank', /[ \t]/],
  ['cntrl', /\p{Cc}/u],
  ['digit', /[0-9]/],
  ['graph', /[\x21-\x7e]/],
  ['lower', /[a-z]/],
  ['print', /[\x20-\x7e]/],
  ['punct', /[!-/:-@[-`{-~]/],
  ['space', /[ \t\n\v\f\r]/],
  ['upper', /[A-Z]/],
  ['word', /[A-Za-z0-9_]/],
  ['xdigit', /[0-9A-Fa-f]/],
])

/** Whether any unit of a component is an unquoted `*`, `?` or `[`. */
export function isPattern({ text, quoted }: QuotedText): boolean {
  for (let at = 0; at < text.length; at++) if (quoted[at] === 0 && '*?['.includes(text.charAt(at))) return true
  return false
}

/** @throws NotUnderstood */
export function compilePattern(component: QuotedText): NamePattern {
  const tokens = tokensOf(component)
  const dotted = tokens[0] === '.'
  const affixes = affixesOf(tokens)
  const steps = { left: MOST_STEPS }
  const fits =
    affixes === undefined ? (name: string) => tokensMeet(tokens, name, steps) : (name: string) => hasAffixes(name, affixes)
  if (dotted && (fits('.') || fits('..')))
    fail(`Versions of bash differ on whether \`${component.text}\` means \`.\` and \`..\` too.`)
  const meets = (name: string): boolean => (dotted || name.charCodeAt(0) !== DOT) && fits(name)
  return {
    among: (entries) => entries.filter(({ name }) => meets(name)),
    unusual: tokens.some((token) => typeof token === 'object' && token.unusual),
  }
}

const DOT = 0x2e
/** That one component of a pattern takes in all. */
const MOST_STEPS = 2_000_000

interface Affixes {
  readonly start: string
  readonly end: string
}

const hasAffixes = (name: string, { start, end }: Affixes): boolean =>
  name.length >= start.length + end.length && name.endsWith(end) && name.startsWith(start)

function tokensOf({ text, quoted }: QuotedText): readonly Token[] {
  const tokens: Token[] = []
  for (let at = 0; at < text.length; ) {
    const character = String.fromCodePoint(text.codePointAt(at) as number)
    const special = quoted[at] === 0 ? character : ''
    const set = special === '[' ? readSet(text, quoted, at) : undefined
    if (set !== undefined) {
      tokens.push(set.set)
      at = set.end
      continue
    }
    if (special === '*') {
      if (tokens.at(-1) !== MANY) tokens.push(MANY)
    } else tokens.push(special === '?' ? ANY : character)
    at += character.length
  }
  return tokens
}

/** The set that begins with the `[` at `start`, and where it ends; undefined: it is not closed, so the `[` is text. */
function readSet(text: string, quoted: Uint8Array, start: number): { set: CharacterSet; end: number } | undefined {
  const ranges: [number, number][] = []
  const classes: RegExp[] = []
  const unquoted = (at: number, character: string): boolean => quoted[at] === 0 && text.charAt(at) === character
  let at = start + 1
  const negated = unquoted(at, '!') || unquoted(at, '^')
  if (negated) at++
  for (let first = true; at < text.length; first = false) {
    if (unquoted(at, ']') && !first) {
      const unusual = classes.length > 0 || quoted.subarray(start, at).includes(1)
      return { set: { negated, ranges, classes, unusual }, end: at + 1 }
    }
    if (unquoted(at, '[') && ':.='.includes(text.charAt(at + 1)) && at + 1 < text.length) {
      const end = text.indexOf(':]', at + 2)
      const known = end < 0 ? undefined : CLASSES.get(text.slice(at + 2, end))
      if (known === undefined || quoted.subarray(at, end + 2).includes(1) || unquoted(end + 2, '-'))
        return fail(`\`${text.slice(start)}\` holds a class of characters that the checker does not read.`)
      classes.push(known)
      at = end + 2
      continue
    }
    const low = text.codePointAt(at) as number
    at += low > 0xffff ? 2 : 1
    if (!unquoted(at, '-') || at + 1 >= text.length || unquoted(at + 1, ']')) {
      ranges.push([low, low])
      continue
    }
    const high = text.codePointAt(at + 1) as number
    if (unquoted(at + 1, '[') || high < low)
      return fail(`\`${text.slice(start)}\` holds a range of characters that the checker does not read.`)
    ranges.push([low, high])
    at += high > 0xffff ? 3 : 2
  }
  if (text.indexOf('[', start + 1) > 0) return fail(`In \`${text.slice(start)}\` a bracket is not closed.`)
  return undefined
}

/** What a name must begin and end with, where that is all the pattern says: no more than one `*`, and it alone. */
function affixesOf(tokens: readonly Token[]): Affixes | undefined {
  const star = tokens.indexOf(MANY)
  if (star < 0) return undefined
  const start = tokens.slice(0, star)
  const end = tokens.slice(star + 1)
  const literal = (part: readonly Token[]): part is readonly string[] => part.every((token) => typeof token === 'string')
  return literal(start) && literal(end) ? { start: start.join(''), end: end.join('') } : undefined
}

/** At most the product of both lengths in steps. */
function tokensMeet(tokens: readonly Token[], name: string, steps: { left: number }): boolean {
  let token = 0
  let at = 0
  let star = -1
  let mark = 0
  while (at < name.length) {
    if (--steps.left < 0) fail('A pattern takes too many steps to look up.')
    const now = tokens[token]
    const point = name.codePointAt(at) as number
    if (now === MANY) {
      star = token++
      mark = at
    } else if (now !== undefined && accepts(now, point)) {
      token++
      at += point > 0xffff ? 2 : 1
    } else if (star >= 0) {
      token = star + 1
      mark += (name.codePointAt(mark) as number) > 0xffff ? 2 : 1
      at = mark
    } else return false
  }
  while (tokens[token] === MANY) token++
  return token === tokens.length
}

function accepts(token: Exclude<Token, typeof MANY>, point: number): boolean {
  if (token === ANY) return true
  if (typeof token === 'string') return token.codePointAt(0) === point
  if (token.ranges.some(([low, high]) => point >= low && point <= high)) return !token.negated
  if (token.classes.length > 0) {
    if (point > 0x7f) fail('A class of characters is held against a letter beyond ASCII, which depends on the machine.')
    const character = String.fromCharCode(point)
    if (token.classes.some((known) => known.test(character))) return !token.negated
  }
  return token.negated
}

/** A plainer pattern that meets at least the same names: what only bash reads so becomes a `?`. */
export function widened(component: QuotedText): string {
  return tokensOf(component).map(widenedToken).join('')
}

function widenedToken(token: Token): string {
  if (token === MANY) return '*'
  if (typeof token === 'string') return '*?['.includes(token) ? '?' : token
  if (token === ANY || token.negated || token.classes.length > 0) return '?'
  const points = token.ranges.map(([low, high]) =>
    (low === high ? [low] : [low, high]).map((point) => String.fromCodePoint(point)),
  )
  return points.flat().every((character) => /[A-Za-z0-9_]/.test(character))
    ? `[${points.map((pair) => pair.join('-')).join('')}]`
    : '?'
}
