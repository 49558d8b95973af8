// Programs of other processes or languages, connected to the gateway. Its library loads when the channel is configured.

import type { ChannelDefinition } from '../port.ts'

export const socket: ChannelDefinition = {
  type: 'socket',
  traits: { groups: true, threads: true, edits: false, buttons: true, media: true, idempotentSend: true, maxChars: 1_000_000 },
  load: async () => (await import('./channel.ts')).createSocketChannel,
}
