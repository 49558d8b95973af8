// Outbox rows in, messages on their channels out: in order in each chat, side by side across chats, again after a
// failure that may pass. A row whose earlier attempt may have arrived, in this process or one that was killed, is marked as
// possibly repeated.

import { type Channel, ChannelError, type OutboundMessage, type ReplyStream, type SendContext } from '../../channels/port.ts'
import { messageOf } from '../../errors.ts'
import { chatKey } from '../../plan/session-key.ts'
import type { OutboxRow } from '../../storage/ports.ts'
import type { EventSource } from '../hub.ts'
import type { World } from '../world.ts'
import type { ChannelManager } from './channel-manager.ts'
import { GrowingReplies, type Leftover } from './growing-replies.ts'
import { readOutgoing } from './outgoing-files.ts'

/** Chats in which something is being sent at once: each is a request to its platform. */
const MOST_AT_ONCE = 1_000
const FIRST_RETRY_MS = 1_000
const LONGEST_RETRY_MS = 5 * 60_000
const GIVE_UP_AFTER_MS = 24 * 3_600_000

/** A row put off by this process. */
interface PutOff {
  readonly channelId: string
  readonly times: number
  /** The platform named the time. */
  readonly byPlatform: boolean
}

export type DeliveryWorld = Pick<World, 'clock' | 'random' | 'log' | 'emit'> & {
  readonly storage: Pick<World['storage'], 'outbox' | 'files' | 'kv'>
  readonly secrets: Pick<World['secrets'], 'redact'>
}

export class Delivery {
  readonly #world: DeliveryWorld
  readonly #channels: Pick<ChannelManager, 'live'>
  /** Chats in which a row is being sent. */
  readonly #busy = new Set<string>()
  readonly #growing: GrowingReplies
  readonly #streams = new Map<string, ReplyStream>()
  /** Replies whose text is in the chat, and whose files may not be yet. */
  readonly #shown = new Set<string>()
  readonly #stopping = new AbortController()
  readonly #putOffs = new Map<number, PutOff>()
  /** Rows from before may be of a process that ended while their replies grew. */
  readonly #startedAt: number
  #cancelTimer = (): void => {}
  #pumping = false
  #again = false
  #idle: (() => void)[] = []

  constructor(world: DeliveryWorld, channels: Pick<ChannelManager, 'live'>, events: EventSource) {
    this.#world = world
    this.#channels = channels
    this.#growing = new GrowingReplies(world.storage.kv)
    this.#startedAt = world.clock.now()
    // Replies that waited for the connection go now.
    events.on('channel', ({ channelId, state }) => {
      if (state === 'connected') this.retryNow(channelId)
    })
  }

  /** There is, or may be, something to send. */
  wake(): void {
    if (this.#stopping.signal.aborted) return
    if (this.#pumping) {
      this.#again = true
      return
    }
    this.#pumping = true
    void this.#pump()
      .catch((error: unknown) => this.#world.log.error({ error: messageOf(error) }, 'the outbox could not be read'))
      .finally(() => {
        this.#pumping = false
        if (this.#again) {
          this.#again = false
          this.wake()
        }
        this.#settleIdle()
      })
  }

  /** A reply that is growing in place: the row with this key is finished there instead of sent. */
  expectStream(key: string, stream: ReplyStream): void {
    this.#streams.set(key, stream)
  }

  /** Makes failed sends of this channel due now, except those whose time the platform itself named. */
  retryNow(channelId: string): void {
    const { clock, storage } = this.#world
    const waiting = [...this.#putOffs].filter(([, one]) => one.channelId === channelId && !one.byPlatform)
    void Promise.all(waiting.map(([seq]) => storage.outbox.retry(seq, clock.now()))).then(() => this.wake())
  }

  /** Waits until nothing is being sent, at most so long. */
  async drain(ms: number): Promise<void> {
    if (this.#busy.size === 0 && !this.#pumping) return
    await new Promise<void>((resolve) => {
      const cancel = this.#world.clock.after(ms, resolve)
      this.#idle.push(() => {
        cancel()
        resolve()
      })
    })
  }

  stop(): void {
    this.#stopping.abort()
    this.#cancelTimer()
  }

  async #pump(): Promise<void> {
    const { clock, storage } = this.#world
    const { rows, nextAt } = await storage.outbox.due(clock.now(), MOST_AT_ONCE - this.#busy.size, this.#busy)
    for (const row of rows) this.#begin(row)
    // What was put off, also by an earlier process, is due by the clock.
    this.#cancelTimer()
    if (nextAt !== null) this.#cancelTimer = clock.after(Math.max(0, nextAt - clock.now()), () => this.wake())
  }

  #begin(row: OutboxRow): void {
    const { clock, log } = this.#world
    const chat = chatKey(row.target)
    this.#busy.add(chat)
    void this.#sendOne(row)
      .catch(async (error: unknown) => {
        log.error({ error: messageOf(error) }, 'the outbox could not be written')
        await new Promise<void>((resolve) => clock.after(FIRST_RETRY_MS, resolve))
      })
      .finally(() => {
        this.#busy.delete(chat)
        // What is behind it in this chat, and what came for it meanwhile.
        this.wake()
      })
  }

  async #sendOne(row: OutboxRow): Promise<void> {
    const { clock, storage } = this.#world
    if (this.#stopping.signal.aborted) return
    try {
      const attempts = await storage.outbox.attempt(row.seq)
      const context: SendContext = {
        idempotencyKey: row.key,
        possiblyRepeated: attempts > 1,
        signal: this.#stopping.signal,
      }
      const channel = this.#channels.live.get(row.target.channelId)
      if (channel === undefined)
        throw new ChannelError(`channel ${row.target.channelId} is not running`, { retry: true, notSent: true })
      const head = { content: row.content, sessionKey: row.session, agentId: row.agentId, ...row.target }
      await this.#send(row, head, channel, context)
      await storage.outbox.sent(row.seq)
      if (channel.stream !== undefined || row.createdAt <= this.#startedAt) await this.#growing.forget(row.key)
      this.#putOffs.delete(row.seq)
      this.#shown.delete(row.key)
      const files = row.attachments === undefined ? {} : { attachments: row.attachments }
      this.#world.emit({ type: 'outbound', message: { ...head, ...files }, at: clock.now() })
    } catch (error) {
      await this.#putOff(row, error)
    }
  }

  /** The text in the message that grew, where there is one, else in messages of its own; then the files. */
  async #send(row: OutboxRow, head: OutboundMessage, channel: Channel, given: SendContext): Promise<void> {
    const context = (await this.#finishGrowing(row, channel, given)) ? { ...given, possiblyRepeated: true } : given
    const isShown = this.#shown.has(row.key)
    if (row.attachments === undefined) {
      if (!isShown) await channel.send(head, context)
      return
    }
    const { attachments = [], notes } = await readOutgoing(this.#world.storage.files, row.attachments)
    const content = [...(isShown ? [] : [row.content]), ...notes].filter((text) => text !== '').join('\n\n')
    await channel.send({ ...head, content, attachments }, context)
  }

  /**
   * Finishes what has grown of the reply, in this process or one before it. True: some of it may still be shown beside what is sent
   * now.
   */
  async #finishGrowing(row: OutboxRow, channel: Channel, context: SendContext): Promise<boolean> {
    if (this.#shown.has(row.key)) return false
    const own = this.#streams.get(row.key)
    this.#streams.delete(row.key)
    const leftover = own === undefined ? await this.#leftoverOf(row, channel) : { stream: own, sure: true }
    if (leftover === null) return false
    const { stream, sure } = leftover
    if (!sure) {
      await stream?.cancel()
      return true
    }
    const finished = (await stream?.finish(row.content, context)) ?? null
    if (finished === 'left') return true
    if (finished !== null) this.#shown.add(row.key)
    return false
  }

  async #leftoverOf(row: OutboxRow, channel: Channel): Promise<Leftover | null> {
    if (channel.stream === undefined && row.createdAt > this.#startedAt) return null
    return await this.#growing.resume(row.key, channel, row.target, row.session)
  }

  async #putOff(row: OutboxRow, error: unknown): Promise<void> {
    const { clock, log, random, secrets, storage } = this.#world
    const passing = !(error instanceof ChannelError) || error.retry
    if (!passing || clock.now() - row.createdAt > GIVE_UP_AFTER_MS) {
      log.error(
        { channel: row.target.channelId, session: row.session, error: messageOf(error) },
        'a reply could not be delivered',
      )
      await storage.outbox.fail(row.seq, secrets.redact(messageOf(error)))
      this.#putOffs.delete(row.seq)
      this.#shown.delete(row.key)
      this.wake()
      return
    }
    const times = this.#putOffs.get(row.seq)?.times ?? 0
    const backoff = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(times, 12)) * (0.75 + random.number() / 2)
    const refused = error instanceof ChannelError ? error : undefined
    const wait = Math.max(backoff, refused?.retryAfterMs ?? 0)
    this.#putOffs.set(row.seq, {
      channelId: row.target.channelId,
      times: times + 1,
      byPlatform: refused?.retryAfterMs !== undefined,
    })
    await storage.outbox.retry(row.seq, clock.now() + wait, { notSent: refused?.notSent === true })
  }

  #settleIdle(): void {
    if (this.#busy.size > 0 || this.#pumping) return
    for (const resolve of this.#idle) resolve()
    this.#idle = []
  }
}
