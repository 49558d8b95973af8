// Enters: the tree of a pattern. Leaves: whether a backtracking engine is proven to run it in linear time on any text.
// Sound and cautious: what is not proven goes to the automaton engine, which is linear by design.

import type { AST } from '@eslint-community/regexpp'
import type { Node } from './pattern-syntax.ts'

/**
 * What one attempt costs on a text of n characters: at most `ways · n^degree` different ways to match, `steps` of work
 * each. `empty`: it may match the empty text.
 */
interface Cost {
  readonly ways: number
  readonly degree: number
  readonly steps: number
  readonly empty: boolean
}

const NEVER = Number.POSITIVE_INFINITY
/** Work per starting point that still counts as constant. */
const MAX_WORK = 512

const leaf = (empty: boolean): Cost => ({ ways: 1, degree: 0, steps: 1, empty })

function sequence(costs: readonly Cost[]): Cost {
  return costs.reduce(
    (all, next) => ({
      ways: all.ways * next.ways,
      degree: all.degree + next.degree,
      steps: all.steps + next.steps,
      empty: all.empty && next.empty,
    }),
    { ways: 1, degree: 0, steps: 0, empty: true },
  )
}

function choice(costs: readonly Cost[]): Cost {
  return costs.reduce(
    (all, next) => ({
      ways: all.ways + next.ways,
      degree: Math.max(all.degree, next.degree),
      steps: all.steps + next.steps + 1,
      empty: all.empty || next.empty,
    }),
    { ways: 0, degree: 0, steps: 0, empty: false },
  )
}

function repeat(node: AST.Quantifier, tail: boolean): Cost {
  const one = cost(node.element, false)
  const { min } = node
  const endless = node.max === NEVER
  const empty = min === 0 || one.empty
  // At the very end nothing after it can fail: once the least number stands, the attempt has succeeded.
  const max = endless ? (tail && one.degree === 0 ? min : NEVER) : node.max
  if (max === NEVER) {
    const single = one.ways === 1 && one.degree === 0 && !one.empty && min <= 1
    return single ? { ways: 2, degree: 1, steps: one.steps, empty } : { ways: NEVER, degree: NEVER, steps: NEVER, empty }
  }
  if (one.degree > 0 && max > 1) return { ways: NEVER, degree: NEVER, steps: NEVER, empty }
  let ways = 0
  for (let count = min; count <= max && ways <= MAX_WORK; count++) ways += one.ways ** count
  return { ways: Math.max(1, ways), degree: one.degree, steps: one.steps * Math.max(1, max) + 1, empty }
}

function cost(node: Node, tail: boolean): Cost {
  switch (node.type) {
    case 'Alternative':
      return sequence(node.elements.map((element, at) => cost(element, tail && at === node.elements.length - 1)))
    case 'Group':
    case 'CapturingGroup':
      return choice(node.alternatives.map((alternative) => cost(alternative, tail)))
    case 'Quantifier':
      return repeat(node, tail)
    case 'Assertion':
      return leaf(true)
    case 'Character':
    case 'CharacterSet':
    case 'CharacterClass':
      return leaf(false)
    default:
      return { ways: NEVER, degree: NEVER, steps: NEVER, empty: true }
  }
}

/** Whether a match can begin at the start of the text alone. */
function isAnchored(node: Node): boolean {
  if (node.type === 'Alternative') return node.elements[0] !== undefined && isAnchored(node.elements[0])
  if (node.type === 'Group' || node.type === 'CapturingGroup') return node.alternatives.every(isAnchored)
  return node.type === 'Assertion' && node.kind === 'start'
}

/** True: proven linear. */
export function isLinear(alternatives: readonly AST.Alternative[]): boolean {
  const total = choice(alternatives.map((alternative) => cost(alternative, true)))
  // An anchored pattern is tried once, so one run over the text is affordable inside; elsewhere each start must be cheap.
  const affordable = alternatives.every(isAnchored) ? 1 : 0
  return total.degree <= affordable && total.ways * total.steps <= MAX_WORK
}
