// Waiting between attempts, on the clock that was passed in. Enters: how many attempts failed. Leaves: a jittered wait.

import type { Clock, Random } from '../ports.ts'

/** Waits on the clock; resolves early (never rejects) when the signal aborts. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve()
      return
    }
    const end = (): void => {
      cancel()
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const cancel = clock.after(ms, end)
    signal?.addEventListener('abort', end, { once: true })
  })
}

export interface Backoff {
  /** The wait before the next attempt, in milliseconds; grows with each call. */
  next(): number
  /** Waits that long, or `atLeastMs` when that is longer (a platform's retry_after). */
  wait(signal?: AbortSignal, atLeastMs?: number): Promise<void>
  reset(): void
  readonly attempts: number
}

/** Doubles from `baseMs` to `maxMs`; each wait is drawn from its upper half, so that many clients do not return at once. */
export function createBackoff(
  world: { clock: Clock; random: Random },
  options: { baseMs?: number; maxMs?: number } = {},
): Backoff {
  const { baseMs = 500, maxMs = 60_000 } = options
  let attempts = 0
  const next = (): number => {
    const full = Math.min(maxMs, baseMs * 2 ** Math.min(attempts, 30))
    attempts++
    return full / 2 + world.random.number() * (full / 2)
  }
  return {
    next,
    wait: (signal, atLeastMs = 0) => sleep(world.clock, Math.max(next(), atLeastMs), signal),
    reset: () => {
      attempts = 0
    },
    get attempts() {
      return attempts
    },
  }
}
