// The channels that ship, one line each. A library loads when its channel is configured.

import type { ChannelDefinition } from './port.ts'

/** Channels that live in the gateway: it takes their messages and shows what goes out. */
const resident = (type: string): ChannelDefinition => ({
  type,
  traits: {
    resident: true,
    groups: true,
    threads: true,
    edits: false,
    buttons: true,
    media: true,
    idempotentSend: true,
    maxChars: 1_000_000,
  },
  load: async () => (await import('./resident.ts')).createResident,
})

export const telegram: ChannelDefinition = {
  type: 'telegram',
  traits: { groups: true, threads: true, edits: true, buttons: true, media: true, idempotentSend: false, maxChars: 4096 },
  load: async () => (await import('./telegram/index.ts')).createTelegram,
}

export const discord: ChannelDefinition = {
  type: 'discord',
  traits: { groups: true, threads: true, edits: true, buttons: true, media: true, idempotentSend: true, maxChars: 2000 },
  load: async () => (await import('./discord/index.ts')).createDiscord,
}

export const slack: ChannelDefinition = {
  type: 'slack',
  traits: { groups: true, threads: true, edits: true, buttons: true, media: true, idempotentSend: false, maxChars: 4000 },
  load: async () => (await import('./slack/index.ts')).createSlack,
}

export const irc: ChannelDefinition = {
  type: 'irc',
  traits: { groups: true, threads: false, edits: false, buttons: false, media: false, idempotentSend: false, maxChars: 400 },
  load: async () => (await import('./irc/index.ts')).createIrc,
}

export const webhook: ChannelDefinition = {
  type: 'webhook',
  traits: { groups: false, threads: false, edits: false, buttons: false, media: true, idempotentSend: true, maxChars: 1_000_000 },
  load: async () => (await import('./webhook/index.ts')).createWebhook,
}

export const whatsapp: ChannelDefinition = {
  type: 'whatsapp',
  traits: { groups: false, threads: false, edits: false, buttons: true, media: true, idempotentSend: false, maxChars: 4096 },
  load: async () => (await import('./whatsapp/index.ts')).createWhatsApp,
}

/** Programs of other processes or languages, connected to the gateway. */
const socket: ChannelDefinition = {
  type: 'socket',
  traits: { groups: true, threads: true, edits: false, buttons: true, media: true, idempotentSend: true, maxChars: 1_000_000 },
  load: async () => (await import('./socket.ts')).createSocketChannel,
}

export const builtinChannels: readonly ChannelDefinition[] = [
  resident('http'),
  resident('webchat'),
  socket,
  telegram,
  discord,
  slack,
  irc,
  webhook,
  whatsapp,
]
