// A LINE Official Account. Its code loads when the channel is configured.

import type { ChannelDefinition } from '../port.ts'

export const line: ChannelDefinition = {
  type: 'line',
  traits: { groups: true, threads: false, edits: false, buttons: true, media: false, idempotentSend: true, maxChars: 5000 },
  userIdForm: { pattern: /^U[0-9a-f]{32}$/, example: 'U4af4980629b5a1c2d3e4f5a6b7c8d9e0' },
  load: async () => (await import('./channel.ts')).createLine,
}
