// One connection after another, until the channel stops or one ends for good: the states people see and the waits in between.

import { createBackoff } from './backoff.ts'
import type { ChannelHealth } from './channel-health.ts'
import type { ChannelHost } from './port.ts'

/** What ended a connection, or kept it from coming about. */
export interface ConnectionEnd {
  /** For people, in `claw status`. */
  readonly detail: string
  /** No new attempt can help: wrong credentials, for example. */
  readonly final?: boolean
  /** The platform said how long to stay away. */
  readonly waitMs?: number
}

/** A connection that lasted so long was a good one: the next attempt comes soon. */
const GOOD_MS = 60_000

/**
 * `connect` sets `connected` itself, and resolves when the connection ended; null: nothing is left to do, as with platforms that
 * call in. Must not throw.
 */
export async function keepConnected(
  host: Pick<ChannelHost, 'clock' | 'random'>,
  health: Pick<ChannelHealth, 'set'>,
  signal: AbortSignal,
  connect: () => Promise<ConnectionEnd | null>,
  bounds: { baseMs?: number; maxMs?: number } = {},
): Promise<void> {
  const backoff = createBackoff(host, bounds)
  while (!signal.aborted) {
    const began = host.clock.now()
    const end = await connect()
    if (signal.aborted || end === null) return
    health.set({ state: end.final === true ? 'failed' : 'reconnecting', detail: end.detail })
    if (end.final === true) return
    if (host.clock.now() - began > GOOD_MS) backoff.reset()
    await backoff.wait(signal, end.waitMs)
  }
}
