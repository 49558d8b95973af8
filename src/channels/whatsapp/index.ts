// WhatsApp: a number of the Cloud API. Its library loads when the channel is configured.

import type { ChannelDefinition } from '../port.ts'

export const whatsapp: ChannelDefinition = {
  type: 'whatsapp',
  traits: { groups: false, threads: false, edits: false, buttons: true, media: true, idempotentSend: false, maxChars: 4096 },
  userIdForm: { pattern: /^(?:\d+|[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128})$/, example: '4915112345678' },
  load: async () => (await import('./channel.ts')).createWhatsApp,
}
