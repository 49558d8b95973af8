// What the rest of the engine knows of MCP servers: what they offer, how one of their tools is called, and how they are doing.

import type { McpServerPlan } from '../plan/plan.ts'
import type { ToolResult } from '../tools/port.ts'

/** Calls a tool of a server. Rejects with a sentence for the model. */
export type McpCall = (server: string, tool: string, input: unknown, signal: AbortSignal) => Promise<ToolResult>

export type McpState = 'starting' | 'connected' | 'reconnecting' | 'stopped'

export interface McpStatus {
  readonly name: string
  readonly state: McpState
  /** Why it is not connected. */
  readonly detail?: string
  /** Tools it offers that nobody accepted, or that changed since: `new` or `changed`. */
  readonly withheld: readonly { readonly name: string; readonly why: 'new' | 'changed' | 'gone' | 'unusable' }[]
}

/** The servers of a running engine. */
export interface McpServers {
  /** Starts, restarts and stops what differs from what runs; the rest stays connected. */
  apply(servers: ReadonlyMap<string, McpServerPlan>): void
  readonly call: McpCall
  /** Names of tools, as agents have them, that are not offered now: their server has them no more, or in another form. */
  readonly withheld: ReadonlySet<string>
  status(): readonly McpStatus[]
  close(): Promise<void>
}
