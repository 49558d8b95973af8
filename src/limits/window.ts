// Times of what was admitted in the last hour, for one key.

export const WINDOW_MS = 3_600_000

export interface Times {
  add(at: number): void
  /** Takes back the latest. */
  drop(): number | undefined
  /** How many lie in the hour before `now`. */
  count(now: number): number
  /** When fewer than `max` will lie in the hour; `now` when that is so already. */
  freeAt(max: number, now: number): number
}

export function createTimes(): Times {
  let times: number[] = []
  let head = 0

  function expire(now: number): void {
    while (head < times.length && (times[head] as number) <= now - WINDOW_MS) head++
    // Let go of what expired once it is the larger part, so that an add stays cheap.
    if (head > 32 && head * 2 > times.length) {
      times = times.slice(head)
      head = 0
    }
  }

  return {
    add(at) {
      // A clock set back must not make the order wrong.
      times.push(Math.max(at, times.at(-1) ?? at))
    },
    drop: () => (times.length > head ? times.pop() : undefined),
    count(now) {
      expire(now)
      return times.length - head
    },
    freeAt(max, now) {
      expire(now)
      if (times.length - head < max) return now
      const frees = times[times.length - max]
      return frees === undefined ? Number.POSITIVE_INFINITY : frees + WINDOW_MS
    },
  }
}
