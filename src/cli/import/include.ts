// `$include` in OpenClaw's files: one file takes the object's place, several are merged, keys beside it win.

import { dirname, resolve } from 'node:path'
import { messageOf } from '../../errors.ts'
import { readOrdinaryFile } from '../../ordinary-file.ts'

const MAX_DEPTH = 10

type Parse = (text: string) => unknown

/** The value with all includes in place. @throws Error that names the file. */
export async function includeFiles(
  value: unknown,
  file: string,
  parse: Parse,
  trail: readonly string[] = [file],
): Promise<unknown> {
  if (Array.isArray(value)) return Promise.all(value.map((one) => includeFiles(one, file, parse, trail)))
  if (typeof value !== 'object' || value === null) return value
  const { $include: names, ...beside } = value as Record<string, unknown>
  const rest = Object.fromEntries(
    await Promise.all(
      Object.entries(beside).map(async ([key, one]) => [key, await includeFiles(one, file, parse, trail)] as const),
    ),
  )
  if (names === undefined) return rest
  let merged: unknown = {}
  const list = (Array.isArray(names) ? names : [names]).map(String)
  for (const name of list) {
    const path = resolve(dirname(file), name)
    if (trail.includes(path)) throw new Error(`${path} includes itself`)
    if (trail.length >= MAX_DEPTH) throw new Error(`${path} is included too deep`)
    const text = await readOrdinaryFile(path)
      .then(String)
      .catch((error: unknown) => {
        throw new Error(`${path} is included and cannot be read: ${messageOf(error)}`)
      })
    const read = await includeFiles(parse(text), path, parse, [...trail, path])
    merged =
      list.length === 1 ? read : Array.isArray(read) ? [...(Array.isArray(merged) ? merged : []), ...read] : merge(merged, read)
  }
  return Object.keys(rest).length === 0 ? merged : merge(merged, rest)
}

function merge(under: unknown, over: unknown): unknown {
  const plain = (one: unknown): one is Record<string, unknown> => typeof one === 'object' && one !== null && !Array.isArray(one)
  if (!plain(under) || !plain(over)) return over
  const result: Record<string, unknown> = { ...under }
  for (const [key, value] of Object.entries(over)) result[key] = Object.hasOwn(under, key) ? merge(under[key], value) : value
  return result
}
