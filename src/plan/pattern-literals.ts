// Enters: the tree of a pattern. Leaves: texts of which every match holds at least one, so that a router looks at the
// pattern only when one of them was seen.

import type { AST } from '@eslint-community/regexpp'
import type { Node } from './pattern-syntax.ts'
import { fold } from './plain-pattern.ts'

/** `exact`: all texts it can match, when they are few. `required`: every match holds one of these. */
interface Knowledge {
  readonly exact: readonly string[] | null
  readonly required: readonly string[] | null
}

const MAX_SET = 16
const MAX_LENGTH = 64
const UNKNOWN: Knowledge = { exact: null, required: null }

const least = (texts: readonly string[]): number => Math.min(...texts.map((text) => text.length))

/** The more telling of two sets: the longer shortest member, then the fewer members. */
function better(a: readonly string[] | null, b: readonly string[] | null): readonly string[] | null {
  if (a === null || a.length === 0 || least(a) === 0) return b !== null && b.length > 0 && least(b) > 0 ? b : null
  if (b === null || b.length === 0 || least(b) === 0) return a
  const [x, y] = [least(a), least(b)]
  return x > y || (x === y && a.length <= b.length) ? a : b
}

const few = (texts: readonly string[]): readonly string[] | null => {
  const unique = [...new Set(texts)]
  return unique.length > MAX_SET || unique.some((text) => text.length > MAX_LENGTH) ? null : unique
}

const best = (known: Knowledge): readonly string[] | null => better(known.exact, known.required)

function characters(codes: readonly number[], ignoreCase: boolean): Knowledge {
  // Without case, letters beyond ASCII have more forms than `fold` knows.
  if (codes.length > MAX_SET || (ignoreCase && codes.some((code) => code > 127))) return UNKNOWN
  const exact = few(codes.map((code) => String.fromCodePoint(code)))
  return { exact, required: exact }
}

function classCodes(node: AST.CharacterClass): readonly number[] {
  const codes: number[] = []
  for (const member of node.elements) {
    if (member.type === 'Character') codes.push(member.value)
    else if (member.type === 'CharacterClassRange' && member.max.value - member.min.value < MAX_SET) {
      for (let code = member.min.value; code <= member.max.value; code++) codes.push(code)
    } else return []
  }
  return codes
}

function sequence(parts: readonly Knowledge[]): Knowledge {
  let run: readonly string[] = ['']
  let exact = true
  let required: readonly string[] | null = null
  for (const part of parts) {
    const longer = part.exact === null ? null : few(run.flatMap((head) => (part.exact ?? []).map((tail) => head + tail)))
    if (longer !== null) {
      run = longer
      continue
    }
    exact = false
    required = better(required, run)
    required = better(required, best(part))
    run = part.exact ?? ['']
  }
  return { exact: exact ? run : null, required: better(required, run) }
}

function choice(parts: readonly Knowledge[]): Knowledge {
  const exact = parts.every((part) => part.exact !== null) ? few(parts.flatMap((part) => part.exact ?? [])) : null
  const each = parts.map(best)
  const required = each.every((texts) => texts !== null) ? few(each.flatMap((texts) => texts ?? [])) : null
  return { exact, required }
}

function repeat({ min, max }: AST.Quantifier, one: Knowledge): Knowledge {
  if (min === 0) return max === 1 && one.exact !== null ? { exact: few(['', ...one.exact]), required: null } : UNKNOWN
  if (min === max && max <= MAX_LENGTH) return sequence(Array.from({ length: max }, () => one))
  return { exact: null, required: min <= MAX_LENGTH ? sequence(Array.from({ length: min }, () => one)).required : best(one) }
}

function know(node: Node, ignoreCase: boolean): Knowledge {
  switch (node.type) {
    case 'Alternative':
      return sequence(node.elements.map((element) => know(element, ignoreCase)))
    case 'Group':
    case 'CapturingGroup':
      return choice(node.alternatives.map((alternative) => know(alternative, ignoreCase)))
    case 'Quantifier':
      return repeat(node, know(node.element, ignoreCase))
    case 'Assertion':
      return { exact: [''], required: null }
    case 'Character':
      return characters([node.value], ignoreCase)
    case 'CharacterClass': {
      const codes = node.negate ? [] : classCodes(node)
      return codes.length === 0 ? UNKNOWN : characters(codes, ignoreCase)
    }
    default:
      return UNKNOWN
  }
}

/** Folded texts, one of which every match holds; empty: nothing is known. */
export function requiredLiterals(alternatives: readonly AST.Alternative[], ignoreCase: boolean): readonly string[] {
  const found = best(choice(alternatives.map((alternative) => know(alternative, ignoreCase))))
  return found === null ? [] : [...new Set(found.map(fold))]
}
