// A Mattermost bot account. Its code loads when the channel is configured.

import type { ChannelDefinition } from '../port.ts'

export const mattermost: ChannelDefinition = {
  type: 'mattermost',
  traits: { groups: true, threads: true, edits: true, buttons: false, media: true, idempotentSend: false, maxChars: 16_000 },
  userIdForm: { pattern: /^[a-z0-9]{26}$/, example: '4xp9fdt77pncbef59f4k1qe83o' },
  load: async () => (await import('./channel.ts')).createMattermost,
}
