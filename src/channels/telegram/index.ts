// Telegram: a bot of the Bot API. Its library loads when the channel is configured.

import type { ChannelDefinition } from '../port.ts'

export const telegram: ChannelDefinition = {
  type: 'telegram',
  traits: { groups: true, threads: true, edits: true, buttons: true, media: true, idempotentSend: false, maxChars: 4096 },
  userIdForm: { pattern: /^\d+$/, example: '123456789' },
  load: async () => (await import('./channel.ts')).createTelegram,
}
