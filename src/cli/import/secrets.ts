// Secrets never travel from one file to another: what stood there becomes a variable, and the report says which to set.

import type { Cursor } from './source.ts'

export type SecretValue = string | { readonly file: string }

export const variable = (name: string): string => `\${${name}}`

/** The reference to write in place of the secret at this cursor; undefined when there is none. */
export function secretAt(cursor: Cursor, name: string): SecretValue | undefined {
  if (!cursor.exists) return undefined
  cursor.use()
  const { raw } = cursor
  if (typeof raw === 'string') {
    if (/^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/.test(raw)) return raw
    cursor.note('secret', `put its value into .env as ${name}`)
    return variable(name)
  }
  const reference = raw as { source?: unknown; id?: unknown }
  if (reference.source === 'env' && typeof reference.id === 'string') return variable(reference.id)
  cursor.note('secret', `put its value into .env as ${name}`)
  return variable(name)
}

/** `telegram`, `ops` → TELEGRAM_OPS_BOT_TOKEN. */
export const variableName = (...parts: readonly string[]): string =>
  parts
    .filter((part) => part !== '')
    .map((part) => part.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_'))
    .join('_')
