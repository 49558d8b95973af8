// A Microsoft Teams bot. Its code loads when the channel is configured.

import type { ChannelDefinition } from '../port.ts'

export const teams: ChannelDefinition = {
  type: 'teams',
  traits: { groups: true, threads: true, edits: true, buttons: true, media: true, idempotentSend: false, maxChars: 12_000 },
  userIdForm: {
    pattern: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i,
    example: '0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0',
  },
  load: async () => (await import('./channel.ts')).createTeams,
}
