// Calls to the Graph API. Enters: a path and a request. Leaves: its answer, or what its error means for a reply.

import type { ChannelHealth } from '../channel-health.ts'
import { createPlatformCalls } from '../platform-calls.ts'
import { ChannelError, type ChannelHost, RefusedError, unreached } from '../port.ts'

export const REFUSED = 'WhatsApp refused accessToken or phoneNumberId. Check both in the app’s API setup.'

/** Codes of the platform: https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes */
const SLOW_DOWN = new Set([4, 80_007, 130_429, 131_048, 131_056])
/** The token ended or was taken back. */
const TOKEN_ENDED = 190
/** No such object, no such permission. */
const NOT_OURS = new Set([3, 10, 33, 100, 102, 803])

/** Whether the platform knows us not; a server that merely does not know the question is none. */
export const isRefusal = (status: number, code = 0): boolean =>
  status === 401 ||
  status === 403 ||
  code === TOKEN_ENDED ||
  (status < 500 && (NOT_OURS.has(code) || (code >= 200 && code < 300)))

interface GraphError {
  readonly error?: { readonly message?: string; readonly code?: number }
}

/** An answer that is no success. */
export class GraphFault extends Error {
  readonly status: number
  readonly code: number | undefined
  readonly retryAfterMs: number | undefined
  constructor(response: Response, answer: GraphError | null) {
    super(answer?.error?.message ?? String(response.status))
    this.status = response.status
    this.code = answer?.error?.code
    const seconds = Number(response.headers.get('retry-after'))
    this.retryAfterMs = seconds > 0 ? seconds * 1000 : undefined
  }
}

function meaningOf(error: unknown): ChannelError {
  if (!(error instanceof GraphFault)) return unreached('WhatsApp', (error as { cause?: { code?: string } }).cause?.code, error)
  const { status, code = 0 } = error
  if (status === 429 || SLOW_DOWN.has(code))
    return new ChannelError('WhatsApp asks to wait.', { retry: true, retryAfterMs: error.retryAfterMs ?? 6000, cause: error })
  if (status === 401 || code === TOKEN_ENDED) return new RefusedError('WhatsApp', error)
  return new ChannelError(`WhatsApp refused: ${error.message}`, { retry: status >= 500, cause: error })
}

export interface GraphRequest {
  readonly method?: 'POST'
  readonly json?: object
  readonly body?: FormData
}

/** @throws ChannelError, its cause a GraphFault where the platform answered */
export type Graph = (path: string, request?: GraphRequest, signal?: AbortSignal) => Promise<Record<string, unknown>>

export function createGraph(world: {
  readonly host: Pick<ChannelHost, 'clock' | 'log'>
  readonly health: ChannelHealth
  readonly root: string
  readonly token: string
}): Graph {
  const { host, health, root, token } = world
  const { call } = createPlatformCalls({ host, health, platform: 'WhatsApp', meaningOf, refusal: () => REFUSED })
  return (path, { method, json, body } = {}, signal) =>
    call(
      async (own) => {
        const headers = {
          authorization: `Bearer ${token}`,
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        }
        const sent = json === undefined ? (body ?? null) : JSON.stringify(json)
        const response = await fetch(`${root}/${path}`, { method: method ?? 'GET', headers, body: sent, signal: own })
        const answer = (await response.json().catch(() => ({}))) as (Record<string, unknown> & GraphError) | null
        if (!response.ok) throw new GraphFault(response, answer)
        return answer ?? {}
      },
      { signal },
    )
}
