// Calls to a platform that speaks JSON over HTTP. Enters: a path and a request. Leaves: its answer, or what its error means for a
// reply; rate limits and refused credentials are dealt with as for every platform.

import type { ChannelHealth } from './channel-health.ts'
import { createPlatformCalls } from './platform-calls.ts'
import { ChannelError, type ChannelHost, RefusedError, unreached } from './port.ts'

/** An answer that is no success. */
export class JsonApiError extends Error {
  readonly status: number
  /** The body, where it was a JSON object. */
  readonly answer: Readonly<Record<string, unknown>>
  readonly retryAfterMs: number | undefined
  constructor(response: Response, answer: Readonly<Record<string, unknown>>, message: string, waitHeader = 'retry-after') {
    super(message)
    this.status = response.status
    this.answer = answer
    const seconds = Number(response.headers.get(waitHeader))
    this.retryAfterMs = seconds > 0 ? seconds * 1000 : undefined
  }
}

export interface JsonRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly json?: unknown
  readonly body?: FormData | Uint8Array<ArrayBuffer>
  readonly headers?: Readonly<Record<string, string>>
  /** The chat that the platform's rate limit is about; default: all. */
  readonly chat?: string
  readonly signal?: AbortSignal | undefined
}

export interface JsonApiOptions {
  readonly host: Pick<ChannelHost, 'clock' | 'log'>
  readonly health: Pick<ChannelHealth, 'isRefused' | 'refused' | 'taken'>
  /** As people call it. */
  readonly platform: string
  /** Without a slash at its end. */
  readonly root: string
  /** Asked before each call. */
  headers(): Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>
  /** For platforms that answer 200 to what they refuse: whether this answer is a refusal. */
  isFailure?(answer: Readonly<Record<string, unknown>>): boolean
  /** What the platform says went wrong, for the log. */
  messageOf(answer: Readonly<Record<string, unknown>>): string | undefined
  /** Header that says how many seconds to wait; default: retry-after. */
  readonly waitHeader?: string
  /** How long it asks to wait, where it says so in the body. */
  waitMsOf?(answer: Readonly<Record<string, unknown>>): number | undefined
  /** Whether a rate limit was met; default: status 429. */
  isLimited?(error: JsonApiError): boolean
  /** Whether the same call can be taken a moment later, as with a token that ended. */
  isPassing?(error: JsonApiError): boolean
  /** Whether the credentials are refused; default: status 401. */
  isRefused?(error: JsonApiError): boolean
  /** Words for the channel's state when they are. */
  readonly refusal: string
  readonly callMs?: number
}

/** How long to wait where a rate limit does not say. */
const DEFAULT_WAIT_MS = 2000

export interface JsonApi {
  /** @throws ChannelError, its cause a JsonApiError where the platform answered */
  call<T = Record<string, unknown>>(path: string, request?: JsonRequest): Promise<T>
}

export function createJsonApi(options: JsonApiOptions): JsonApi {
  const { host, health, platform, root, refusal, callMs } = options
  const isRefused = options.isRefused ?? (({ status }: JsonApiError) => status === 401)

  const meaningOf = (error: unknown): ChannelError => {
    if (!(error instanceof JsonApiError)) return unreached(platform, (error as { cause?: { code?: string } }).cause?.code, error)
    if (error.status === 429 || options.isLimited?.(error) === true) {
      const retryAfterMs = options.waitMsOf?.(error.answer) ?? error.retryAfterMs ?? DEFAULT_WAIT_MS
      return new ChannelError(`${platform} asks to wait.`, { retry: true, retryAfterMs, cause: error })
    }
    if (options.isPassing?.(error) === true)
      return new ChannelError(`${platform} refused: ${error.message}`, { retry: true, notSent: true, cause: error })
    if (isRefused(error)) return new RefusedError(platform, error)
    return new ChannelError(`${platform} refused: ${error.message}`, { retry: error.status >= 500, cause: error })
  }

  const calls = createPlatformCalls({
    host,
    health,
    platform,
    meaningOf,
    refusal: () => refusal,
    ...(callMs === undefined ? {} : { callMs }),
  })

  return {
    call: <T>(path: string, request: JsonRequest = {}) =>
      calls.call<T>(async (signal) => {
        const { json, body, method = json === undefined && body === undefined ? 'GET' : 'POST' } = request
        const type = json === undefined ? {} : { 'content-type': 'application/json' }
        const headers = { ...(await options.headers()), ...type, ...request.headers }
        const sent = json === undefined ? (body ?? null) : JSON.stringify(json)
        const response = await fetch(`${root}${path}`, {
          method,
          headers,
          body: sent,
          signal,
          redirect: 'error',
        })
        const answer = (await response.json().catch(() => ({}))) as T & Record<string, unknown>
        if (!response.ok)
          throw new JsonApiError(
            response,
            answer ?? {},
            options.messageOf(answer ?? {}) ?? String(response.status),
            options.waitHeader,
          )
        return answer
      }, request),
  }
}
