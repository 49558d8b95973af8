// What a server says its tools are in, those that can be offered out, each with a digest of all that a model would see of it.

import { createHash } from 'node:crypto'
import type { McpTool } from '../plan/plan.ts'

/** A tool as a server lists it; nobody has checked it. */
export type ListedTool = { readonly name?: unknown; readonly description?: unknown; readonly inputSchema?: unknown } | null

/** What is wrong with a tool, in a clause. */
export interface Unusable {
  readonly name: string
  readonly problem: string
}

const MOST_TOOLS = 500
const MOST_NAME = 128
const MOST_DESCRIPTION = 4_000
const MOST_SCHEMA = 32_000

/** The same value always gives the same text: the order of keys does not count. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  const parts = entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`)
  return `{${parts.sort().join(',')}}`
}

/** Of all that a model sees of a tool. */
export function digestOf({ name, description, inputSchema }: Omit<McpTool, 'digest'>): string {
  return createHash('sha256').update(canonicalJson({ name, description, inputSchema })).digest('hex')
}

/** Sorted by name. `compile` throws for what is no JSON Schema. */
export function readTools(
  listed: readonly ListedTool[],
  compile: (schema: object) => unknown,
): { readonly tools: readonly McpTool[]; readonly unusable: readonly Unusable[] } {
  const tools = new Map<string, McpTool>()
  const unusable: Unusable[] = []
  for (const one of listed.slice(0, MOST_TOOLS)) {
    const read = readTool(one, compile)
    if (typeof read === 'string') unusable.push({ name: shownName(one), problem: read })
    else if (tools.has(read.name)) unusable.push({ name: read.name, problem: 'is listed twice' })
    else tools.set(read.name, read)
  }
  for (const one of listed.slice(MOST_TOOLS)) unusable.push({ name: shownName(one), problem: `comes after ${MOST_TOOLS} others` })
  return { tools: [...tools.values()].sort((a, b) => (a.name < b.name ? -1 : 1)), unusable }
}

const shownName = (tool: ListedTool): string =>
  String(tool?.name)
    .slice(0, MOST_NAME)
    .replaceAll(/[\p{C}\p{Z}]+/gu, ' ')

function readTool(listed: ListedTool, compile: (schema: object) => unknown): McpTool | string {
  const { name, description = '', inputSchema } = listed ?? {}
  if (typeof name !== 'string' || name === '' || name.length > MOST_NAME || /[\p{C}\p{Z}*?{}[\]!,]/u.test(name))
    return 'has a name that cannot be used'
  if (typeof description !== 'string' || description.length > MOST_DESCRIPTION)
    return `has a description of more than ${MOST_DESCRIPTION} characters`
  if (typeof inputSchema !== 'object' || inputSchema === null || Array.isArray(inputSchema)) return 'has no input schema'
  // Which draft it is of makes no difference for what is checked, and the checker knows one of them.
  const { $schema: _, ...schema } = inputSchema as Record<string, unknown>
  if (schema['type'] !== 'object') return 'takes something else than an object'
  if (canonicalJson(schema).length > MOST_SCHEMA) return `has a schema of more than ${MOST_SCHEMA} characters`
  try {
    compile(schema)
  } catch {
    return 'has a schema that is no JSON Schema'
  }
  const tool = { name, description, inputSchema: schema }
  return { ...tool, digest: digestOf(tool) }
}
