// IRC: a bot on one network. Its library loads when the channel is configured.

import type { ChannelDefinition } from '../port.ts'

export const irc: ChannelDefinition = {
  type: 'irc',
  traits: { groups: true, threads: false, edits: false, buttons: false, media: false, idempotentSend: false, maxChars: 400 },
  userIdForm: { pattern: /^[^\s!*,:]+$/, example: 'ann or ann@example.org' },
  load: async () => (await import('./channel.ts')).createIrc,
}
