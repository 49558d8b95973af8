// Calls whose answer is the response. Any number of calls may wait for one answer, since callers call again when a connection
// breaks, and who calls again after it gets it too.

import type { Clock } from '../../ports.ts'

export interface Waiting {
  /** The answer; null: its time is up, or the channel stops. Settles once. */
  readonly answer: Promise<string | null>
  end(): void
}

export interface Asked {
  /** Whether another call waits for this answer, or it was given. */
  knows(id: string): boolean
  wait(id: string): Waiting
  /** False: nobody waits any more. */
  give(id: string, content: string): boolean
  close(): void
}

export function createAsked(clock: Clock, waitMs: number, keep = 200): Asked {
  const waiting = new Map<string, Set<(answer: string | null) => void>>()
  const given = new Map<string, string>()
  return {
    knows: (id) => waiting.has(id) || given.has(id),
    wait(id) {
      const known = given.get(id)
      if (known !== undefined) return { answer: Promise.resolve(known), end: () => undefined }
      const others = waiting.get(id) ?? new Set()
      waiting.set(id, others)
      let settle: (answer: string | null) => void = () => undefined
      const answer = new Promise<string | null>((resolve) => {
        settle = resolve
      })
      others.add(settle)
      const cancel = clock.after(waitMs, () => settle(null))
      return {
        answer,
        end() {
          cancel()
          others.delete(settle)
          if (others.size === 0 && waiting.get(id) === others) waiting.delete(id)
        },
      }
    },
    give(id, content) {
      const waiters = waiting.get(id)
      if (waiters === undefined) return false
      given.set(id, content)
      if (given.size > keep) given.delete(given.keys().next().value as string)
      for (const settle of waiters) settle(content)
      waiting.delete(id)
      return true
    },
    close() {
      for (const waiters of waiting.values()) for (const settle of waiters) settle(null)
    },
  }
}
