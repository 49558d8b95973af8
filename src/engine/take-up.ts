// What an earlier process left in, its sessions queued out: all at once, but for turns that were begun several times and never
// ended. One of them may be what takes the process down: they go one at a time, the least tried first, so that the others get
// through and only that one is begun over and over, and given up.

import type { Clock } from '../ports.ts'
import type { PendingToken, Token } from '../storage/ports.ts'

export interface TakeUp {
  all(pending: readonly PendingToken[]): void
  /** A turn of this session ended. */
  ended(session: string): void
}

const SUSPECT_AFTER = 3
/** A process that has lived so long beside a turn is not taken down by it. */
const PATIENCE_MS = 30_000

export function createTakeUp(clock: Clock, enqueue: (token: Token) => void): TakeUp {
  let suspects: PendingToken[] = []
  let current: string | null = null
  let cancel = (): void => {}

  function next(): void {
    cancel()
    const token = suspects.shift()
    current = token?.session ?? null
    if (token === undefined) return
    cancel = clock.after(PATIENCE_MS, next)
    enqueue(token)
  }

  return {
    all(pending) {
      suspects = pending.filter(({ begun }) => begun >= SUSPECT_AFTER).sort((a, b) => a.begun - b.begun)
      for (const token of pending) if (token.begun < SUSPECT_AFTER) enqueue(token)
      next()
    },
    ended(session) {
      if (session === current) next()
    },
  }
}
