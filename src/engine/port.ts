// The engine as the gateway, the command line and tests see it.

import type { ApprovalView } from '../agent/events.ts'
import type { ChannelHost, InboundMessage, WebhookRequest, WebhookResponse } from '../channels/port.ts'
import type { Diagnostic } from '../errors.ts'
import type { McpStatus } from '../mcp/port.ts'
import type { Vouched } from '../plan/admission.ts'
import type { FlowMode, Plan } from '../plan/plan.ts'
import type { StopSignal } from '../stop.ts'
import type { SessionInfo, StoredAnswer, TranscriptEntry, UsageTotals } from '../storage/ports.ts'
import type { EventSource } from './hub.ts'
import type { Person, Removal } from './operations/people.ts'
import type { Tidied } from './operations/tidying.ts'

/** Who vouches for the one who calls. */
export interface Caller {
  readonly kind: Vouched
}

export interface Accepted {
  readonly accepted: true
  readonly duplicate: boolean
  readonly agentId: string
  readonly sessionKey: string
  readonly messageId: string
}
/** `reply`: what the sender is told, if anything. */
export interface Refused {
  readonly accepted: false
  readonly reason: string
  readonly code:
    | 'no_user'
    | 'stranger'
    | 'no_route'
    | 'rate_limit'
    | 'backlog'
    | 'stopped'
    | 'not_addressed'
    | 'too_long'
    | 'command'
    | 'unknown_channel'
    | 'unknown_agent'
  readonly reply?: string
  readonly messageId: string
}

/** A line of a conversation that the caller keeps itself. */
export interface CallerMessage {
  /** `system`: what the calling program wants of the agent, beside its SOUL. */
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

export interface ReceiveOptions {
  /** The agent the caller names, in the place of routing (terminal, agents as models); it counts where `admission` says so. */
  readonly agentId?: string
  /** What was said before: the message gets a session of its own that begins with it and is forgotten with the answer. */
  readonly conversation?: readonly CallerMessage[]
}

export interface Status {
  readonly formatVersion: 1
  readonly generation: number
  readonly configHash: string
  readonly fileHash: string
  readonly lastReload: {
    readonly at: string
    readonly ok: boolean
    readonly durationMs: number
    readonly diagnostics: readonly Diagnostic[]
  } | null
  readonly channels: readonly { readonly id: string; readonly type: string; readonly state: string; readonly detail?: string }[]
  readonly heartbeats: readonly { readonly name: string; readonly next: string | null }[]
  readonly queues: { readonly realtime: number; readonly scheduled: number; readonly background: number }
  readonly agents: readonly {
    readonly id: string
    readonly name: string
    readonly model: string
    /** What happens before outside text and private data could leave together. */
    readonly flow: FlowMode
    readonly stopped: boolean
  }[]
  readonly models: readonly {
    readonly id: string
    readonly state: 'ok' | 'cooling'
    readonly until?: string
    readonly detail?: string
  }[]
  /** MCP servers; absent: none is configured. */
  readonly mcp?: readonly McpStatus[]
  readonly stopped: boolean
  readonly startedAt: string
  readonly degraded?: string
  /** What is wrong with the state folder; absent: nothing. */
  readonly storage?: string
  readonly version: string
}

export interface ReloadResult {
  readonly ok: boolean
  readonly generation: number
  readonly configHash: string
  readonly durationMs: number
  readonly diagnostics: readonly Diagnostic[]
  readonly changes: readonly unknown[]
}

export interface Engine {
  readonly plan: Plan
  readonly generation: number
  start(): Promise<void>
  /** Drains at most `drainMs`, then stops; what did not end goes on at the next start. */
  stop(options?: { drainMs?: number }): Promise<void>
  /** Takes a message in. Resolves when it is stored. Chat commands (`/approve`, `/stop` …) come back as `command` with a reply. */
  receive(message: InboundMessage, caller: Caller, options?: ReceiveOptions): Promise<Accepted | Refused>
  /** Whether a message with this id was taken in the last days. */
  isKnown(message: InboundMessage & { readonly messageId: string }): Promise<boolean>
  /** The answer to a message, as soon as there is one. @throws when the signal aborts. */
  waitForAnswer(sessionKey: string, messageId: string, signal?: StopSignal): Promise<StoredAnswer>
  readonly on: EventSource['on']
  status(): Promise<Status>
  reload(): Promise<ReloadResult>
  /** A file was saved: as `reload`, but what opens something waits until the file was still for a second. */
  reloadSaved(): Promise<void>
  reloadHistory(): readonly (ReloadResult & { readonly at: string })[]
  approvals(): Promise<readonly ApprovalView[]>
  /** First answer wins. The text says what came of it. */
  decide(
    id: string,
    decision: 'once' | 'always' | 'deny',
    by: { readonly identity?: string; readonly caller: Caller },
  ): Promise<{ readonly ok: boolean; readonly message: string; readonly missing?: true }>
  sessions(filter?: { agentId?: string }): Promise<readonly SessionInfo[]>
  transcript(sessionKey: string): Promise<readonly TranscriptEntry[]>
  /** Ends the running turn of a session, all it started, and what waits in it. */
  interrupt(sessionKey: string): Promise<boolean>
  resetSession(sessionKey: string): Promise<void>
  /** Removes a session's transcript, unless a turn runs or waits in it. The text says what came of it. */
  removeSession(sessionKey: string): Promise<{ readonly ok: boolean; readonly message: string }>
  /** Removes now what is older than the plan's retention. */
  tidy(): Promise<Tidied>
  runHeartbeat(name: string): Promise<{ readonly ok: boolean; readonly message: string }>
  halt(agentId: string | undefined, by: string): Promise<void>
  resume(agentId: string | undefined, by: string): Promise<void>
  /** Another program wrote into the record of what is stopped: takes it over, ends what it stops, and confirms it there. */
  rereadHalts(): Promise<void>
  /** Paired and linked people. */
  people(): Promise<readonly Person[]>
  /** Ends a pairing and the links by code of an identity, or of all identities under a link name; it holds at once. */
  removePerson(id: string): Promise<Removal>
  usage(since?: string): Promise<readonly UsageTotals[]>
  metrics(): ReadonlyMap<string, number>
  /** Who hands replies to programs connected as channels of type `socket`; rejects with ChannelError while none is. */
  setPusher(push: ChannelHost['push']): void
  /** A file of a reply; null: there is none, or it was forgotten. */
  readFile(id: string): Promise<Buffer | null>
  /** A program has connected as this channel, so that what waits for it is due now; or the last one has gone. */
  setPresence(channelId: string, isThere: boolean): void
  /** A platform's call to /hooks/<channelId>; null: no such channel or it takes none. */
  webhook(channelId: string, request: WebhookRequest): Promise<WebhookResponse | null>
}
