// The port every model service stands behind. Messages have the shape of Anthropic's Messages API, which transcripts
// keep too; other services translate.

import { branded } from '../branded.ts'
import type { Effort, ProviderSpec } from '../plan/plan.ts'
import type { ProviderTraits } from '../plan/traits.ts'
import type { Clock, Logger, Random } from '../ports.ts'
import type { StopSignal } from '../stop.ts'

export interface TextBlock {
  readonly type: 'text'
  readonly text: string
}
/**
 * What a model thought. Signed by Anthropic's service, or else with `from`, the service and model that thought it: it goes
 * back to no other. `field` and `fields` are how that service sent it.
 */
export interface ThinkingBlock {
  readonly type: 'thinking' | 'redacted_thinking'
  readonly [key: string]: unknown
}
export interface ToolUseBlock {
  readonly type: 'tool_use'
  readonly id: string
  readonly name: string
  readonly input: unknown
  /** The service and model that made it, where `fields` goes back to. */
  readonly from?: string
  /** What the service sent beside: signatures, its own id. */
  readonly fields?: Readonly<Record<string, unknown>>
}
export interface ToolResultBlock {
  readonly type: 'tool_result'
  readonly tool_use_id: string
  readonly content: string | readonly (TextBlock | MediaBlock)[]
  readonly is_error?: boolean
}
/** An image or a document; `data` is base64. Text documents carry their text in `data` with `type: 'text'`. */
export interface MediaBlock {
  readonly type: 'image' | 'document'
  readonly source: { readonly type: 'base64' | 'text'; readonly media_type: string; readonly data: string }
  readonly title?: string
}
export type ContentBlock = TextBlock | ThinkingBlock | ToolUseBlock | ToolResultBlock | MediaBlock

export interface ModelMessage {
  readonly role: 'user' | 'assistant'
  readonly content: string | readonly ContentBlock[]
}

export interface ToolSpec {
  readonly name: string
  readonly description: string
  /** JSON Schema, draft-07. */
  readonly input_schema: Readonly<Record<string, unknown>>
}

export interface ModelRequest {
  readonly model: string
  /** The stable prefix: must stay identical from turn to turn, so that the service's cache hits. */
  readonly system: string
  readonly tools: readonly ToolSpec[]
  readonly messages: readonly ModelMessage[]
  readonly maxTokens: number
  /** Name of the tool that the answer must call; absent: the model chooses. */
  readonly toolChoice?: string | undefined
  /** Absent: the service's default. */
  readonly effort?: Effort | undefined
  /** Another model is asked if this one wants to be left alone for more than a few seconds. */
  readonly hasOther?: boolean
  readonly signal: StopSignal
}

/** Tokens. `input` excludes what was read from or written to the cache. */
export interface Usage {
  readonly input: number
  readonly output: number
  readonly cacheRead: number
  readonly cacheWrite: number
}

/** Known reasons; services may invent more, which the turn treats as an end. */
export type StopReason = 'end_turn' | 'tool_use' | 'max_tokens' | 'stop_sequence' | 'refusal' | 'pause_turn' | (string & {})

/** Where in a request something is; indexes count from 0, in its messages as they were given. */
export interface RequestPlace {
  readonly message: number
  /** Index in the message's content; absent: somewhere in it. */
  readonly block?: number | undefined
  /** Index in the content of a tool result. */
  readonly inner?: number | undefined
}

/** A part of a request that could not be sent, and was replaced by a note. */
export interface LeftOut {
  readonly place: RequestPlace
  /** As “picture” or “document “report.pdf””. */
  readonly what: string
  readonly why: string
}

/** What a service said of a request that it refused. */
export interface Refusal {
  /** `settings`: another content would not help. */
  readonly about: 'content' | 'settings' | 'unknown'
  readonly places: readonly RequestPlace[]
  /** Names of the tools it refused. */
  readonly tools: readonly string[]
}

export interface ModelResult {
  readonly content: readonly ContentBlock[]
  readonly stopReason: StopReason
  readonly usage: Usage
  /** The model that answered, as the service names it. */
  readonly model: string
  readonly leftOut?: readonly LeftOut[]
}

export type ModelErrorKind =
  | 'credentials' // 401, 403, or none set
  | 'no_model' // 404: the service has no such model (any more)
  | 'no_service' // 404 and the like: no model service is under this address
  | 'rate_limit' // 429
  | 'overloaded' // 529, 503
  | 'server' // other 5xx
  | 'network' // no connection, or the stream was cut
  | 'timeout'
  | 'context' // the request is longer than the window
  | 'invalid' // other 4xx: asking again cannot help
  | 'aborted' // by the caller's signal

/** The one error a model may throw. `message` is fit for a log; it never holds a secret. */
export class ModelError extends Error {
  readonly kind: ModelErrorKind
  readonly status?: number
  readonly retryAfterMs?: number
  /** Kind `context`: the tokens that the service says it takes. */
  readonly window?: number
  /** Kinds `invalid` and `context`: what was refused, where the service says it. */
  refusal?: Refusal | undefined
  /** `provider/model` that failed; set by the code that chose it. */
  model?: string
  /** What to name in place of a model that its service offers no longer, where that is known; set with `model`. */
  replacement?: string | undefined
  constructor(
    kind: ModelErrorKind,
    message: string,
    more: { status?: number; retryAfterMs?: number; window?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.name = 'ModelError'
    this.kind = kind
    if (more.status !== undefined) this.status = more.status
    if (more.retryAfterMs !== undefined) this.retryAfterMs = more.retryAfterMs
    if (more.window !== undefined) this.window = more.window
  }
}
branded(ModelError, 'ModelError')

/** A model as its service lists it; what the service does not say is absent. */
export interface OfferedModel {
  readonly id: string
  readonly contextWindow?: number | undefined
  readonly maxOutput?: number | undefined
  /** `YYYY-MM-DD` */
  readonly ends?: string | undefined
}

/** One service. Retries inside follow the service's own rules; what it throws is final for this provider. */
export interface ModelProvider {
  /** Whether a key is set (or none is needed). */
  hasCredentials(): boolean
  /** @throws ModelError. `onText` gets each piece of text as it arrives; a retry calls `onRestart` first, then starts over. */
  call(request: ModelRequest, onText?: (text: string) => void, onRestart?: () => void): Promise<ModelResult>
  /** What the service offers now. Absent: it has no list. @throws ModelError */
  list?(): Promise<readonly OfferedModel[]>
  /** Loads the client library ahead of the first call. */
  warm?(): Promise<void>
  close(): Promise<void>
}

/** What a provider takes from the engine. */
export interface ProviderWorld {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

/** Makes a provider of what `models` says of it. */
export type ProviderFactory = (spec: ProviderSpec, world: ProviderWorld) => ModelProvider

/** A kind of model service: one entry of the registry. */
export interface ProviderDefinition {
  /** As `provider` names it. */
  readonly type: string
  /** The model that the service's key alone means. Absent: the key is the model's name too. */
  readonly defaultModel?: string
  /** Variables of the environment that may hold its key and its address. */
  readonly environment?: { readonly key: string; readonly url?: string }
  readonly traits?: ProviderTraits
  /** The plugin that brings it. */
  readonly plugin?: string
  /** Loads the client library on first use. */
  load(): Promise<ProviderFactory>
}
