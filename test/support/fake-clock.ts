// A clock that a test owns: time stands still until `advance`, which runs timers in the order they are due.

import type { Clock } from '../../src/ports.ts'

export interface FakeClock extends Clock {
  /** Moves time on; timers fire in order, each with the time at which it was due, and what they start may settle. */
  advance(ms: number): Promise<void>
  /** Moves time at once without running timers, as when a machine slept; timers then overdue fire on the next advance. */
  jump(ms: number): void
  /** Sets the time of day forward, or back, as a person or a time server does: timers and durations do not notice. */
  set(byMs: number): void
  /** Timers armed. */
  pending(): number
  /** Resolves once a timer is armed that is due in exactly so long: what waits by the clock has begun to wait. */
  armed(ms: number): Promise<void>
}

interface Timer {
  readonly at: number
  readonly order: number
  readonly callback: () => void
}

export function createFakeClock(startMs = Date.UTC(2026, 0, 1)): FakeClock {
  let now = startMs
  /** How far the time of day was set from where it would be. */
  let setBy = 0
  let order = 0
  const timers = new Set<Timer>()

  function earliest(limit: number): Timer | undefined {
    let best: Timer | undefined
    for (const timer of timers) {
      if (timer.at > limit) continue
      if (best === undefined || timer.at < best.at || (timer.at === best.at && timer.order < best.order)) best = timer
    }
    return best
  }

  return {
    now: () => now + setBy,
    elapsed: () => now - startMs,
    after(ms, callback) {
      const timer = { at: now + Math.max(0, ms), order: order++, callback }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    async advance(ms) {
      const end = now + ms
      for (let timer = earliest(end); timer !== undefined; timer = earliest(end)) {
        timers.delete(timer)
        now = Math.max(now, timer.at)
        timer.callback()
        await settle()
      }
      now = end
      await settle()
    },
    jump(ms) {
      now += ms
    },
    set(byMs) {
      setBy += byMs
    },
    pending: () => timers.size,
    async armed(ms) {
      while (![...timers].some((timer) => timer.at === now + ms)) await new Promise((resolve) => setTimeout(resolve, 2))
    },
  }
}

/** Lets promises that are ready run; a few rounds of the event loop are enough for chains without I/O. */
async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve))
}
