// A clock that stands still until it is moved. Moving it runs timers in the order they are due, and lets what they start end.

import type { Clock } from '../ports.ts'

export interface SimulatedClock extends Clock {
  /** Moves time on, timer by timer. */
  advance(ms: number): Promise<void>
}

interface Timer {
  readonly at: number
  readonly order: number
  readonly callback: () => void
}

/** `settle`: waits until what a timer started has ended, or waits for the clock itself. */
export function createSimulatedClock(startMs: number, settle: () => Promise<void>): SimulatedClock {
  let now = startMs
  let order = 0
  const timers = new Set<Timer>()

  function next(limit: number): Timer | undefined {
    let best: Timer | undefined
    for (const timer of timers) {
      if (timer.at > limit) continue
      if (best === undefined || timer.at < best.at || (timer.at === best.at && timer.order < best.order)) best = timer
    }
    return best
  }

  return {
    now: () => now,
    elapsed: () => now - startMs,
    after(ms, callback) {
      const timer = { at: now + Math.max(0, ms), order: order++, callback }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    async advance(ms) {
      const end = now + ms
      for (let timer = next(end); timer !== undefined; timer = next(end)) {
        timers.delete(timer)
        now = Math.max(now, timer.at)
        timer.callback()
        await settle()
      }
      now = end
      await settle()
    },
  }
}

/** The same clock for those who do nothing but wait for it; `waiting` says how many do. */
export function createCountedClock(clock: Clock): Clock & { waiting(): number } {
  let waiting = 0
  return {
    now: () => clock.now(),
    elapsed: () => clock.elapsed(),
    waiting: () => waiting,
    after(ms, callback) {
      waiting++
      let over = false
      const end = (): void => {
        if (!over) waiting--
        over = true
      }
      const cancel = clock.after(ms, () => {
        end()
        callback()
      })
      return () => {
        end()
        cancel()
      }
    },
  }
}
