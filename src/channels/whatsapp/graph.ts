// Calls to the Graph API. Enters: a path and a request. Leaves: its answer, or what its error means for a reply.

import { withCallSignal } from '../call-signal.ts'
import { RefusedError, UnsureError } from '../parts.ts'
import { ChannelError } from '../port.ts'
import type { Standing } from '../standing.ts'

const CALL_MS = 30_000
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

/** @throws ChannelError, its cause with the platform's `status` and `code` */
export type Graph = (path: string, init?: RequestInit, signal?: AbortSignal) => Promise<Record<string, unknown>>

export function createGraph({ root, token, standing }: { root: string; token: string; standing: Standing }): Graph {
  return async (path, init = {}, signal) => {
    let response: Response
    let answer: Record<string, unknown> & GraphError
    try {
      const headers = { authorization: `Bearer ${token}`, ...(init.headers as Record<string, string> | undefined) }
      ;[response, answer] = await withCallSignal(signal, CALL_MS, async (own) => {
        const got = await fetch(`${root}/${path}`, { ...init, headers, signal: own })
        return [got, (await got.json().catch(() => ({}))) as Record<string, unknown> & GraphError]
      })
    } catch (error) {
      const code = (error as { cause?: { code?: string } }).cause?.code
      const words = 'WhatsApp could not be reached.'
      throw code === 'ECONNREFUSED' || code === 'ENOTFOUND'
        ? new ChannelError(words, { retry: true, notSent: true, cause: error })
        : new UnsureError(words, error)
    }
    if (response.ok) {
      standing.taken()
      return answer
    }
    const { message, code } = answer?.error ?? {}
    const words = `WhatsApp refused: ${message ?? response.status}`
    const cause = Object.assign(new Error(words), { code, status: response.status })
    if (response.status === 429 || SLOW_DOWN.has(code ?? 0)) {
      const after = Number(response.headers.get('retry-after'))
      throw new ChannelError('WhatsApp asks to wait.', { retry: true, retryAfterMs: after > 0 ? after * 1000 : 6000, cause })
    }
    if (response.status === 401 || code === TOKEN_ENDED) {
      standing.refused(REFUSED)
      throw new RefusedError('WhatsApp', cause)
    }
    throw new ChannelError(words, { retry: response.status >= 500, cause })
  }
}
