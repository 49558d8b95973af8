// A channel's state where two know of it: its connection, and the calls that send. A refused token seen by a call is a state
// of the channel until a later call is taken; then the connection's own state shows again.

import type { ChannelHost, ChannelState } from './port.ts'

export interface ChannelHealth {
  /** A call was refused, and none was taken since. */
  readonly isRefused: boolean
  /** What the connection says. */
  set(state: ChannelState): void
  /** A call was refused for its credentials. */
  refused(detail: string): void
  /** A call was taken: what was refused before is fixed, or was the platform's own trouble. */
  taken(): void
}

/** `connection`: what shows until `set` says more; a channel that only makes calls is connected when they are taken. */
export function createChannelHealth(
  host: Pick<ChannelHost, 'setState'>,
  connection: ChannelState = { state: 'starting' },
): ChannelHealth {
  const health = {
    isRefused: false,
    set(state: ChannelState): void {
      connection = state
      health.isRefused = false
      host.setState(state)
    },
    refused(detail: string): void {
      health.isRefused = true
      host.setState({ state: 'failed', detail })
    },
    taken(): void {
      if (health.isRefused) health.set(connection)
    },
  }
  return health
}
