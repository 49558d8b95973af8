// The connection to Discord: discord.js's Client, with caches for the names of servers, channels and roles and for nothing else.
// Messages are read as they come over the wire: only so can a session be resumed by another process, and servers be spoken to that
// send less than Discord does.

import {
  Client,
  type ClientOptions,
  GatewayIntentBits,
  Options,
  type REST,
  type SessionInfo,
  SimpleShardingStrategy,
  type WebSocketOptions,
} from 'discord.js'
import { messageOf } from '../../errors.ts'
import type { Logger } from '../../ports.ts'
import { forClient, guildPackets, type Packet, type ReadyData, readyData } from './packets.ts'
import type { KeptSession } from './session.ts'

const INTENTS = [
  GatewayIntentBits.Guilds,
  GatewayIntentBits.GuildMessages,
  GatewayIntentBits.DirectMessages,
  GatewayIntentBits.MessageContent,
]
/** Closed with this code, the session lives on for a while. */
const RESUMABLE = 4200
const SHARD = 0

const EMPTY = [
  'ApplicationCommandManager',
  'ApplicationEmojiManager',
  'AutoModerationRuleManager',
  'BaseGuildEmojiManager',
  'DMMessageManager',
  'EntitlementManager',
  'GuildBanManager',
  'GuildEmojiManager',
  'GuildForumThreadManager',
  'GuildInviteManager',
  'GuildMemberManager',
  'GuildMessageManager',
  'GuildScheduledEventManager',
  'GuildStickerManager',
  'GuildTextThreadManager',
  'MessageManager',
  'PresenceManager',
  'ReactionManager',
  'ReactionUserManager',
  'StageInstanceManager',
  'ThreadManager',
  'ThreadMemberManager',
  'UserManager',
  'VoiceStateManager',
] as const

type Manager = Parameters<NonNullable<WebSocketOptions['buildStrategy']>>[0]

export interface GatewayListener {
  onPacket(packet: Packet): void
  onClosed(code: number): void
  onError(error: Error): void
}

export interface GatewayWorld {
  readonly rest: REST
  readonly token: string
  readonly log: Logger
  readonly listener: GatewayListener
  /** The session of an earlier process, or of a connection that did not come about. */
  readonly kept: KeptSession | null
}

/** One client, from its first connection to its end. It connects again by itself. */
export class Gateway {
  readonly #world: GatewayWorld
  readonly #client: Client
  #manager: Manager | null = null
  #session: SessionInfo | null
  #ready: ReadyData | null
  #hasLeft = false

  constructor(world: GatewayWorld) {
    this.#world = world
    this.#session = world.kept?.info ?? null
    this.#ready = world.kept?.ready ?? null
    const options: ClientOptions = {
      intents: INTENTS,
      makeCache: Options.cacheWithLimits(Object.fromEntries(EMPTY.map((name) => [name, 0]))),
      ws: { buildStrategy: (manager) => new SimpleShardingStrategy(this.#watched(manager)) },
    }
    this.#client = new Client(options)
    this.#client.rest = world.rest
    this.#client.on('error', (error) => world.log.warn({ error: messageOf(error) }, 'discord client has trouble'))
  }

  /** Resolves when the first connection stands. @throws what kept it from coming about; this client is of no use then */
  async connect(): Promise<void> {
    await this.#client.login(this.#world.token)
  }

  /** As people see it; undefined for what was not heard of. */
  channelName(id: string): string | undefined {
    const channel = this.#client.channels.cache.get(id)
    return channel !== undefined && 'name' in channel ? (channel.name ?? undefined) : undefined
  }

  roleName(guildId: string, id: string): string | undefined {
    return this.#client.guilds.cache.get(guildId)?.roles.cache.get(id)?.name
  }

  /** Closes the connection; what it gives back lets another client go on where this one stopped. */
  async leave(): Promise<KeptSession | null> {
    this.#hasLeft = true
    const kept = this.#kept()
    await this.#manager?.destroy({ code: RESUMABLE, reason: 'Restarting' })
    await this.#client.destroy()
    return kept
  }

  #kept(): KeptSession | null {
    if (this.#session === null || this.#ready === null) return null
    return { info: this.#session, ready: this.#ready, guilds: guildPackets(this.#client.guilds.cache.values()) }
  }

  /** The library's own manager, but for sessions, which are kept here, and events, which are seen here first. */
  #watched(manager: Manager): Manager {
    this.#manager = manager
    const options = {
      ...manager.options,
      // A client that was stopped must not come back by the library's own timers: it waits here for good.
      retrieveSessionInfo: () => (this.#hasLeft ? new Promise<null>(() => undefined) : this.#session),
      updateSessionInfo: (_: number, info: SessionInfo | null) => {
        // The end of this process is not the end of its session.
        if (!this.#hasLeft) this.#session = info
      },
    }
    const emit = (event: string, payload: object): boolean => this.#onEvent(manager, event, payload)
    return Object.create(manager, { options: { value: options }, emit: { value: emit } }) as Manager
  }

  #onEvent(manager: Manager, event: string, payload: object): boolean {
    const { listener } = this.#world
    if (event === 'dispatch') return this.#onPacket(manager, (payload as { readonly data: Packet }).data)
    if (event === 'closed') listener.onClosed((payload as { readonly code: number }).code)
    if (event === 'error') listener.onError((payload as { readonly error: Error }).error)
    if (event !== 'ready') return emitOn(manager, event, payload)
    const ready = readyData((payload as { readonly data: Partial<ReadyData> }).data)
    this.#ready = ready
    return this.#safely('READY', () => emitOn(manager, event, { data: ready, shardId: SHARD }))
  }

  #onPacket(manager: Manager, packet: Packet): boolean {
    // A session of an earlier process is resumed without what a new one begins with.
    if (packet.t === 'RESUMED' && this.#client.user === null) this.#replay(manager)
    const passed = this.#safely(packet.t, () => {
      const known = forClient(packet, this.#ready)
      return known === null || emitOn(manager, 'dispatch', { data: known, shardId: SHARD })
    })
    this.#world.listener.onPacket(packet)
    return passed
  }

  #replay(manager: Manager): void {
    const ready = this.#ready
    if (ready === null) return
    const packets = [
      { op: 0, s: 0, t: 'READY', d: ready },
      ...(this.#world.kept?.guilds ?? []).map((d) => ({ op: 0, s: 0, t: 'GUILD_CREATE', d })),
    ]
    this.#safely('READY', () => emitOn(manager, 'ready', { data: ready, shardId: SHARD }))
    for (const data of packets) this.#safely(data.t, () => emitOn(manager, 'dispatch', { data, shardId: SHARD }))
  }

  /** A packet that the client cannot read costs its names, not the process: the library throws outside of any promise. */
  #safely(event: string, pass: () => boolean): boolean {
    try {
      return pass()
    } catch (error) {
      this.#world.log.warn({ event, error: messageOf(error) }, 'discord event was not understood by the client')
      return false
    }
  }
}

/** The library's events are a closed list of types; these came from it. */
const emitOn = (manager: Manager, event: string, payload: object): boolean =>
  (manager.emit as (name: string, value: object) => boolean).call(manager, event, payload)
