// What clients have not read yet, of all connections together. One client that reads slowly is bounded where it is written to; here
// many of them are: past the bound, the ones with the most unread bytes are cut off.

import type { Logger } from '../ports.ts'

export interface OutputBuffer {
  readonly address: string
  /** Bytes written and not taken by the operating system. */
  unread(): number
  cutOff(): void
}

export interface OutputBuffers {
  /** Counts a connection while it is open; returns what ends that. */
  track(buffer: OutputBuffer): () => void
  /** After a write that left bytes unread. */
  check(): void
}

/** Of all clients together, in bytes. */
const MAX_UNREAD = 64 * 1024 * 1024
/** Under this a client is not slow, and is never cut off for the others. */
const NOT_SLOW = 256 * 1024

export function createOutputBuffers(log: Logger, maxUnread: number = MAX_UNREAD): OutputBuffers {
  const open = new Set<OutputBuffer>()
  return {
    track(buffer) {
      open.add(buffer)
      return () => void open.delete(buffer)
    },
    check() {
      let total = 0
      for (const buffer of open) total += buffer.unread()
      if (total <= maxUnread) return
      const slowest = [...open].sort((a, b) => b.unread() - a.unread())
      for (const buffer of slowest) {
        const unread = buffer.unread()
        if (total <= maxUnread || unread < NOT_SLOW) return
        log.warn({ address: buffer.address, unread }, 'a client reads too slowly; its connection was closed')
        buffer.cutOff()
        open.delete(buffer)
        total -= unread
      }
    },
  }
}
