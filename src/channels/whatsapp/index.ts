// WhatsApp: a number of the Cloud API. Its library loads when the channel is configured.

import type { ChannelDefinition } from '../port.ts'

export const whatsapp: ChannelDefinition = {
  type: 'whatsapp',
  traits: { groups: false, threads: false, edits: false, buttons: true, media: true, idempotentSend: false, maxChars: 4096 },
  load: async () => (await import('./channel.ts')).createWhatsApp,
}
