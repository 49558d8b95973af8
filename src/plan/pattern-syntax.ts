// Reads a pattern into a tree, and prints the tree for an engine. Two engines run patterns; one meaning holds for both:
// that of JavaScript's regular expressions in Unicode mode.

import { type AST, RegExpParser } from '@eslint-community/regexpp'

export type Node = AST.Alternative | AST.Element | AST.QuantifiableElement
export type Ranges = readonly (readonly [first: number, last: number])[]

export interface ParsedPattern {
  readonly alternatives: readonly AST.Alternative[]
  readonly ignoreCase: boolean
}

const IGNORE_CASE = '(?i)'
const LAST = 0x10ffff

const parser = new RegExpParser({ ecmaVersion: 2024 })

/** The tree of a pattern, or why there is none. */
export function parsePattern(source: string): ParsedPattern | { readonly reason: string } {
  const ignoreCase = source.startsWith(IGNORE_CASE)
  const body = ignoreCase ? source.slice(IGNORE_CASE.length) : source
  const read = (unicode: boolean): AST.Pattern => parser.parsePattern(body, 0, body.length, { unicode })
  try {
    return refuse({ alternatives: read(true).alternatives, ignoreCase })
  } catch (error) {
    // Unicode mode is strict about needless escapes such as `\!`; the older mode isn't, and means the same below U+FFFF.
    if (!/[\ud800-\udfff]/.test(body)) {
      try {
        return refuse({ alternatives: read(false).alternatives, ignoreCase })
      } catch {}
    }
    return { reason: `is not a regular expression: ${reasonOf(error)}` }
  }
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.replace(/^Invalid regular expression: .*: /s, '').toLowerCase()
}

/** Refuses what no linear-time engine runs. */
function refuse(parsed: ParsedPattern): ParsedPattern | { readonly reason: string } {
  for (const node of walk(parsed.alternatives)) {
    if (node.type === 'Backreference') return { reason: `has a backreference (${node.raw}), which takes more than linear time` }
    if (node.type === 'Assertion' && (node.kind === 'lookahead' || node.kind === 'lookbehind')) {
      return { reason: `has a ${node.kind} (${node.raw}), which takes more than linear time` }
    }
  }
  return parsed
}

function* walk(nodes: readonly Node[]): Generator<Node> {
  for (const node of nodes) {
    yield node
    if (node.type === 'Alternative') yield* walk(node.elements)
    else if (node.type === 'Quantifier') yield* walk([node.element])
    else if (node.type === 'Group' || node.type === 'CapturingGroup') yield* walk(node.alternatives)
  }
}

const DIGIT: Ranges = [[48, 57]]
const WORD: Ranges = [
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
]
/** Where case does not count, two more letters are forms of `s` and `k`. */
const WORD_ANY_CASE: Ranges = [...WORD, [0x17f, 0x17f], [0x212a, 0x212a]]
const SPACE: Ranges = [
  [9, 13],
  [32, 32],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
]
const LINE_END: Ranges = [
  [10, 10],
  [13, 13],
  [0x2028, 0x2029],
]

function complement(ranges: Ranges): Ranges {
  const rest: (readonly [number, number])[] = []
  let next = 0
  for (const [first, last] of ranges) {
    if (first > next) rest.push([next, first - 1])
    next = last + 1
  }
  if (next <= LAST) rest.push([next, LAST])
  return rest
}

/** One character as both engines read it. */
function character(code: number): string {
  if ((code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122)) return String.fromCharCode(code)
  return code < 128 ? `\\x${code.toString(16).padStart(2, '0')}` : String.fromCodePoint(code)
}

const inClass = (ranges: Ranges): string =>
  ranges.map(([first, last]) => (first === last ? character(first) : `${character(first)}-${character(last)}`)).join('')

/** The members of a set, as they stand inside `[…]`. */
function set(node: AST.CharacterSet, ignoreCase: boolean): string {
  if (node.kind === 'any') return inClass(complement(LINE_END))
  if (node.kind === 'property') {
    const name = node.value === null ? node.key : node.value
    return `\\${node.negate ? 'P' : 'p'}{${node.value === null || node.key === 'General_Category' ? name : `${node.key}=${name}`}}`
  }
  const word = ignoreCase ? WORD_ANY_CASE : WORD
  const ranges = node.kind === 'digit' ? DIGIT : node.kind === 'word' ? word : SPACE
  return inClass(node.negate ? complement(ranges) : ranges)
}

function characterClass(node: AST.CharacterClass, ignoreCase: boolean): string {
  if (node.elements.length === 0) return node.negate ? `[${inClass([[0, LAST]])}]` : `[^${inClass([[0, LAST]])}]`
  const members = node.elements.map((member) => {
    if (member.type === 'Character') return character(member.value)
    if (member.type === 'CharacterClassRange') return inClass([[member.min.value, member.max.value]])
    if (member.type === 'CharacterSet') return set(member, ignoreCase)
    throw new Error(`Unexpected ${member.type} in a character class.`)
  })
  return `[${node.negate ? '^' : ''}${members.join('')}]`
}

function quantifier({ min, max, greedy }: AST.Quantifier): string {
  const count = max === Number.POSITIVE_INFINITY ? `{${min},}` : min === max ? `{${min}}` : `{${min},${max}}`
  const short = { '{0,}': '*', '{1,}': '+', '{0,1}': '?' }[count] ?? count
  return greedy ? short : `${short}?`
}

/** The pattern in words that both engines read alike. Groups capture nothing: only whether it matches counts. */
export function printPattern({ alternatives, ignoreCase }: ParsedPattern, engine: 'v8' | 're2'): string {
  const print = (node: Node): string => {
    switch (node.type) {
      case 'Alternative':
        return node.elements.map(print).join('')
      case 'Group':
      case 'CapturingGroup':
        return `(?:${node.alternatives.map(print).join('|')})`
      case 'Quantifier':
        return print(node.element) + quantifier(node)
      case 'Assertion':
        if (node.kind === 'word') return node.negate ? '\\B' : '\\b'
        return node.kind === 'start' ? '^' : engine === 're2' ? '\\z' : '$'
      case 'Character':
        return character(node.value)
      case 'CharacterSet':
        return `[${set(node, ignoreCase)}]`
      case 'CharacterClass':
        return characterClass(node, ignoreCase)
      default:
        throw new Error(`Unexpected ${node.type} in a pattern.`)
    }
  }
  return alternatives.map(print).join('|')
}
