// Aho and Corasick's automaton over many short texts: one pass over a message finds every one that stands in it.
// Transitions sit in one open-addressed table, so that 100,000 texts stay small and quick to build.

import { atOnce, type Sliced } from '../slices.ts'
import { foldCode } from './plain-pattern.ts'

export interface LiteralIndex {
  /** Calls back with the number of each literal found, at most once each; false stops. */
  search(text: string, found: (literal: number) => void): void
}

/** Longer literals are looked up by their beginning: the rest is verified by the pattern itself. */
const MAX_LENGTH = 12

/** `literals` are folded; their number is their place in the list. Equal beginnings share a number list. */
export const createLiteralIndex = (literals: readonly string[]): LiteralIndex => atOnce(indexLiterals(literals))

export function* indexLiterals(literals: readonly string[]): Sliced<LiteralIndex> {
  const total = literals.reduce((sum, literal) => sum + Math.min(literal.length, MAX_LENGTH), 1)
  let capacity = 16
  while (capacity < total * 2) capacity *= 2
  const mask = capacity - 1
  const keyNode = new Int32Array(capacity).fill(-1)
  const keyCode = new Uint16Array(capacity)
  const target = new Int32Array(capacity)
  /** Nodes below the root by their first character, for the commonest step. */
  const first = new Int32Array(128)

  const slotOf = (node: number, code: number): number => {
    let slot = (Math.imul(node, 0x9e3779b1) ^ Math.imul(code, 0x85ebca6b)) & mask
    while (keyNode[slot] !== -1 && (keyNode[slot] !== node || keyCode[slot] !== code)) slot = (slot + 1) & mask
    return slot
  }
  const step = (node: number, code: number): number => {
    if (node === 0 && code < 128) return first[code] ?? 0
    const slot = slotOf(node, code)
    return keyNode[slot] === -1 ? 0 : (target[slot] ?? 0)
  }

  const ends = new Map<number, number[]>()
  const byDepth: { node: number; parent: number; code: number }[][] = Array.from({ length: MAX_LENGTH }, () => [])
  let count = 1
  for (const [number, literal] of literals.entries()) {
    yield
    let node = 0
    for (let at = 0; at < Math.min(literal.length, MAX_LENGTH); at++) {
      const code = literal.charCodeAt(at)
      let next = step(node, code)
      if (next === 0) {
        next = count++
        const slot = slotOf(node, code)
        keyNode[slot] = node
        keyCode[slot] = code
        target[slot] = next
        if (node === 0 && code < 128) first[code] = next
        byDepth[at]?.push({ node: next, parent: node, code })
      }
      node = next
    }
    const numbers = ends.get(node)
    if (numbers === undefined) ends.set(node, [number])
    else numbers.push(number)
  }

  const fail = new Int32Array(count)
  /** The nearest node on the fail chain (or itself) where a literal ends; 0: none. */
  const output = new Int32Array(count)
  for (const { node, parent, code } of byDepth.flat()) {
    yield
    let back = parent
    let link = 0
    while (back !== 0 && link === 0) {
      back = fail[back] ?? 0
      link = step(back, code)
    }
    fail[node] = link
    output[node] = ends.has(node) ? node : (output[link] ?? 0)
  }

  const seen = new Int32Array(count)
  let round = 0
  return {
    search(text, found) {
      round++
      let node = 0
      for (let at = 0; at < text.length; at++) {
        const code = foldCode(text.charCodeAt(at))
        let next = step(node, code)
        while (next === 0 && node !== 0) {
          node = fail[node] ?? 0
          next = step(node, code)
        }
        node = next
        for (let hit = output[node] ?? 0; hit !== 0 && seen[hit] !== round; hit = output[fail[hit] ?? 0] ?? 0) {
          seen[hit] = round
          for (const number of ends.get(hit) ?? []) found(number)
        }
      }
    },
  }
}
