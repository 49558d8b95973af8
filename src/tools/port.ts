// The port every tool stands behind: what it is called, what it may do to the world, how a call of it is judged and shown, and
// the function that runs it. A tool gets no Plan and no secret but its own settings.

import type { StoredFile } from '../channels/port.ts'
import type { MediaBlock, TextBlock } from '../models/port.ts'
import type { AddedLabels } from '../permissions/flow/labels.ts'
import type { Sending } from '../permissions/flow/sending.ts'
import type { NetworkGate, PathGate, ShellRunner, Verdict } from '../permissions/port.ts'
import type { PermissionMode, SkillPlan } from '../plan/plan.ts'
import type { ToolTraits } from '../plan/traits.ts'
import type { Clock, Logger } from '../ports.ts'
import type { BrowserHost } from './browser/port.ts'

export type { ToolTraits } from '../plan/traits.ts'

/** Top-level keys of the configuration that hold a tool's settings. */
export type SettingsKey = 'search' | 'browser'

/**
 * One tool. `Input` is what `inputSchema` describes; `Settings` is the part of the Plan that `settings` names.
 * A tool of one's own is an entry of the registry: `{ ...builtinRegistry, tools: [...builtinRegistry.tools, mine] }`.
 */
export interface ToolDefinition<Input = never, Settings = never> {
  /** As the model calls it and `tools:` lists it: letters, digits, `_` and `-`, at most 64. */
  readonly name: string
  /** For the model: what it does and when to use it. */
  readonly description: string
  /** JSON Schema, draft-07, of the input: an object. An input that does not fit never reaches `run`. */
  readonly inputSchema: Readonly<Record<string, unknown>>
  /** Absent: it may do anything, so it asks, its results are marked as data, and it is never repeated. */
  readonly traits?: ToolTraits
  /** What it does with the agents' memory; absent where it declares traits: nothing. */
  readonly memory?: readonly ('read' | 'write')[]
  /** Where its settings are. An agent is not offered the tool while they are absent. */
  readonly settings?: SettingsKey
  /** It is offered without settings, too. */
  readonly needsNoSettings?: true
  /** Longest run in ms; default 60,000. */
  readonly timeoutMs?: number
  /** The plugin that brings it. */
  readonly plugin?: string
  /** The MCP server that brings it. */
  readonly mcpServer?: string
  /** Judges one call. Pure. Absent: by traits, grants and mode. What `deny` refuses is refused before. */
  judge?(input: unknown, policy: ToolPolicy): Verdict
  /** The shell command that a call runs: the files it names are held to what was approved. */
  commandOf?(input: unknown): string | undefined
  /** What a call sends, and to whom; null: nothing, or only to receivers the owner configured. Absent: every text of its input. */
  sendingOf?(input: unknown): Sending | null
  /** The call as an approver reads it. Absent: its input as JSON. What could deceive the eye is made visible afterwards. */
  describe?(input: unknown): string
  /** May throw: the model gets an error result with the message. Load heavy libraries in here, on first use. */
  run(input: Input, capabilities: ToolCapabilities<Settings>): Promise<ToolResult>
}

/** What `judge` may ask of the agent's permissions. */
export interface ToolPolicy {
  readonly mode: PermissionMode
  /** The shell checker's verdict on a command. */
  judgeCommand(command: unknown): Verdict
  /** The verdict on a tool without a `judge`. */
  judgeByTraits(): Verdict
}

export interface ToolResult {
  /** For the model. */
  readonly content: string | readonly (TextBlock | MediaBlock)[]
  readonly isError?: boolean
  /** What it brings into the session, where the tool's traits say more than this result does. */
  readonly labels?: AddedLabels
  /** For people: files that go out with the reply of this turn. The model is told of those that cannot. */
  readonly attachments?: readonly (AttachedFile | StoredFile)[]
}

/** A file of the workspace. It is copied when the tool ends, so later changes to it do not reach the reply. */
export interface AttachedFile {
  readonly path: string
  /** As people see it; default: the file's own. */
  readonly name?: string
}

/** What a tool may use; it takes nothing else from the world. */
export interface ToolCapabilities<Settings = never> {
  /** For whom it runs. */
  readonly agent: { readonly id: string; readonly name: string }
  readonly session: SessionRef
  /** Aborts when the turn is stopped or the tool's time is up. */
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly log: Logger
  /** The same for every attempt at this call; pass it on to services that know such keys. */
  readonly idempotencyKey: string
  /** The tool's part of the configuration. */
  readonly settings: Settings
  readonly paths: PathGate
  readonly network: NetworkGate
  readonly shell: ShellRunner
  readonly memory: MemoryStore
  readonly browser: BrowserHost
  /** Of this agent. */
  readonly skills: readonly AgentSkill[]
  /** Whether a file came from outside: it was sent in, or outside text may have been written to it. */
  isOutsideFile(file: { readonly changedMs?: number }): Promise<boolean>
  readonly spawn: Spawn
}

/** A skill as a tool reads it. */
export type AgentSkill = Pick<SkillPlan, 'name' | 'folder' | 'text'>

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
}) => Promise<{ sessionKey: string; text: string; isError: boolean; attachments?: readonly StoredFile[] }>

/** What agents remember, as far as this turn may read and write it: one Markdown file a key; people may edit the files. */
export interface MemoryStore {
  /** To the notes of the scope that the agent writes to. `outside`: the text came from outside. */
  save(
    key: string,
    content: string,
    by: { readonly agentId: string },
    head?: { readonly at?: number; readonly outside?: true },
  ): Promise<{ key: string; replaced: boolean }>
  search(query: string, limit?: number): Promise<readonly MemoryHit[]>
  list(): Promise<readonly { key: string; scope: string; bytes: number; modified: number }[]>
  read(key: string): Promise<{ readonly content: string; readonly outside: boolean } | null>
  /** Takes a note out; what it said is kept as a version. */
  remove(key: string): Promise<boolean>
  /** Takes a note out, and all that is kept of it. */
  forget(key: string): Promise<boolean>
}

export interface MemoryHit {
  readonly key: string
  /** `shared`, `agent:NAME` or `person:NAME`. */
  readonly scope: string
  readonly content: string
  readonly score: number
  /** Below the state folder. */
  readonly file: string
  readonly line: number
  /** Its text came from outside. */
  readonly outside: boolean
}

const EVERY_TRAIT: ToolTraits = {
  runs: true,
  writes: true,
  sends: true,
  spends: true,
  asks: true,
  outside: true,
  private: true,
}

/** A tool's traits; one that declares none may do anything. */
export const traitsOf = ({ traits }: Pick<ToolDefinition, 'traits'>): ToolTraits => traits ?? EVERY_TRAIT

/** Whether its calls are commands of the shell. */
export const runsCommands = (tool: Pick<ToolDefinition, 'commandOf'>): boolean => tool.commandOf !== undefined

/** Whether some call of it may ask. */
export function isGated(tool: Pick<ToolDefinition, 'traits'>): boolean {
  const { asks, runs } = traitsOf(tool)
  return asks === true || runs === true
}
