// Discord: a bot of the gateway. Its library loads when the channel is configured.

import type { ChannelDefinition } from '../port.ts'

export const discord: ChannelDefinition = {
  type: 'discord',
  traits: {
    groups: true,
    threads: true,
    roles: true,
    edits: true,
    buttons: true,
    media: true,
    idempotentSend: true,
    maxChars: 2000,
  },
  userIdForm: { pattern: /^\d+$/, example: '80351110224678912' },
  load: async () => (await import('./channel.ts')).createDiscord,
}
