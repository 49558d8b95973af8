// Channels that live in the gateway: it takes their messages and shows what goes out.

import type { ChannelDefinition } from './port.ts'

export const resident = (type: string): ChannelDefinition => ({
  type,
  traits: {
    resident: true,
    groups: true,
    threads: true,
    edits: false,
    buttons: true,
    media: true,
    idempotentSend: true,
    maxChars: 1_000_000,
  },
  load: async () => (await import('./resident-channel.ts')).createResident,
})
