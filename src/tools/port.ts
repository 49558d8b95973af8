// The port every tool stands behind: data that anyone may read without loading the tool, and a function loaded on first use.

import type { MediaBlock, TextBlock } from '../models/port.ts'
import type { NetworkGate, PathGate, ShellRunner } from '../permissions/port.ts'
import type { AgentPlan, Plan } from '../plan/plan.ts'
import type { Clock, Logger } from '../ports.ts'

/** What a tool can do to the world; checks and `access` speak of these. */
export interface ToolTraits {
  /** Runs programs. */
  readonly runs?: true
  /** Changes files or memory. */
  readonly writes?: true
  /** Sends something to someone, or reaches the network. */
  readonly sends?: true
  /** Costs money. */
  readonly spends?: true
  /** Mode `ask` asks before it runs (bash does, by its command). */
  readonly asks?: true
  /** Running it twice is the same as once, so a crash in mid-call may repeat it. */
  readonly idempotent?: true
  /** Its result can hold text that others wrote (a page, a file, a program's output): the model gets it marked as data. */
  readonly outside?: true
}

export interface ToolDefinition {
  readonly name: string
  readonly description: string
  /** JSON Schema, draft-07, of the input. */
  readonly inputSchema: Readonly<Record<string, unknown>>
  readonly traits: ToolTraits
  /** Longest run in ms; default 60,000. */
  readonly timeoutMs?: number
  load(): Promise<ToolRun>
}

/** May throw: the turn turns that into an error result. `input` was checked against the schema. */
export type ToolRun = (input: never, context: ToolContext) => Promise<ToolResult>

export interface ToolResult {
  readonly content: string | readonly (TextBlock | MediaBlock)[]
  readonly isError?: boolean
}

/** What a tool may use; it takes nothing else from the world. */
export interface ToolContext {
  readonly plan: Plan
  readonly agent: AgentPlan
  readonly session: SessionRef
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly log: Logger
  readonly paths: PathGate
  readonly network: NetworkGate
  readonly shell: ShellRunner
  readonly memory: MemoryStore
  readonly spawn: Spawn
  /** The same for every attempt at this call. */
  readonly idempotencyKey: string
}

/** The session a turn runs in, and who spoke. */
export interface SessionRef {
  readonly key: string
  readonly channelId?: string
  readonly userId?: string
  readonly groupId?: string
  readonly threadId?: string
}

/** Starts a sub-agent in a session of its own and waits for its answer. */
export type Spawn = (request: {
  agent: string
  prompt: string
  timeoutMs?: number
}) => Promise<{ sessionKey: string; text: string; isError: boolean }>

/** What agents remember: one Markdown file a key, shared by all agents; people may edit the files. */
export interface MemoryStore {
  save(key: string, content: string, by: { agentId: string }): Promise<{ key: string; replaced: boolean }>
  search(query: string, limit?: number): Promise<readonly { key: string; content: string; score: number }[]>
  list(): Promise<readonly { key: string; bytes: number; modified: number }[]>
  read(key: string): Promise<string | null>
  remove(key: string): Promise<boolean>
}
