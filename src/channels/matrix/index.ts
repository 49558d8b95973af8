// A user of a Matrix homeserver. Its code loads when the channel is configured.

import type { ChannelDefinition } from '../port.ts'

export const matrix: ChannelDefinition = {
  type: 'matrix',
  traits: { groups: true, threads: true, edits: true, buttons: false, media: true, idempotentSend: true, maxChars: 8000 },
  userIdForm: { pattern: /^@[^:\s]+:\S+$/, example: '@ann:example.org' },
  load: async () => (await import('./channel.ts')).createMatrix,
}
