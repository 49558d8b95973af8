// A channel that is a program of its own, connected to the gateway's socket: replies wait in the outbox until it is there.

import type { Channel, ChannelHost } from '../port.ts'

export function createSocketChannel(host: ChannelHost): Channel {
  return {
    async start() {
      host.setState({ state: 'waiting' })
    },
    async stop() {
      host.setState({ state: 'stopped' })
    },
    async send(message, context) {
      await host.push(message, context)
      return { messageIds: [context.idempotencyKey] }
    },
  }
}
