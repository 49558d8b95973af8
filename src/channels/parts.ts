// A reply of several platform messages, sent so that a second attempt goes on where the first one broke off.
// Enters: the idempotency key and the parts. Leaves: platform ids, or the error of the part that failed.

import type { SendContext, SendResult } from './port.ts'
import { ChannelError } from './port.ts'

interface Progress {
  readonly ids: string[]
  /** The part at `ids.length` may have arrived although its answer did not. */
  unsure: boolean
}

export interface PartSender {
  /**
   * `send` gets `unsure` when an earlier attempt at this very part may have arrived; it throws ChannelError, and an
   * `Unsure` one when it cannot tell whether the platform took the part.
   */
  sendAll<P>(
    parts: readonly P[],
    context: SendContext,
    send: (part: P, index: number, unsure: boolean) => Promise<string>,
  ): Promise<SendResult>
}

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

/** What is surely not sent is this part; those before it were. */
function partSent(error: unknown): unknown {
  if (!(error instanceof ChannelError) || !error.notSent) return error
  const { retry, retryAfterMs, message } = error
  return new ChannelError(message, {
    retry,
    notSent: false,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    cause: error,
  })
}

export const REPEAT_NOTE = '(This may be a repeat: the connection broke while it was sent.)'

/** Remembers the newest `keep` unfinished replies. */
export function createPartSender(keep = 1000): PartSender {
  const open = new Map<string, Progress>()
  return {
    async sendAll(parts, context, send) {
      const key = context.idempotencyKey
      const progress = open.get(key) ?? { ids: [], unsure: context.possiblyRepeated }
      open.set(key, progress)
      if (open.size > keep) open.delete(open.keys().next().value as string)
      while (progress.ids.length < parts.length) {
        if (context.signal.aborted) throw new ChannelError('The send was cancelled.', { retry: true })
        const index = progress.ids.length
        try {
          progress.ids.push(await send(parts[index] as (typeof parts)[number], index, progress.unsure))
          progress.unsure = false
        } catch (error) {
          if (error instanceof UnsureError) progress.unsure = true
          if (error instanceof ChannelError && !error.retry) open.delete(key)
          throw index > 0 ? partSent(error) : error
        }
      }
      open.delete(key)
      return { messageIds: progress.ids }
    },
  }
}
