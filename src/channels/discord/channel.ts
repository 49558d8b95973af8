// Discord, on discord.js. Enters: packets of the gateway. Leaves: messages. What was said while the bot was away is read from the
// history of the conversations it knows, and a session that ended a moment ago is resumed.

import { join } from 'node:path'
import { messageOf } from '../../errors.ts'
import { createChannelHealth } from '../channel-health.ts'
import { type ConnectionEnd, keepConnected } from '../connection-loop.ts'
import type { DiscordSettings } from '../generated/settings.ts'
import type { Channel, ChannelHost } from '../port.ts'
import { openPositions, type Positions } from '../positions.ts'
import { Conversations } from './conversations.ts'
import { Gateway } from './gateway.ts'
import type { Self } from './intake.ts'
import { offerCommands, onInteraction } from './interactions.ts'
import type { Packet, ReadyData } from './packets.ts'
import { createRest } from './rest.ts'
import { createSender, TOKEN_REFUSED } from './send.ts'
import { type KeptSession, keepSession, takeSession } from './session.ts'

/** Errors of the gateway that no new attempt can help, in words. */
const FINAL: readonly (readonly [RegExp, string])[] = [
  [/authentication failed|invalid token/i, TOKEN_REFUSED],
  [/disallowed intents/i, 'Discord refused an intent. Switch on "Message Content Intent" in the developer portal under Bot.'],
  [/invalid intents|invalid api version|invalid shard|sharding is required/i, 'Discord refused the connection for good.'],
]

/** What an error means for the channel when it is for good, else null. */
function finalDetail(error: unknown): string | null {
  const words = FINAL.find(([pattern]) => pattern.test(messageOf(error)))?.[1]
  return words ?? ((error as { status?: number }).status === 401 ? TOKEN_REFUSED : null)
}

const LONGEST_GOODBYE_MS = 2000
const atMost = (work: Promise<unknown> | undefined): Promise<unknown> =>
  Promise.race([work, new Promise((resolve) => setTimeout(resolve, LONGEST_GOODBYE_MS).unref())])

export function createDiscord(host: ChannelHost<DiscordSettings>): Channel {
  const { settings } = host.spec
  const token = settings.token.reveal().trim()
  const rest = createRest(host.spec.apiRoot, token, settings.gatewayUrl)
  const health = createChannelHealth(host)
  const stopping = new AbortController()
  let positions: Positions | null = null
  let self: Self | null = null
  let gateway: Gateway | null = null
  let kept: KeptSession | null = null
  let running: Promise<void> | null = null
  /** Whether this run has been told that it is connected; a session of the last run is resumed without a READY. */
  let greeted = false

  const { idle, learn, ...sending } = createSender({
    host,
    rest,
    health,
    lastChannel: (guild) => conversations.lastChannel(guild),
  })
  const conversations = new Conversations({
    host,
    rest,
    signal: stopping.signal,
    names: {
      channel: (id) => gateway?.channelName(id),
      role: (guildId, id) => gateway?.roleName(guildId, id),
    },
    self: () => self,
    positions: () => positions,
    learn,
  })

  const selfOf = ({ user, application }: ReadyData): Self => ({
    id: user.id,
    applicationId: settings.applicationId ?? application.id,
  })

  const connected = (me: Self): void => {
    self = me
    greeted = true
    health.set({ state: 'connected' })
    if (!settings.slashCommands) return
    offerCommands(host, rest, me, stopping.signal).catch((error: unknown) =>
      host.log.warn({ error: messageOf(error) }, 'discord slash commands were not set'),
    )
  }

  const onPacket = (packet: Packet): void => {
    if (stopping.signal.aborted) return
    const logged = (error: unknown): void =>
      host.log.warn({ event: packet.t, error: messageOf(error) }, 'discord event was not understood')
    try {
      if (packet.t === 'READY') {
        connected(selfOf({ ...packet.d, application: packet.d.application ?? packet.d.user, guilds: [] }))
        conversations.askForMissed()
      } else if (packet.t === 'RESUMED' && !greeted && self !== null) connected(self)
      else if (packet.t === 'RESUMED') health.set({ state: 'connected' })
      else if (packet.t === 'MESSAGE_CREATE') conversations.receive(packet.d, packet.d.guild_id).catch(logged)
      else if (packet.t === 'INTERACTION_CREATE')
        onInteraction(host, rest, packet.d, ({ userId, groupId }, channel) => {
          if (groupId === undefined) learn(userId, channel)
          else conversations.heard(groupId, channel)
        }).catch(logged)
    } catch (error) {
      logged(error)
    }
  }

  const fail = (detail: string): void => {
    health.set({ state: 'failed', detail })
    stopping.abort()
  }

  const listener = {
    onPacket,
    onClosed(code: number) {
      if (!stopping.signal.aborted) health.set({ state: 'reconnecting', detail: `Discord closed the connection (${code}).` })
    },
    onError(error: Error) {
      const detail = finalDetail(error)
      if (detail !== null && !stopping.signal.aborted) fail(detail)
      else host.log.warn({ error: messageOf(error) }, 'discord connection has trouble')
    },
  }

  /** From the first connection on the client connects again by itself. */
  const connect = async (): Promise<ConnectionEnd | null> => {
    gateway = new Gateway({ rest, token, log: host.log, listener, kept })
    try {
      await gateway.connect()
      return null
    } catch (error) {
      const detail = finalDetail(error)
      if (detail !== null) return { detail, final: true }
      const { status } = error as { status?: number }
      return { detail: status === undefined ? 'Discord cannot be reached.' : `Discord answers ${status}.` }
    }
  }

  const run = async (): Promise<void> => {
    const folder = await host.stateFolder()
    positions = await openPositions(join(folder, 'discord.json'), host)
    kept = await takeSession(join(folder, 'discord-session.json'), token, Date.now())
    if (kept !== null) {
      self = selfOf(kept.ready)
      // What reached the last run and was not stored by it is not sent again.
      conversations.askForMissed()
    }
    await keepConnected(host, health, stopping.signal, connect)
  }

  const leave = async (): Promise<void> => {
    const session = await gateway?.leave()
    if (session) await keepSession(join(await host.stateFolder(), 'discord-session.json'), token, Date.now(), session)
  }

  return {
    async start() {
      health.set({ state: 'starting' })
      if (token === '') {
        health.set({ state: 'failed', detail: 'No token is set.' })
        return
      }
      running = run().catch((error: unknown) => health.set({ state: 'failed', detail: messageOf(error) }))
    },
    async stop() {
      stopping.abort()
      await atMost(leave().catch(() => undefined))
      await atMost(running ?? undefined)
      await conversations.idle()
      await idle()
      await positions?.flush()
      health.set({ state: 'stopped' })
    },
    ...sending,
  }
}
