// A Feishu or Lark app with a bot. Its code loads when the channel is configured.

import type { ChannelDefinition } from '../port.ts'

export const feishu: ChannelDefinition = {
  type: 'feishu',
  traits: { groups: true, threads: true, edits: true, buttons: true, media: true, idempotentSend: true, maxChars: 8000 },
  userIdForm: { pattern: /^ou_[\w-]+$/, example: 'ou_7d8a6e6df7621556ce0d21922b676706' },
  load: async () => (await import('./channel.ts')).createFeishu,
}
