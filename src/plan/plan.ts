// The Plan: a frozen value that says all the engine will do. Made by config/compile.ts; asked by everything else.

import { branded } from '../branded.ts'
import type { Position } from '../errors.ts'
import type { SettingsFragment } from '../schema-node.ts'
import type { MemoryScope } from './memory-access.ts'
import type { ChannelTraits, ProviderTraits, ToolTraits } from './traits.ts'

export type PermissionMode = 'ask' | 'record' | 'ignore'
/** What happens before outside text and private data could leave together. */
export type FlowMode = 'ask' | 'refuse' | 'allow'
export type SessionScope = 'main' | 'per-peer' | 'per-channel-peer'
export type ChatType = 'direct' | 'group'

/** Where an object stands in the user's files. */
export type Place = Pick<Position, 'file' | 'line' | 'column'>

/** `provider` is a key of `Plan.models` (`anthropic` and `openai` always exist). */
export interface ModelRef {
  readonly provider: string
  readonly model: string
}

export interface ProviderSpec {
  readonly id: string
  /** The kind of service, as the registry names it. */
  readonly provider: string
  readonly traits?: ProviderTraits
  readonly defaultModel: string
  readonly baseURL?: string
  readonly apiKey?: Secret
  readonly headers: Readonly<Record<string, Secret>>
  /** Absolute path and text of the script of a scripted model; absent: the built-in one that echoes. */
  readonly script?: { readonly path: string; readonly text: string }
  readonly timeoutMs: number
  readonly maxRetries: number
  readonly prices: Readonly<Record<string, Price>>
  readonly fingerprint: string
  readonly place: Place
}

/** Money per million tokens. */
export interface Rates {
  readonly input: number
  readonly output: number
  readonly cacheRead: number
  readonly cacheWrite: number
}

/** `tiers`: other rates for prompts of more than `above` tokens, the least `above` first. */
export interface Price extends Rates {
  readonly tiers?: readonly (Rates & { readonly above: number })[]
}

/** How hard a model thinks before it answers, the least first. */
export const EFFORTS = ['low', 'medium', 'high', 'xhigh', 'max'] as const
export type Effort = (typeof EFFORTS)[number]

/** A value that never prints: String(), JSON and inspect all give `***`. */
export class Secret {
  readonly #value: string
  constructor(value: string) {
    this.#value = value
  }
  /** The value itself; '' is a secret that is not set. */
  reveal(): string {
    return this.#value
  }
  get isSet(): boolean {
    return this.#value !== ''
  }
  toString(): string {
    return '***'
  }
  toJSON(): string {
    return '***'
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '***'
  }
}
branded(Secret, 'Secret')

export interface Permissions {
  readonly mode: PermissionMode
  /** As written: `tool:NAME`, `command:TEXT`, or a bare text, which is a command. */
  readonly allow: readonly string[]
  readonly deny: readonly string[]
  /** Tools there are that `deny` takes away as a whole, from the agent and from those it starts; absent: none. */
  readonly deniedTools?: readonly string[]
  /** What entries of both that hold braces stand for. */
  readonly expanded?: Readonly<Record<string, readonly string[]>>
  /** Identities (`channelId:userId`), links already resolved. */
  readonly approvers: readonly string[]
  readonly timeoutMs: number
  readonly approvalWaitMs: number
  readonly askInSandbox: 'always' | 'never'
  readonly flow: FlowMode
}

export interface RateLimit {
  readonly maxMessagesPerHour?: number
  readonly maxMessagesPerUser?: number
  readonly maxTokensPerDay?: number
  readonly maxCostPerDay?: number
  readonly maxCostPerMonth?: number
}

export interface WorkspaceRoot {
  /** Absolute. */
  readonly path: string
  readonly access: 'read' | 'write'
}

export interface AgentPlan {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly model: ModelRef
  readonly fallbacks: readonly ModelRef[]
  readonly offline?: ModelRef
  readonly soul: { readonly text: string; readonly path?: string }
  /** Names, globs already resolved against the registry, sorted. */
  readonly tools: readonly string[]
  readonly permissions: Permissions
  readonly sessionScope: SessionScope
  readonly rateLimit: RateLimit
  readonly compaction: {
    readonly contextWindow: number
    readonly threshold: number
    readonly keepRecent: number
    readonly chunkTokens: number
    readonly model?: ModelRef
  }
  readonly reset: { readonly daily?: string; readonly timezone: string; readonly idleMs?: number }
  readonly subagents: readonly string[]
  readonly workspace: readonly WorkspaceRoot[]
  readonly sandbox: 'off' | 'auto' | 'required'
  /** Whose notes its memory tools write to, and whose they read. */
  readonly memory: { readonly write: MemoryScope; readonly read: readonly MemoryScope[] }
  readonly network: readonly string[]
  readonly allowHosts?: readonly string[]
  readonly denyHosts: readonly string[]
  readonly replyPrefix: boolean
  readonly maxTurns: number
  readonly maxTokens: number
  /** Absent: the service's default. */
  readonly effort?: Effort
  /** Whether each message says when, where and by whom it was written. */
  readonly context: 'on' | 'off'
  readonly queue: {
    readonly whenBusy: 'follow-up' | 'collect' | 'interrupt'
    readonly debounceMs: number
    readonly maxBacklog: number
  }
  readonly skills: readonly SkillPlan[]
  readonly fingerprint: string
  readonly place: Place
}

/** A loaded skill. */
export interface SkillPlan {
  readonly name: string
  readonly folder: string
  /** One line, for the prompt. */
  readonly description: string
  /** Read by the `skill` tool, or always in the prompt. */
  readonly text: string
  readonly always: boolean
  /** Tools it brings. */
  readonly tools: readonly string[]
}

/** How the bot behaves in a group. */
export interface GroupSettings {
  readonly respond: 'mention' | 'always' | 'never'
  readonly session: 'per-user' | 'shared'
  /** So many unanswered messages before a mention are shown to the agent with it; absent: none. */
  readonly history?: number
}

export interface ChannelPlan<Settings extends object = Readonly<Record<string, unknown>>> {
  readonly id: string
  readonly type: string
  readonly enabled: boolean
  readonly apiRoot?: string
  /** Identities of those who may write, links resolved, or absent: anyone. */
  readonly allowFrom?: readonly string[]
  readonly strangers: 'ignore' | 'refuse' | 'pair'
  readonly groups: GroupSettings & {
    readonly allow?: readonly string[]
    /** What differs in one group or thread, by its id. Ask `groupSettings`. */
    readonly named?: Readonly<Record<string, Partial<GroupSettings>>>
  }
  readonly streaming: 'edit' | 'final'
  readonly media: { readonly accept?: readonly string[]; readonly maxBytes: number }
  readonly maxMessageChars: number
  /** Keys of this type alone, as its fragment of the schema describes them; secrets are `Secret`, durations milliseconds. */
  readonly settings: Settings
  readonly fingerprint: string
  readonly place: Place
}

/** What a message must be; absent fields ask for nothing. */
export interface RuleConditions {
  readonly channelId?: readonly string[]
  readonly userId?: readonly string[]
  readonly groupId?: readonly string[]
  readonly threadId?: readonly string[]
  /** `group` takes threads of groups too. */
  readonly chat?: 'direct' | 'group' | 'thread'
  readonly mentioned?: boolean
  /** The sender has one of these roles in the group. */
  readonly role?: readonly string[]
  readonly prefix?: string
  readonly pattern?: string
}

export interface RulePlan extends RuleConditions {
  /** Index in the merged list, from 0. */
  readonly index: number
  readonly priority: number
  readonly agentId: string
  /** Messages that meet all of these are left to other rules. */
  readonly not?: RuleConditions
  readonly fingerprint: string
  readonly place: Place
}

export interface HeartbeatPlan {
  readonly name: string
  readonly schedule: string
  readonly timezone: string
  readonly agentId: string
  readonly prompt: string
  /** Whom it works for, a link's name or an identity; absent: the first owner. */
  readonly for?: string
  /** Absent: the agent's. */
  readonly model?: ModelRef
  readonly deliverTo?: DeliveryTarget
  /** `22:00-07:00` in its time zone: it does not run then. */
  readonly quiet?: string
  /** A failed run is tried again so often; absent: never. */
  readonly retry?: number
  readonly catchUp: 'none' | 'last' | 'all'
  readonly silentToken: string
  readonly enabled: boolean
  readonly fingerprint: string
  readonly place: Place
}

/** A place a message can be sent to without having received one from there. */
export interface DeliveryTarget {
  readonly channelId: string
  readonly userId?: string
  readonly groupId?: string
  readonly threadId?: string
}

export interface LinkPlan {
  readonly name: string
  readonly identities: readonly string[]
  readonly place: Place
}

export interface GatewayPlan {
  readonly host: string
  readonly port: number
  readonly token?: Secret
  readonly allowedOrigins: readonly string[]
  readonly allowedHosts: readonly string[]
  /** Addresses and networks whose `x-forwarded-for` is believed. */
  readonly trustedProxies: readonly string[]
  readonly maxBodyBytes: number
  readonly maxConnections: number
  readonly fingerprint: string
}

/** A plugin by what its manifest says; its code is not looked at. */
export interface PluginPlan {
  readonly name: string
  readonly version: string
  /** Absolute. */
  readonly folder: string
  /** The module, absolute. */
  readonly entry: string
  readonly tools: readonly {
    readonly name: string
    readonly description: string
    readonly inputSchema: Readonly<Record<string, unknown>>
    /** Absent: all of them. */
    readonly traits?: ToolTraits
  }[]
  readonly channels: readonly { readonly type: string; readonly settings: SettingsFragment; readonly traits: ChannelTraits }[]
  readonly models: readonly {
    readonly type: string
    readonly defaultModel?: string
    readonly environment?: { readonly key: string; readonly url?: string }
    readonly traits: ProviderTraits
  }[]
  /** Of the bytes of its manifest and its entry. */
  readonly fingerprint: string
  /** Where `plugins` names it. */
  readonly place: Place
}

/** A tool of an MCP server, as the owner accepted it. */
export interface McpTool {
  readonly name: string
  readonly description: string
  readonly inputSchema: Readonly<Record<string, unknown>>
  /** Of the three above. */
  readonly digest: string
}

/** What an MCP server brings into the plan. */
export interface McpOffer {
  /** Its key under `mcpServers`. */
  readonly name: string
  /** Accepted tools, sorted by name. */
  readonly tools: readonly McpTool[]
  /** Absent: outside, private and sends. */
  readonly traits?: ToolTraits
  /** Of one call. */
  readonly timeoutMs: number
}

export interface McpServerPlan extends McpOffer {
  /** A program that speaks on its standard input and output. */
  readonly program?: { readonly command: string; readonly args: readonly string[]; readonly cwd: string }
  /** What the program finds in its environment besides PATH, HOME and LANG. */
  readonly env: Readonly<Record<string, Secret>>
  /** Or a server that speaks HTTP. */
  readonly url?: string
  readonly headers: Readonly<Record<string, Secret>>
  readonly oauth?: { readonly clientId?: string; readonly clientSecret?: Secret; readonly scope?: string }
  /** Of what it is connected by: its tools do not count. */
  readonly connection: string
  readonly fingerprint: string
  readonly place: Place
}

/** How long things are kept, in milliseconds; absent: for ever. */
export interface RetentionPlan {
  /** Conversations of people, by their last line. */
  readonly transcripts?: number
  /** Sessions of sub-agents. */
  readonly spawned?: number
  /** Sessions of heartbeats. */
  readonly cron?: number
  readonly audit?: number
  readonly usage?: number
  /** Run logs of heartbeats, and approvals that were answered. */
  readonly runs: number
}

/** Parts there is one of, in the words of `claw plan`. */
export type PlanPart =
  | 'defaultAgent'
  | 'gateway'
  | 'state'
  | 'retention'
  | 'owners'
  | 'lanes'
  | 'search'
  | 'browser'
  | 'browser'
  | 'transcription'
  | 'plugins'

export interface Plan {
  /** Absolute path of the root file, and of every file read (includes, souls, scripts, .env). */
  readonly file: string
  readonly sources: readonly string[]
  /** The root file and its includes, in order. */
  readonly configFiles: readonly string[]
  /** Souls, scripts and skills, absolute: all else that was read, save secrets. */
  readonly texts: readonly string[]
  /** Patterns of includes, absolute, so that a watcher notices new files. */
  readonly includePatterns: readonly string[]
  /** Of the configuration files' bytes (root and includes, in order), hex. */
  readonly configHash: string
  readonly stateDir: string
  readonly durability: 'process' | 'power'
  readonly retention: RetentionPlan
  readonly gateway: GatewayPlan
  /** In the order in which they are named. */
  readonly plugins: readonly PluginPlan[]
  readonly mcpServers: ReadonlyMap<string, McpServerPlan>
  readonly models: ReadonlyMap<string, ProviderSpec>
  readonly agents: ReadonlyMap<string, AgentPlan>
  readonly owners: readonly string[]
  readonly channels: ReadonlyMap<string, ChannelPlan>
  readonly defaultAgent?: string
  /** In file order. */
  readonly rules: readonly RulePlan[]
  readonly links: readonly LinkPlan[]
  /** identity → link name. */
  readonly linkOf: ReadonlyMap<string, string>
  readonly heartbeats: readonly HeartbeatPlan[]
  readonly lanes: { readonly realtime: number; readonly scheduled: number; readonly background: number }
  readonly search?: { readonly provider: 'searxng' | 'brave'; readonly baseURL?: string; readonly apiKey?: Secret }
  readonly browser?: {
    /** Absent: a Chromium that is installed. */
    readonly executable?: string
    /** A browser that runs already, in place of one that is started. */
    readonly endpoint?: string
    readonly headless: boolean
    /** Globs of hosts its pages may reach; one without a glob may be of this machine. Absent: every public host. */
    readonly allowHosts?: readonly string[]
  }
  readonly transcription?: {
    readonly command?: readonly string[]
    readonly url?: string
    readonly apiKey?: Secret
    readonly model?: string
  }
  /** Where the parts stand that are written at all. */
  readonly places: Readonly<Partial<Record<PlanPart, Place>>>
  /** Tests as the schema shapes them, each with its place; only `claw test` reads them. */
  readonly tests: readonly { readonly spec: unknown; readonly place: Place; readonly path: string }[]
  /** The same of evals; only `claw eval` reads them. `judge`: who judges its rubric. */
  readonly evals: readonly { readonly spec: unknown; readonly place: Place; readonly judge?: ModelRef }[]
  /** Of all the above that the engine acts on. */
  readonly fingerprint: string
}

/** What reaches routing: the text as it stands after the bot's mention was stripped. */
export interface RouteInput {
  readonly channelId: string
  readonly userId: string
  readonly groupId?: string
  readonly threadId?: string
  readonly content: string
  /** In a group: the bot is mentioned. Absent: it counts as mentioned. */
  readonly mentionsBot?: boolean
  /** Of the sender in that group, where the platform has roles. */
  readonly roles?: readonly string[]
}
