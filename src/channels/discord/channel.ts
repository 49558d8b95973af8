// Discord, on discord.js's own gateway and REST clients (without its cache of the whole world). Enters: gateway events.
// Leaves: messages. What was said while the bot was away is read from the history of the conversations it knows.

import { join } from 'node:path'
import { type SessionInfo, WebSocketManager, WebSocketShardEvents } from '@discordjs/ws'
import type { APIAttachment, APIInteraction, APIMessage, GatewayDispatchPayload } from 'discord-api-types/v10'
import { messageOf } from '../../errors.ts'
import { headOf } from '../../text-cut.ts'
import { readCallback } from '../approval-buttons.ts'
import { createBackoff } from '../backoff.ts'
import { withCallSignal } from '../call-signal.ts'
import { createChannelHealth } from '../channel-health.ts'
import { createChatQueues } from '../chat-queues.ts'
import { slashCommands } from '../commands.ts'
import type { DiscordSettings } from '../generated/settings.ts'
import { type FileToFetch, readBody, withFiles } from '../media.ts'
import type { Channel, ChannelHost } from '../port.ts'
import { openPositions, type Positions } from '../positions.ts'
import { storeOrRetry } from '../store-or-retry.ts'
import { channelOf, isNewer, isSnowflake, readCommand, readMessage, type Self } from './intake.ts'
import { createRest, gatewaySource } from './rest.ts'
import { CALL_MS, createSender, TOKEN_REFUSED } from './send.ts'
import { keepSession, takeSession } from './session.ts'

// Guilds, guild messages, direct messages, message content.
const INTENTS = (1 << 0) | (1 << 9) | (1 << 12) | (1 << 15)
/** Closed with this code, the session lives on for a while. */
const RESUMABLE = 4200
const AWAY_MS = 24 * 3600 * 1000
const DISCORD_EPOCH = 1_420_070_400_000n

/** Errors of the gateway that no new attempt mends, in words. */
const FINAL: readonly (readonly [RegExp, string])[] = [
  [/authentication failed|invalid token/i, TOKEN_REFUSED],
  [/disallowed intents/i, 'Discord refused an intent. Switch on "Message Content Intent" in the developer portal under Bot.'],
  [/invalid intents|invalid api version|invalid shard|sharding is required/i, 'Discord refused the connection for good.'],
]

export function createDiscord(host: ChannelHost<DiscordSettings>): Channel {
  const { settings } = host.spec
  const token = settings.token.reveal().trim()
  const rest = createRest(host.spec.apiRoot, token)
  const health = createChannelHealth(host)
  const stopping = new AbortController()
  const queues = createChatQueues()
  const lastChannel = new Map<string, string>()
  let positions: Positions | null = null
  let self: Self | null = null
  let manager: WebSocketManager | null = null
  let running: Promise<void> | null = null
  /** Whether this run has been told that it is connected; a session of the last run is resumed without a READY. */
  let greeted = false
  const { idle, learn, ...sending } = createSender({ host, rest, health, lastChannel: (guild) => lastChannel.get(guild) })

  /** What was taken before is passed over. Runs in its conversation's turn. */
  const take = async (message: APIMessage, guildId: string | undefined): Promise<void> => {
    const key = conversation(message.channel_id, guildId)
    const last = positions?.get(key)
    if (stopping.signal.aborted || self === null) return
    if (last !== undefined && !isNewer(message.id, last)) return
    const intake = readMessage(message, guildId, self, host.plan, host.spec.id)
    if (intake !== null) {
      if (guildId === undefined) learn(message.author.id, message.channel_id)
      const whole = await withFiles(host.spec, intake.message, intake.files.map(toFetch))
      const receipt = await storeOrRetry(host, whole, stopping.signal)
      if (receipt === null) return
    }
    if (isSnowflake(message.id)) positions?.set(key, message.id)
  }

  /** Asks for what came while the gateway was not listening. New events of the conversation wait behind it. */
  const catchUp = async (key: string, from: string): Promise<void> => {
    const [channel = '', guild = ''] = key.split('@')
    const backoff = createBackoff(host)
    const oldest = (BigInt(Math.floor(Date.now() - AWAY_MS)) - DISCORD_EPOCH) << 22n
    let after = BigInt(from) < oldest ? String(oldest) : from
    while (!stopping.signal.aborted) {
      try {
        const query = new URLSearchParams({ after, limit: '100' })
        const page = (await withCallSignal(stopping.signal, CALL_MS, (signal) =>
          rest.get(`/channels/${channel}/messages`, { query, signal }),
        )) as APIMessage[]
        const missed = (Array.isArray(page) ? page : []).sort((a, b) => (isNewer(b.id, a.id) ? -1 : 1))
        for (const message of missed) await take(message, guild === '' ? undefined : guild)
        if (missed.length < 100) return
        after = missed.at(-1)?.id ?? after
      } catch (error) {
        const status = Number((error as { status?: unknown }).status)
        host.log.debug({ channel, error: messageOf(error) }, 'discord history could not be read')
        // Gone or hidden from the bot: nothing to wait for.
        if (status >= 400 && status < 500) return
        await backoff.wait(stopping.signal)
      }
    }
  }

  /** New events of a conversation wait behind this, so it is asked for before any can come. */
  const askForMissed = (): void => {
    for (const [key, position] of positions?.all() ?? []) void queues.run(key.split('@')[0] ?? '', () => catchUp(key, position))
  }

  const onReady = (me: Self): void => {
    self = me
    greeted = true
    health.set({ state: 'connected' })
    if (settings.slashCommands !== false)
      offerCommands(me).catch((error: unknown) =>
        host.log.warn({ error: messageOf(error) }, 'discord slash commands were not set'),
      )
  }

  const offerCommands = async ({ applicationId }: Self): Promise<void> => {
    const body = slashCommands(host.plan, host.spec.id).map(({ name, agentId }) => ({
      name,
      type: 1,
      description: headOf(`Ask ${agentId}`, 100),
      options: [{ type: 3, name: 'text', description: 'What to ask', required: false }],
    }))
    if (body.length > 0) await rest.put(`/applications/${applicationId}/commands`, { body, signal: stopping.signal })
  }

  const respond = (interaction: APIInteraction, content: string, ephemeral: boolean): Promise<unknown> =>
    rest.post(`/interactions/${interaction.id}/${interaction.token}/callback`, {
      auth: false,
      body: {
        type: 4,
        data: { content: headOf(content, 2000), allowed_mentions: { parse: [] }, ...(ephemeral ? { flags: 64 } : {}) },
      },
    })

  const onInteraction = async (interaction: APIInteraction): Promise<void> => {
    if (interaction.type === 3) {
      const chosen = readCallback(interaction.data.custom_id)
      const user = interaction.member?.user ?? interaction.user
      if (chosen === null || user === undefined) return
      await respond(interaction, await host.answerApproval({ ...chosen, userId: user.id }), true)
      return
    }
    const message = readCommand(interaction, host.spec.id)
    const channel = channelOf(interaction)
    if (message === null || channel === undefined) return
    if (message.groupId !== undefined) lastChannel.set(message.groupId, channel)
    else learn(message.userId, channel)
    let shown = message.content
    let ephemeral = false
    try {
      const receipt = await host.receive(message)
      if (!receipt.accepted) [shown, ephemeral] = [receipt.reason ?? 'Not for this bot.', true]
    } catch (error) {
      host.log.error({ error: messageOf(error) }, 'discord command was not stored')
      ;[shown, ephemeral] = ['This could not be taken in. Please try again.', true]
    }
    await respond(interaction, shown, ephemeral)
  }

  const onDispatch = ({ t, d }: GatewayDispatchPayload): void => {
    if (stopping.signal.aborted) return
    const logged = (error: unknown): void =>
      host.log.warn({ event: t, error: messageOf(error) }, 'discord event was not understood')
    try {
      if (t === 'READY') {
        onReady({ id: d.user.id, applicationId: settings.applicationId ?? d.application?.id ?? d.user.id })
        askForMissed()
      } else if (t === 'RESUMED' && !greeted && self !== null) onReady(self)
      else if (t === 'RESUMED') health.set({ state: 'connected' })
      else if (t === 'MESSAGE_CREATE') {
        if (d.guild_id !== undefined) lastChannel.set(d.guild_id, d.channel_id)
        queues.run(d.channel_id, () => take(d, d.guild_id)).catch(logged)
      } else if (t === 'INTERACTION_CREATE') onInteraction(d).catch(logged)
    } catch (error) {
      logged(error)
    }
  }

  const fail = (error: unknown): boolean => {
    const words = FINAL.find(([pattern]) => pattern.test(messageOf(error)))?.[1]
    if ((error as { status?: number }).status === 401 || words !== undefined) {
      health.set({ state: 'failed', detail: words ?? TOKEN_REFUSED })
      stopping.abort()
      return true
    }
    return false
  }

  const sessions = new Map<number, SessionInfo | null>()
  let sessionFile: string | null = null
  const connect = async (): Promise<void> => {
    const folder = await host.stateFolder()
    positions ??= await openPositions(join(folder, 'discord.json'), host)
    sessionFile = join(folder, 'discord-session.json')
    const kept = await takeSession(sessionFile, token, Date.now())
    if (kept !== null) {
      self = kept.self
      sessions.set(kept.info.shardId, kept.info)
      // What reached the last run and was not stored by it is not sent again.
      askForMissed()
    }
    const backoff = createBackoff(host)
    while (!stopping.signal.aborted) {
      const attempt = new WebSocketManager({
        token,
        intents: INTENTS,
        rest: gatewaySource(rest, settings.gatewayUrl),
        compression: null,
        // A stopped client must not come back by the library's own timers: it waits here for good.
        retrieveSessionInfo: (shard) => (stopping.signal.aborted ? new Promise(() => undefined) : (sessions.get(shard) ?? null)),
        updateSessionInfo: (shard, info) => {
          // The end of a run is not the end of its session.
          if (!stopping.signal.aborted) sessions.set(shard, info)
        },
      })
      manager = attempt
      attempt.on(WebSocketShardEvents.Dispatch, ({ data }) => onDispatch(data))
      attempt.on(WebSocketShardEvents.Closed, ({ code }) => {
        if (!stopping.signal.aborted) health.set({ state: 'reconnecting', detail: `Discord closed the connection (${code}).` })
      })
      attempt.on(WebSocketShardEvents.Error, ({ error }) => {
        if (!fail(error)) host.log.warn({ error: messageOf(error) }, 'discord connection has trouble')
      })
      try {
        await attempt.connect()
        return
      } catch (error) {
        if (stopping.signal.aborted || fail(error)) return
        const { status } = error as { status?: number }
        const detail = status === undefined ? 'Discord cannot be reached.' : `Discord answers ${status}.`
        health.set({ state: 'reconnecting', detail })
        // From here on the shard tries by itself.
        if ((await attempt.fetchStatus()).size > 0) return
        await backoff.wait(stopping.signal)
      }
    }
  }

  return {
    async start() {
      health.set({ state: 'starting' })
      if (token === '') {
        health.set({ state: 'failed', detail: 'No token is set.' })
        return
      }
      running = connect().catch((error: unknown) => health.set({ state: 'failed', detail: messageOf(error) }))
    },
    async stop() {
      stopping.abort()
      const session = sessions.get(0)
      const gone = Promise.resolve(manager?.destroy({ code: RESUMABLE, reason: 'Restarting' })).catch(() => undefined)
      await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, 2000).unref())])
      await Promise.race([running, new Promise((resolve) => setTimeout(resolve, 2000).unref())])
      await queues.idle()
      await idle()
      await positions?.flush()
      if (session && self !== null && sessionFile !== null)
        await keepSession(sessionFile, token, Date.now(), { self, info: session }).catch(() => undefined)
      health.set({ state: 'stopped' })
    },
    ...sending,
  }
}

const toFetch = (file: APIAttachment): FileToFetch => ({
  mediaType: file.content_type?.split(';')[0] ?? 'application/octet-stream',
  name: file.filename,
  bytes: file.size,
  fetch: async (maxBytes, signal) => readBody(await fetch(file.url, { signal }), maxBytes),
})

/** Key of a conversation: its channel and, in a guild, the guild. */
const conversation = (channelId: string, guildId: string | undefined): string => `${channelId}@${guildId ?? ''}`
