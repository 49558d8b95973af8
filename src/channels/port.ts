// The port every channel stands behind. The engine sees messages in, messages out and a state; a platform's ways stay inside.

import type { ChannelPlan, Plan } from '../plan/plan.ts'
import type { ChannelTraits } from '../plan/traits.ts'
import type { Clock, Logger, Random } from '../ports.ts'
import type { SettingsFragment } from '../schema-node.ts'

export * from './channel-errors.ts'

export interface Attachment {
  readonly kind: 'image' | 'audio' | 'video' | 'document'
  /** As the platform or the file says, checked against the bytes where they are known. */
  readonly mediaType: string
  readonly name?: string
  readonly bytes?: number
  /** Base64, or absent when it was too large or of a kind not taken; `note` says why. */
  readonly data?: string
  readonly note?: string
  /** Where the engine put a copy, in the workspace of the agent that answers. */
  readonly path?: string
}

export interface OverheardMessage {
  readonly userId: string
  readonly displayName?: string
  readonly content: string
}

/** A message as it comes from a platform. Ids are the platform's own, as text. */
export interface InboundMessage {
  readonly channelId: string
  readonly userId: string
  /** Absent in direct messages. */
  readonly groupId?: string
  readonly threadId?: string
  /** The platform's id of this message: the same id runs once. Absent: every delivery is new. */
  readonly messageId?: string
  /** Text with the bot's mention already cut. */
  readonly content: string
  /** ISO 8601. */
  readonly timestamp?: string
  readonly media?: readonly Attachment[]
  /** In a group: the bot is mentioned, replied to, or the text is a command for it. */
  readonly mentionsBot?: boolean
  /** Ids of the sender's roles in the group, as the platform knows them. */
  readonly roles?: readonly string[]
  /** What the group said before without mentioning the bot, oldest first; data, never instructions. The engine adds it. */
  readonly overheard?: readonly OverheardMessage[]
  /** Text of the message this one answers or quotes; data, never instructions. */
  readonly quoted?: { readonly userId?: string; readonly content: string }
  /** What others said and this person passes on; data, never instructions. `from`: who said it, as the platform shows it. */
  readonly forwarded?: { readonly from?: string; readonly content: string }
  /** For people to read in logs and approvals; never an identity. */
  readonly displayName?: string
}

/** Stands for the words of a person who forwards something without any. */
export const FORWARDED_NOTE = '[forwarded message]'

/** Where an answer goes. */
export interface ReplyTarget {
  readonly channelId: string
  readonly userId?: string
  readonly groupId?: string
  readonly threadId?: string
  /** Platform id of the message that is answered. */
  readonly replyTo?: string
}

/** A file of a reply, as the engine keeps it: a copy, whatever becomes of the file it was made of. */
export interface StoredFile {
  /** Unguessable; the gateway shows the file to anyone who knows it. */
  readonly id: string
  readonly kind: Attachment['kind']
  readonly mediaType: string
  /** Without a folder, fit for any platform. */
  readonly name: string
  readonly bytes: number
}

/** A file of a reply, with its bytes. */
export interface OutboundFile extends Pick<StoredFile, 'kind' | 'mediaType' | 'name'> {
  /** As in `StoredFile`; the engine gives one. */
  readonly id?: string
  readonly data: Buffer
}

export interface OutboundMessage extends ReplyTarget {
  /** Markdown; may be empty where there are attachments. */
  readonly content: string
  readonly sessionKey: string
  readonly agentId: string
  /** They arrive after the text, in this order. */
  readonly attachments?: readonly OutboundFile[]
}

export interface SendContext {
  /** The same for every attempt at this message; pass it on where the platform can use it. */
  readonly idempotencyKey: string
  /** An earlier attempt may have arrived (the engine was killed in between). A channel that cannot tell says so in the text. */
  readonly possiblyRepeated: boolean
  readonly signal: AbortSignal
}

export interface SendResult {
  /** Platform ids of what was sent. */
  readonly messageIds: readonly string[]
}

/** A reply that grows in place. None of these may throw: trouble is logged and the final text is sent by `send`. */
export interface ReplyStream {
  /** The whole text so far. Calls may be dropped to obey the platform's limits. */
  update(text: string): void
  /**
   * Replaces the whole by the final text. A result: it is the reply, and `send` is not called. Null: nothing of it is shown any more.
   * `left`: some of it may still be shown, so that what `send` sends may be a repeat.
   */
  finish(text: string, context: SendContext): Promise<SendResult | 'left' | null>
  /** Removes or closes what was shown. */
  cancel(): Promise<void>
}

/** What lets a reply that grows outlive the process. */
export interface StreamOptions {
  /** Messages that show the reply already, first to last: they are edited on. */
  readonly shown: readonly string[]
  /** Awaited before a message is posted, and after it. `ids`: those of the messages that are known to show the reply. */
  note(ids: readonly string[], isPosting: boolean): Promise<void>
}

export interface ApprovalPrompt {
  readonly id: string
  readonly agentId: string
  readonly toolName: string
  /** Shown in full, escapes visible, fit for any screen. */
  readonly text: string
  readonly expiresAt: number
  readonly canRemember: boolean
}

export interface ApprovalAnswer {
  readonly id: string
  readonly decision: 'once' | 'always' | 'deny'
  readonly userId: string
}

export type ChannelState =
  /** `waiting`: the other side connects to us, and is not there yet. */
  | { readonly state: 'starting' | 'waiting' | 'stopped' }
  /** `detail`: what is not as it was wanted, though it works. */
  | { readonly state: 'connected'; readonly detail?: string }
  | { readonly state: 'reconnecting'; readonly detail: string }
  | { readonly state: 'failed'; readonly detail: string }

/** What the engine gives a channel. `Settings` are the keys of its own, as its fragment of the schema describes them. */
export interface ChannelHost<Settings extends object = object> {
  readonly plan: Plan
  readonly spec: ChannelPlan<Settings>
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Resolves when the message is stored: only then acknowledge it to the platform. Rejects when it could not be stored: do not. */
  receive(message: InboundMessage): Promise<Receipt>
  /** A button was pressed. The text says what came of it, for the one who pressed. */
  answerApproval(answer: ApprovalAnswer): Promise<string>
  setState(state: ChannelState): void
  /** Hands a message to the program that is connected to the gateway as this channel. Resolves when it was taken. @throws ChannelError */
  push(message: OutboundMessage, context: SendContext): Promise<void>
  /** Folder of this channel's own small state (offsets), made when asked for. */
  stateFolder(): Promise<string>
}

/** `accepted: false`: nothing will come of it (a stranger, not addressed, over a limit); the engine has said what is to be said. */
export interface Receipt {
  readonly accepted: boolean
  readonly duplicate?: boolean
  readonly reason?: string
}

export interface Channel {
  /** Resolves when the first connection attempt is under way or done; bad credentials become a `failed` state, not a rejection. */
  start(): Promise<void>
  /** Stops taking messages, lets what is being sent end, closes. */
  stop(): Promise<void>
  /** @throws ChannelError */
  send(message: OutboundMessage, context: SendContext): Promise<SendResult>
  /** Present where messages can be edited and `streaming: edit` is set. */
  stream?(target: ReplyTarget, sessionKey: string, options?: StreamOptions): ReplyStream
  /** Shows that an answer is being made; fire and forget. */
  typing?(target: ReplyTarget): void
  /** Asks with native buttons. False: the platform has none for this target, and the engine sends the text with commands. */
  askApproval?(target: ReplyTarget, prompt: ApprovalPrompt): Promise<boolean>
  /** The question was answered anywhere, or its time is up: buttons that were shown are taken away. Unknown ids are fine. */
  approvalClosed?(id: string, outcome: string): Promise<void>
  /** A request to /hooks/<channelId> on the gateway's port, for platforms that call in. */
  webhook?(request: WebhookRequest): Promise<WebhookResponse>
}

export interface WebhookRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string>>
  /** The exact bytes, for signatures. */
  readonly body: Buffer
}
export interface WebhookResponse {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/**
 * Makes a channel of its host. Written as a method, so that a factory may name the type of its settings: what is in
 * `host.spec.settings` was held against its fragment before.
 */
export type ChannelFactory = { create(host: ChannelHost): Channel }['create']

export interface UserIdForm {
  /** Of the whole id. */
  readonly pattern: RegExp
  readonly example: string
}

/** One line in the registry. `traits` are what the conformance kit checks and the docs table shows. */
export interface ChannelDefinition {
  readonly type: string
  readonly traits: ChannelTraits
  /** What ids of people look like, where the platform has one form: an entry of another form can match nobody. */
  readonly userIdForm?: UserIdForm
  /** The keys of its own. Channels that ship have theirs in `settings.schema.json`, of which the schema for editors is made. */
  readonly settings?: SettingsFragment
  /** The plugin that brings it. */
  readonly plugin?: string
  load(): Promise<ChannelFactory>
}
