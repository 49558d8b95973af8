// What can go wrong with a send, in the terms that the outbox decides by: whether trying again helps, and whether anything arrived.

import { branded } from '../branded.ts'

/** An error that says whether trying again can help. */
export class ChannelError extends Error {
  readonly retry: boolean
  readonly retryAfterMs?: number
  /** Certain that nothing arrived: another attempt is no repeat. */
  readonly notSent: boolean
  constructor(message: string, options: { retry: boolean; retryAfterMs?: number; notSent?: boolean; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'ChannelError'
    this.retry = options.retry
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs
    // Who is told to come back later was not served.
    this.notSent = options.notSent ?? options.retryAfterMs !== undefined
  }
}
branded(ChannelError, 'ChannelError')

/** The request left, its answer never came. */
export class UnsureError extends ChannelError {
  constructor(message: string, cause?: unknown) {
    super(message, { retry: true, ...(cause === undefined ? {} : { cause }) })
    this.name = 'UnsureError'
  }
}

/** The credentials are refused: nothing arrives until a reload sets them right, so the reply waits for that. */
export class RefusedError extends ChannelError {
  constructor(platform: string, cause: unknown) {
    super(`${platform} refused the token.`, { retry: true, notSent: true, cause })
    this.name = 'RefusedError'
  }
}

const NEVER_LEFT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'])

/** A request that got no answer, by the code of the socket's error: some cannot have reached the server. */
export const unreached = (platform: string, code: unknown, cause: unknown): ChannelError => {
  const words = `${platform} could not be reached.`
  return NEVER_LEFT.has(String(code))
    ? new ChannelError(words, { retry: true, notSent: true, cause })
    : new UnsureError(words, cause)
}
