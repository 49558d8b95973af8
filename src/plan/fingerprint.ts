// Enters: any value of a Plan. Leaves: a short text that changes exactly when the value means something else.
// Key order, Map order and absent keys don't count. A secret counts by the hash of its value and is never printed.

import { createHash } from 'node:crypto'
import { Secret } from './plan.ts'

/** Hexadecimal digits kept: 128 bits, so that two objects never meet by chance. */
const LENGTH = 32

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

const byCode = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** One text a value: each kind has its own opening mark, so that `1`, `"1"` and `[1]` differ. */
function canonical(value: unknown): string {
  if (value === null) return 'null'
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      return Object.is(value, -0) ? '0' : String(value)
    case 'bigint':
      return `${value}n`
    case 'boolean':
      return String(value)
    case 'object':
      return canonicalObject(value)
    default:
      return 'undefined'
  }
}

function canonicalObject(value: object): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (value instanceof Secret) return `secret(${sha256(value.reveal())})`
  if (value instanceof Date) return `date(${value.toISOString()})`
  if (value instanceof RegExp) return `regexp(${String(value)})`
  if (value instanceof Set) return `set(${[...value].map(canonical).sort(byCode).join(',')})`
  if (value instanceof Map) {
    const entries = [...value].map(([key, item]) => `${canonical(key)}:${canonical(item)}`)
    return `map(${entries.sort(byCode).join(',')})`
  }
  const keys = Object.keys(value).sort(byCode)
  const parts: string[] = []
  for (const key of keys) {
    const item = (value as Record<string, unknown>)[key]
    if (item !== undefined && typeof item !== 'function') parts.push(`${JSON.stringify(key)}:${canonical(item)}`)
  }
  return `{${parts.join(',')}}`
}

/** A stable short hash of any value made of data, Maps, Sets and secrets. */
export const fingerprint = (value: unknown): string => sha256(canonical(value)).slice(0, LENGTH)
