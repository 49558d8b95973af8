// Signed HTTP in and out. Its library loads when the channel is configured.

import type { ChannelDefinition } from '../port.ts'

export const webhook: ChannelDefinition = {
  type: 'webhook',
  traits: { groups: false, threads: false, edits: false, buttons: false, media: true, idempotentSend: true, maxChars: 1_000_000 },
  load: async () => (await import('./channel.ts')).createWebhook,
}
