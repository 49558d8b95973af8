// `<stateDir>/mcp.lock`: the tools of each MCP server as the owner accepted them. Agents have these and no others.

import { join } from 'node:path'
import { readOrdinaryFile } from '../ordinary-file.ts'
import type { McpTool } from '../plan/plan.ts'
import { digestOf } from './tool-list.ts'

/** By the server's name in the file; a server nobody accepted yet is absent. */
export type McpLock = ReadonlyMap<string, readonly McpTool[]>

export const lockPath = (stateDir: string): string => join(stateDir, 'mcp.lock')

const VERSION = 1

/** A text: why the file cannot be read, as a sentence. A file that is not there holds nothing. */
export async function readLock(stateDir: string): Promise<McpLock | string> {
  const path = lockPath(stateDir)
  let data: unknown
  try {
    data = JSON.parse((await readOrdinaryFile(path)).toString('utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map()
    return `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`
  }
  const servers = isMap(data) && data['version'] === VERSION ? data['servers'] : undefined
  if (!isMap(servers)) return `${path} is not what \`claw mcp accept\` writes.`
  const lock = new Map<string, readonly McpTool[]>()
  for (const [name, server] of Object.entries(servers)) {
    const tools = isMap(server) && Array.isArray(server['tools']) ? server['tools'] : []
    if (!tools.every(isAccepted)) return `${path} holds tools of ${name} that are not as they were accepted.`
    lock.set(name, tools)
  }
  return lock
}

/** Replaces what was accepted of one server. */
export async function acceptTools(stateDir: string, server: string, tools: readonly McpTool[]): Promise<void> {
  const [{ default: writeFileAtomic }, { mkdir }, known] = await Promise.all([
    import('write-file-atomic'),
    import('node:fs/promises'),
    readLock(stateDir),
  ])
  if (typeof known === 'string') throw new Error(known)
  const servers = Object.fromEntries([...known, [server, tools] as const].map(([name, list]) => [name, { tools: list }]))
  await mkdir(stateDir, { recursive: true, mode: 0o700 })
  await writeFileAtomic(lockPath(stateDir), `${JSON.stringify({ version: VERSION, servers }, null, 2)}\n`, { mode: 0o600 })
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function isAccepted(value: unknown): value is McpTool {
  if (!isMap(value) || !isMap(value['inputSchema'])) return false
  const { name, description, inputSchema, digest } = value
  if (typeof name !== 'string' || typeof description !== 'string') return false
  return digest === digestOf({ name, description, inputSchema })
}

export interface ToolChange {
  readonly name: string
  readonly change: 'new' | 'changed' | 'gone'
}

/** How what a server offers differs from what was accepted. */
export function changesSince(accepted: readonly McpTool[], offered: readonly McpTool[]): readonly ToolChange[] {
  const before = new Map(accepted.map((tool) => [tool.name, tool.digest]))
  const now = new Set(offered.map(({ name }) => name))
  return [
    ...offered.flatMap(({ name, digest }): ToolChange[] => {
      const was = before.get(name)
      if (was === undefined) return [{ name, change: 'new' }]
      return was === digest ? [] : [{ name, change: 'changed' }]
    }),
    ...accepted.filter(({ name }) => !now.has(name)).map(({ name }): ToolChange => ({ name, change: 'gone' })),
  ]
}
