// Checks of single fields in bodies and frames. Unknown data enters, a typed value leaves, or a problem naming the field.

import type { Attachment } from '../channels/port.ts'
import { RequestProblem } from './replies.ts'

type Fields = Readonly<Record<string, unknown>>

const MAX_ID = 512

const wrong = (name: string, what: string): RequestProblem => new RequestProblem(400, 'invalid_field', `"${name}" ${what}.`)

/** A field that must be there: text that isn't empty. */
export function text(fields: Fields, name: string): string {
  const value = fields[name]
  if (value === undefined) throw wrong(name, 'is missing')
  if (typeof value !== 'string') throw wrong(name, 'must be a string')
  if (value.trim() === '') throw wrong(name, 'must not be empty')
  return value
}

/** An id: text, or absent (also as null). */
export function optionalId(fields: Fields, name: string): string | undefined {
  const value = fields[name]
  if (value === undefined || value === null) return undefined
  return id(fields, name)
}

export function id(fields: Fields, name: string): string {
  const value = text(fields, name)
  if (value.length > MAX_ID) throw wrong(name, `may have at most ${MAX_ID} characters`)
  return value
}

export function optionalBoolean(fields: Fields, name: string): boolean | undefined {
  const value = fields[name]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'boolean') throw wrong(name, 'must be true or false')
  return value
}

export function oneOf<T extends string>(fields: Fields, name: string, values: readonly T[]): T {
  const value = fields[name]
  if (!values.includes(value as T)) throw wrong(name, `must be one of ${values.join(', ')}`)
  return value as T
}

export function optionalTimestamp(fields: Fields, name: string): string | undefined {
  const value = fields[name]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string' || Number.isNaN(Date.parse(value))) throw wrong(name, 'must be an ISO 8601 time')
  return value
}

const KINDS = ['image', 'audio', 'video', 'document'] as const

/** Attachments as the socket protocol carries them: `data` is base64. */
export function optionalMedia(fields: Fields, name: string): readonly Attachment[] | undefined {
  const value = fields[name]
  if (value === undefined || value === null) return undefined
  if (!Array.isArray(value)) throw wrong(name, 'must be a list')
  return value.map((item: unknown, index) => {
    const at = `${name}[${index}]`
    if (typeof item !== 'object' || item === null) throw wrong(at, 'must be an object')
    const one = item as Fields
    const data = one['data']
    if (data !== undefined && (typeof data !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(data))) {
      throw wrong(`${at}.data`, 'must be base64')
    }
    const title = one['name']
    if (title !== undefined && typeof title !== 'string') throw wrong(`${at}.name`, 'must be a string')
    if (typeof one['mediaType'] !== 'string') throw wrong(`${at}.mediaType`, 'must be a string')
    if (!KINDS.includes(one['kind'] as Attachment['kind'])) throw wrong(`${at}.kind`, `must be one of ${KINDS.join(', ')}`)
    return {
      kind: one['kind'] as Attachment['kind'],
      mediaType: one['mediaType'],
      ...(title === undefined ? {} : { name: title }),
      ...(data === undefined ? {} : { data, bytes: Math.floor((data.length * 3) / 4) - (/=*$/.exec(data)?.[0].length ?? 0) }),
    }
  })
}
