// Messages in, each conversation in order: those of events, and those of the history that were missed. What was taken in is
// remembered by its place in the conversation.

import type { APIAttachment, APIMessage, REST } from 'discord.js'
import { messageOf } from '../../errors.ts'
import { createBackoff } from '../backoff.ts'
import { type ChatQueues, createChatQueues } from '../chat-sender.ts'
import { type FileToFetch, readBody, withFiles } from '../media.ts'
import { withCallSignal } from '../platform-calls.ts'
import type { ChannelHost } from '../port.ts'
import type { Positions } from '../positions.ts'
import { storeOrRetry } from '../store-or-retry.ts'
import { isNewer, isSnowflake, type Names, readMessage, type Self } from './intake.ts'
import { CALL_MS } from './send.ts'

const AWAY_MS = 24 * 3600 * 1000
const DISCORD_EPOCH = 1_420_070_400_000n
const PAGE = 100

export interface ConversationsWorld {
  readonly host: ChannelHost
  readonly rest: REST
  readonly signal: AbortSignal
  readonly names: Names
  self(): Self | null
  positions(): Positions | null
  /** A direct channel was seen. */
  learn(userId: string, channelId: string): void
}

export class Conversations {
  readonly #world: ConversationsWorld
  readonly #queues: ChatQueues = createChatQueues()
  /** By guild: the channel heard last. */
  readonly #lastChannel = new Map<string, string>()

  constructor(world: ConversationsWorld) {
    this.#world = world
  }

  lastChannel(guildId: string): string | undefined {
    return this.#lastChannel.get(guildId)
  }

  /** A person did something in a channel of the guild. */
  heard(guildId: string, channelId: string): void {
    this.#lastChannel.set(guildId, channelId)
  }

  /** Takes a message in its conversation's turn. */
  async receive(message: APIMessage, guildId: string | undefined): Promise<void> {
    if (guildId !== undefined) this.heard(guildId, message.channel_id)
    await this.#queues.run(message.channel_id, () => this.#take(message, guildId))
  }

  /** Asks for what came while nobody listened. New events of a conversation wait behind this, so it is asked for before any can come. */
  askForMissed(): void {
    for (const [key, position] of this.#world.positions()?.all() ?? []) {
      const [channel = '', guild = ''] = key.split('@')
      void this.#queues.run(channel, () => this.#catchUp(channel, guild === '' ? undefined : guild, position))
    }
  }

  idle(): Promise<void> {
    return this.#queues.idle()
  }

  /** What was taken before is passed over. */
  async #take(message: APIMessage, guildId: string | undefined): Promise<void> {
    const { host, signal, names } = this.#world
    const self = this.#world.self()
    const key = `${message.channel_id}@${guildId ?? ''}`
    const last = this.#world.positions()?.get(key)
    if (signal.aborted || self === null) return
    if (last !== undefined && !isNewer(message.id, last)) return
    const intake = readMessage(message, guildId, { self, plan: host.plan, channelId: host.spec.id, names })
    if (intake !== null) {
      if (guildId === undefined) this.#world.learn(message.author.id, message.channel_id)
      const whole = await withFiles(host.spec, intake.message, intake.files.map(toFetch))
      if ((await storeOrRetry(host, whole, signal)) === null) return
    }
    if (isSnowflake(message.id)) this.#world.positions()?.set(key, message.id)
  }

  async #catchUp(channel: string, guildId: string | undefined, from: string): Promise<void> {
    const { host, signal } = this.#world
    const backoff = createBackoff(host)
    const oldest = (BigInt(Math.floor(Date.now() - AWAY_MS)) - DISCORD_EPOCH) << 22n
    let after = BigInt(from) < oldest ? String(oldest) : from
    while (!signal.aborted) {
      try {
        const missed = await this.#history(channel, after)
        for (const message of missed) await this.#take(message, guildId)
        if (missed.length < PAGE) return
        after = missed.at(-1)?.id ?? after
      } catch (error) {
        const status = Number((error as { status?: unknown }).status)
        host.log.debug({ channel, error: messageOf(error) }, 'discord history could not be read')
        // Gone or hidden from the bot: nothing to wait for.
        if (status >= 400 && status < 500) return
        await backoff.wait(signal)
      }
    }
  }

  /** One page, oldest first. */
  async #history(channel: string, after: string): Promise<APIMessage[]> {
    const query = new URLSearchParams({ after, limit: String(PAGE) })
    const { rest, signal } = this.#world
    const page = await withCallSignal(signal, CALL_MS, (own) => rest.get(`/channels/${channel}/messages`, { query, signal: own }))
    return ((Array.isArray(page) ? page : []) as APIMessage[]).sort((a, b) => (isNewer(b.id, a.id) ? -1 : 1))
  }
}

const toFetch = (file: APIAttachment): FileToFetch => ({
  mediaType: file.content_type?.split(';')[0] ?? 'application/octet-stream',
  name: file.filename,
  bytes: file.size,
  fetch: async (maxBytes, signal) => readBody(await fetch(file.url, { signal }), maxBytes),
})
