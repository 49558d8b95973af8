// Shows the newest of many values at the pace a platform allows: values in between are dropped, the last one is not.

import type { Clock } from '../ports.ts'

export interface Throttle<T> {
  push(value: T): void
  /** Drops what waits and resolves when the call under way has ended. */
  settle(): Promise<void>
}

/** `show` must not throw; it may give a number of milliseconds to wait beyond the interval (retry_after). */
export function createThrottle<T>(options: {
  clock: Clock
  intervalMs: number
  show: (value: T) => Promise<number | undefined>
}): Throttle<T> {
  let waiting: { value: T } | null = null
  let running: Promise<void> | null = null
  let cancel: (() => void) | null = null
  let freeAt = 0
  let closed = false

  const pump = (): void => {
    if (closed || waiting === null || running !== null || cancel !== null) return
    const left = freeAt - options.clock.now()
    if (left > 0) {
      cancel = options.clock.after(left, () => {
        cancel = null
        pump()
      })
      return
    }
    const { value } = waiting
    waiting = null
    running = options.show(value).then((extra) => {
      freeAt = options.clock.now() + Math.max(options.intervalMs, extra ?? 0)
      running = null
      pump()
    })
  }

  return {
    push(value) {
      if (closed) return
      waiting = { value }
      pump()
    },
    async settle() {
      closed = true
      waiting = null
      cancel?.()
      cancel = null
      await running
    },
  }
}
