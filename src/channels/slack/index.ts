// Slack: an app in socket mode. Its library loads when the channel is configured.

import type { ChannelDefinition } from '../port.ts'

export const slack: ChannelDefinition = {
  type: 'slack',
  traits: { groups: true, threads: true, edits: true, buttons: true, media: true, idempotentSend: false, maxChars: 4000 },
  userIdForm: { pattern: /^[UW][A-Z0-9]+$/, example: 'U024BE7LH' },
  load: async () => (await import('./channel.ts')).createSlack,
}
