// What comes over Discord's socket, and how much of it the client gets: names of servers, channels, threads and roles. The rest of
// a server's description would fill memory that nothing reads.

import type { GatewayDispatchPayload, Guild } from 'discord.js'

export type Packet = GatewayDispatchPayload

export interface ReadyData {
  readonly user: { readonly id: string; readonly username?: string }
  readonly application: { readonly id: string }
  readonly guilds: readonly { readonly id: string; readonly unavailable: true }[]
}

interface Named {
  readonly id: string
  readonly name?: string | null
}

interface SlimChannel extends Named {
  readonly type?: number
  readonly parent_id?: string | null
  readonly guild_id?: string
}

/** A server as the client gets it. */
export interface GuildPacket extends Named {
  readonly unavailable: false
  readonly roles: readonly Named[]
  readonly channels: readonly SlimChannel[]
  readonly threads: readonly SlimChannel[]
}

/** Events that say how things are called; all others are read from the packet alone. */
const NAMES = new Set([
  'GUILD_UPDATE',
  'GUILD_DELETE',
  'GUILD_ROLE_CREATE',
  'GUILD_ROLE_UPDATE',
  'GUILD_ROLE_DELETE',
  'CHANNEL_CREATE',
  'CHANNEL_UPDATE',
  'CHANNEL_DELETE',
  'THREAD_CREATE',
  'THREAD_UPDATE',
  'THREAD_DELETE',
])

/** What a session begins with; what a server that imitates Discord leaves out is filled in. */
export function readyData({ user, application, guilds }: Partial<ReadyData>): ReadyData {
  const me = user ?? { id: '' }
  return {
    user: me,
    application: application ?? { id: me.id },
    guilds: (guilds ?? []).map(({ id }) => ({ id, unavailable: true })),
  }
}

/** The packet as the client gets it; null: it has no use for it. */
export function forClient(packet: Packet, ready: ReadyData | null): object | null {
  const { op, s, t } = packet
  const data: unknown = packet.d
  if (t === 'READY') return { op, s, t, d: ready }
  if (t === 'GUILD_CREATE') return { op, s, t, d: guildPacket(data as GuildPacket) }
  if (!NAMES.has(t)) return null
  return t.startsWith('CHANNEL_') || t.startsWith('THREAD_') ? { op, s, t, d: slimChannel(data as SlimChannel) } : packet
}

function guildPacket({ id, name, roles = [], channels = [], threads = [] }: GuildPacket): GuildPacket {
  return {
    id,
    name: name ?? '',
    unavailable: false,
    roles: roles.map((role) => ({ id: role.id, name: role.name ?? '' })),
    channels: channels.map(slimChannel),
    threads: threads.map(slimChannel),
  }
}

const slimChannel = ({ id, name, type, parent_id, guild_id }: SlimChannel): SlimChannel => ({
  id,
  name: name ?? '',
  type: type ?? 0,
  parent_id: parent_id ?? null,
  ...(guild_id === undefined ? {} : { guild_id }),
})

/** What the client knows, as it would be told again. */
export const guildPackets = (guilds: Iterable<Guild>): GuildPacket[] =>
  [...guilds].map((guild) => {
    const channels = [...guild.channels.cache.values()].map((channel) => ({
      slim: { id: channel.id, name: channel.name, type: channel.type, parent_id: channel.parentId },
      isThread: channel.isThread(),
    }))
    return {
      id: guild.id,
      name: guild.name,
      unavailable: false,
      roles: [...guild.roles.cache.values()].map(({ id, name }) => ({ id, name })),
      channels: channels.filter(({ isThread }) => !isThread).map(({ slim }) => slim),
      threads: channels.filter(({ isThread }) => isThread).map(({ slim }) => slim),
    }
  })
