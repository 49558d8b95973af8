// http and webchat: the gateway takes their messages in and reads replies from the engine's events, so there is
// nothing to connect and a reply has arrived as soon as it is said.

import type { Channel, ChannelHost } from './port.ts'

export function createResident(host: ChannelHost): Channel {
  return {
    async start() {
      host.setState({ state: 'connected' })
    },
    async stop() {
      host.setState({ state: 'stopped' })
    },
    async send(_message, context) {
      // The gateway's listeners have it by the `outbound` event; the key stands for the platform's id.
      return { messageIds: [context.idempotencyKey] }
    },
  }
}
