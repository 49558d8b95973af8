// `mcpServers` of a document in, what its servers bring out: their tools as the owner accepted them. No server is started.

import { type Diagnostic, diagnostic } from '../errors.ts'
import { lockPath, readLock } from '../mcp/lock.ts'
import type { McpOffer } from '../plan/plan.ts'
import type { ToolTraits } from '../plan/traits.ts'
import { type ConfigDocument, listAt, mapAt, textAt } from './document.ts'
import { durationMs } from './durations.ts'
import { DEFAULTS } from './generated/defaults.ts'
import { optional } from './optional.ts'

export interface FoundServers {
  readonly offers: ReadonlyMap<string, McpOffer>
  readonly diagnostics: readonly Diagnostic[]
  /** The list of accepted tools, absolute: looked at again when it changes. */
  readonly files: readonly string[]
}

/** Must not throw on a document that does not fit the schema. */
export async function readMcpServers(doc: ConfigDocument, stateDir: string): Promise<FoundServers> {
  const lock = await readLock(stateDir)
  const file = lockPath(stateDir)
  const offers = new Map<string, McpOffer>()
  const servers = mapAt(doc.value, 'mcpServers')
  for (const name of Object.keys(servers)) {
    const server = mapAt(servers[name])
    offers.set(name, {
      name,
      tools: typeof lock === 'string' ? [] : (lock.get(name) ?? []),
      ...optional('traits', server['traits'] === undefined ? undefined : traitsOf(listAt(server['traits']))),
      timeoutMs: timeoutOf(textAt(server, 'timeout')),
    })
  }
  const hint = 'Move the file away, then accept the servers again: claw mcp accept NAME.'
  const diagnostics = typeof lock === 'string' ? [diagnostic('CLAW012', lock, { file }, { hint })] : []
  return { offers, diagnostics, files: [file] }
}

const traitsOf = (names: readonly unknown[]): ToolTraits => Object.fromEntries(names.map((name) => [String(name), true]))

/** What is no duration was told by the schema. */
function timeoutOf(written: string | undefined): number {
  const ms = durationMs(written ?? DEFAULTS.mcpServer.timeout)
  return Number.isFinite(ms) && ms > 0 ? ms : durationMs(DEFAULTS.mcpServer.timeout)
}
