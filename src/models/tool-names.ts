// Names of tools as every service takes them, and back: a server's own tools may be called anything.

import { createHash } from 'node:crypto'
import type { ModelResult, ToolSpec } from './port.ts'

const LEGAL = /^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$/
const LONGEST = 64
const HASH_CHARS = 8

/** The name itself where it is legal; else one made of it, always the same, that no other name is made to. */
export function legalName(name: string): string {
  if (LEGAL.test(name)) return name
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_CHARS)
  const plain = name.replace(/[^a-zA-Z0-9_-]+/g, '_').replace(/^[^a-zA-Z_]+/, '')
  return `${plain.slice(0, LONGEST - HASH_CHARS - 1) || 'tool'}_${hash}`
}

const renamed = new WeakMap<readonly ToolSpec[], ReadonlyMap<string, string>>()

/** Legal name → the tool's own, where they differ. */
function ownNames(tools: readonly ToolSpec[]): ReadonlyMap<string, string> {
  let names = renamed.get(tools)
  if (names === undefined) {
    names = new Map(tools.flatMap(({ name }) => (legalName(name) === name ? [] : [[legalName(name), name] as const])))
    renamed.set(tools, names)
  }
  return names
}

/** The result with the tools' own names in its calls. */
export function withOwnNames(result: ModelResult, tools: readonly ToolSpec[]): ModelResult {
  const names = ownNames(tools)
  if (names.size === 0) return result
  const content = result.content.map((block) => {
    const name = block.type === 'tool_use' ? names.get(block.name) : undefined
    return name === undefined ? block : { ...block, name }
  })
  return { ...result, content }
}
