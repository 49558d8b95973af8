// Text messages by Twilio. Its code loads when the channel is configured.

import type { ChannelDefinition } from '../port.ts'

export const sms: ChannelDefinition = {
  type: 'sms',
  traits: { groups: false, threads: false, edits: false, buttons: false, media: false, idempotentSend: false, maxChars: 1600 },
  userIdForm: { pattern: /^(?:whatsapp:)?\+[1-9]\d{5,14}$/, example: '+4915112345678' },
  load: async () => (await import('./channel.ts')).createSms,
}
