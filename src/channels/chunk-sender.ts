// A reply of several platform messages, sent so that a second attempt resumes where the first one broke off.
// Enters: the idempotency key and the pieces. Leaves: platform ids, or the error of the piece that failed.

import { ChannelError, type SendContext, type SendResult, UnsureError } from './port.ts'

interface Progress {
  readonly ids: string[]
  /** The piece at `ids.length` may have arrived although its answer did not. */
  unsure: boolean
}

export interface ChunkSender {
  /**
   * `send` gets `unsure` when an earlier attempt at this very piece may have arrived; it throws ChannelError, and an
   * UnsureError when it cannot tell whether the platform took the piece.
   */
  sendAll<P>(
    pieces: readonly P[],
    context: SendContext,
    send: (piece: P, index: number, unsure: boolean) => Promise<string>,
  ): Promise<SendResult>
}

/** What is surely not sent is this piece; those before it were. */
function othersSent(error: unknown): unknown {
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
export function createChunkSender(keep = 1000): ChunkSender {
  const open = new Map<string, Progress>()
  return {
    async sendAll(pieces, context, send) {
      const key = context.idempotencyKey
      const progress = open.get(key) ?? { ids: [], unsure: context.possiblyRepeated }
      open.set(key, progress)
      if (open.size > keep) open.delete(open.keys().next().value as string)
      while (progress.ids.length < pieces.length) {
        if (context.signal.aborted) throw new ChannelError('The send was cancelled.', { retry: true })
        const index = progress.ids.length
        try {
          progress.ids.push(await send(pieces[index] as (typeof pieces)[number], index, progress.unsure))
          progress.unsure = false
        } catch (error) {
          if (error instanceof UnsureError) progress.unsure = true
          if (error instanceof ChannelError && !error.retry) open.delete(key)
          throw index > 0 ? othersSent(error) : error
        }
      }
      open.delete(key)
      return { messageIds: progress.ids }
    },
  }
}
