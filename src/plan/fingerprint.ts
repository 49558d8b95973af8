// Enters: any value of a Plan. Leaves: a short text that changes exactly when the value means something else.
// Key order, Map order and absent keys don't count. Only fingerprints of one process can be compared.

import { Secret } from './plan.ts'

/** Odd factors of MurmurHash3, whose last step this also uses: multiplying by one loses nothing. */
const FACTORS = [0x239b961b, 0xab0e9789, 0x38b34ae5, 0xa1e38b93] as const

/** Drawn once per process, so that nobody who sees a fingerprint can reckon back to the secret in what it was made of. */
const SEED = [draw(), draw(), draw(), draw()] as const

function draw(): number {
  return Math.floor(Math.random() * 2 ** 32)
}

/**
 * 128 bits of a text as 32 hexadecimal digits, so that two objects never meet by chance. Nobody gains by making them meet on
 * purpose, so no slow hash is needed: thousands of objects are compared in a reload.
 */
function digest(text: string): string {
  const [fa, fb, fc, fd] = FACTORS
  let [a, b, c, d] = SEED
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    a = b ^ Math.imul(a ^ unit, fa)
    b = c ^ Math.imul(b ^ unit, fb)
    c = d ^ Math.imul(c ^ unit, fc)
    d = a ^ Math.imul(d ^ unit, fd)
  }
  const sum = a ^ b ^ c ^ d ^ text.length
  return hex(mixed(a + sum)) + hex(mixed(b + sum)) + hex(mixed(c + sum)) + hex(mixed(d + sum))
}

function mixed(word: number): number {
  const once = Math.imul(word ^ (word >>> 16), 0x85ebca6b)
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35)
  return twice ^ (twice >>> 16)
}

const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0')

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
  if (value instanceof Secret) return `secret(${JSON.stringify(value.reveal())})`
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
export const fingerprint = (value: unknown): string => digest(canonical(value))
