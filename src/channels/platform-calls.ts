// Calls to a platform's API: each under a signal of its own, short rate limits waited out, errors in the outbox's terms, and what
// an answer says of the credentials noted as the channel's health.

import { setMaxListeners } from 'node:events'
import { sleep } from './backoff.ts'
import type { ChannelHealth } from './channel-health.ts'
import { ChannelError, type ChannelHost, RefusedError } from './port.ts'

export interface PlatformCallsOptions {
  readonly host: Pick<ChannelHost, 'clock' | 'log'>
  readonly health: Pick<ChannelHealth, 'isRefused' | 'refused' | 'taken'>
  /** As people call it. */
  readonly platform: string
  /** What an error of the client means for a reply. */
  meaningOf(error: unknown): ChannelError
  /** Words for the channel's state when the credentials are refused. */
  refusal(error: unknown): string
  /** Longest time one call may take; default 30 s. */
  readonly callMs?: number
}

export interface CallOptions {
  /** Where rate limits are a chat's: which chat. */
  readonly chat?: string
  readonly signal?: AbortSignal | undefined
}

/** `Signal`: what the platform's client calls an AbortSignal. */
export interface PlatformCalls<Signal = AbortSignal> {
  /** @throws ChannelError */
  call<T>(make: (signal: Signal) => Promise<T>, options?: CallOptions): Promise<T>
}

/** Longer waits are left to the engine's outbox. */
const WAIT_HERE_MS = 15_000
const MOST_ATTEMPTS = 4

export function createPlatformCalls<Signal = AbortSignal>(options: PlatformCallsOptions): PlatformCalls<Signal> {
  const { host, health, platform, callMs = 30_000 } = options
  const freeAt = new Map<string, number>()

  const waitUntilFree = async (chat: string, signal: AbortSignal | undefined): Promise<void> => {
    const left = (freeAt.get(chat) ?? 0) - host.clock.now()
    if (left > WAIT_HERE_MS) throw new ChannelError(`${platform} asks to wait.`, { retry: true, retryAfterMs: left })
    if (left > 0) await sleep(host.clock, left, signal)
    else freeAt.delete(chat)
    if (signal?.aborted === true) throw new ChannelError('The call was cancelled.', { retry: true })
  }

  const failure = (error: unknown, chat: string): ChannelError => {
    const failed = error instanceof ChannelError ? error : options.meaningOf(error)
    if (failed instanceof RefusedError) health.refused(options.refusal(error))
    if (failed.retryAfterMs !== undefined) {
      freeAt.set(chat, host.clock.now() + failed.retryAfterMs)
      host.log.warn({ chat, waitMs: failed.retryAfterMs }, `${platform} asks to wait`)
    }
    return failed
  }

  return {
    async call<T>(make: (signal: Signal) => Promise<T>, { chat = '', signal }: CallOptions = {}): Promise<T> {
      for (let attempt = 1; ; attempt++) {
        await waitUntilFree(chat, signal)
        try {
          const answer = await withCallSignal<T, Signal>(signal, callMs, make)
          if (health.isRefused) health.taken()
          return answer
        } catch (error) {
          const failed = failure(error, chat)
          const waits = failed.retryAfterMs !== undefined && failed.retryAfterMs <= WAIT_HERE_MS
          if (!waits || attempt >= MOST_ATTEMPTS) throw failed
        }
      }
    },
  }
}

/**
 * One call under a signal of its own, which aborts with `from`, or after `ms`. What outlives a call (a channel's or the outbox's
 * signal) must not be handed to clients: some leave a listener on it for good, and so does AbortSignal.any in Node 20.
 */
export async function withCallSignal<T, Signal = AbortSignal>(
  from: AbortSignal | undefined,
  ms: number,
  call: (signal: Signal) => Promise<T>,
): Promise<T> {
  const own = new AbortController()
  const end = (): void => own.abort(from?.reason)
  if (from?.aborted === true) end()
  else if (from !== undefined) {
    // Many calls at once are no leak.
    setMaxListeners(0, from)
    from.addEventListener('abort', end, { once: true })
  }
  const timer = setTimeout(() => own.abort(new DOMException('The call took too long.', 'TimeoutError')), ms)
  timer.unref()
  try {
    return await call(own.signal as AbortSignal & Signal)
  } finally {
    clearTimeout(timer)
    from?.removeEventListener('abort', end)
  }
}
