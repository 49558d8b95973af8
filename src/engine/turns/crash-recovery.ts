// Crash recovery: sessions with unfinished work in, their tokens queued out. All are queued at once, except turns that began
// several times and never ended. One of those may crash the process, so they run one at a time, least tried first: the others
// get through, and only the culprit begins again and again until it is given up.

import type { Clock } from '../../ports.ts'
import type { PendingToken, Token } from '../../storage/ports.ts'

export interface CrashRecovery {
  /** Queues every session with unfinished work. */
  resumePending(pending: readonly PendingToken[]): void
  /** A turn of this session ended. */
  turnEnded(session: string): void
}

const SUSPECT_AFTER = 3
/** A process that has lived so long beside a turn is not taken down by it. */
const PATIENCE_MS = 30_000

export function createCrashRecovery(clock: Clock, enqueue: (token: Token) => void): CrashRecovery {
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
    resumePending(pending) {
      suspects = pending.filter(({ begun }) => begun >= SUSPECT_AFTER).sort((a, b) => a.begun - b.begun)
      for (const token of pending) if (token.begun < SUSPECT_AFTER) enqueue(token)
      next()
    },
    turnEnded(session) {
      if (session === current) next()
    },
  }
}
