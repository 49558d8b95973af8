// Crash recovery: sessions with unfinished work in, their tokens queued out. All are queued at once, except turns that began
// several times and never ended. One of those may crash the process, so they run one at a time, least tried first: the others
// get through, and only the culprit begins again and again until it is given up.

import type { Clock } from '../../ports.ts'
import type { PendingToken, Token } from '../../storage/ports.ts'

type RunTurn = (token: Token) => Promise<'done' | 'noop'>

export interface CrashRecovery {
  /** How turns run: a suspect that ended makes way for the next. */
  watch(run: RunTurn): RunTurn
  /** Queues every session with unfinished work. */
  resumePending(): void
  /** A turn of this session ended. */
  turnEnded(session: string): void
}

const SUSPECT_AFTER = 3
/** A process that has lived so long beside a turn is not taken down by it. */
const PATIENCE_MS = 30_000

export function createCrashRecovery(
  clock: Clock,
  pending: readonly PendingToken[],
  enqueue: (token: Token) => void,
): CrashRecovery {
  const suspects = pending.filter(({ begun }) => begun >= SUSPECT_AFTER).sort((a, b) => a.begun - b.begun)
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

  function turnEnded(session: string): void {
    if (session === current) next()
  }

  return {
    watch(run) {
      if (suspects.length === 0) return run
      return async (token) => {
        const outcome = await run(token)
        turnEnded(token.session)
        return outcome
      }
    },
    resumePending() {
      for (const token of pending) if (token.begun < SUSPECT_AFTER) enqueue(token)
      next()
    },
    turnEnded,
  }
}
