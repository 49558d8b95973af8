// Outbox rows in, messages on their channels out: in order for each target, side by side across targets, again after a
// failure that may pass. A row whose earlier attempt may have arrived, in this process or one that was killed, is marked as
// possibly repeated.

import type { EngineEvent } from '../../agent/events.ts'
import { ChannelError, type OutboundMessage, type ReplyStream, type SendContext } from '../../channels/port.ts'
import { messageOf } from '../../errors.ts'
import type { Clock, Logger, Random } from '../../ports.ts'
import type { Outbox, OutboxRow } from '../../storage/ports.ts'
import type { ChannelManager } from './channel-manager.ts'

const BATCH = 200
const FIRST_RETRY_MS = 1_000
const LONGEST_RETRY_MS = 5 * 60_000
const GIVE_UP_AFTER_MS = 24 * 3_600_000

export interface Delivery {
  /** There is, or may be, something to send. */
  wake(): void
  /** A reply that is growing in place: the row with this key is finished there instead of sent. */
  expectStream(key: string, stream: ReplyStream): void
  /** Makes failed sends of this channel due now, except those whose time the platform itself named. */
  retryNow(channelId: string): void
  /** Waits until nothing is being sent, at most so long. */
  drain(ms: number): Promise<void>
  stop(): void
}

export interface DeliveryOptions {
  readonly outbox: Outbox
  readonly channels: Pick<ChannelManager, 'get'>
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Takes secrets out of what a platform answered. */
  redact(text: string): string
  emit(event: EngineEvent): void
}

export function createDelivery(options: DeliveryOptions): Delivery {
  const { outbox, channels, clock, log } = options
  const busy = new Set<string>()
  const streams = new Map<string, ReplyStream>()
  const stopping = new AbortController()
  /** Put off by this process: how often, and whether the platform named the time. */
  const putOffs = new Map<number, { readonly channelId: string; readonly times: number; readonly asked: boolean }>()
  let cancelTimer = (): void => {}
  let pumping = false
  let again = false
  let idle: (() => void)[] = []

  function wake(): void {
    if (stopping.signal.aborted) return
    if (pumping) {
      again = true
      return
    }
    pumping = true
    void pump()
      .catch((error: unknown) => log.error({ error: messageOf(error) }, 'the outbox could not be read'))
      .finally(() => {
        pumping = false
        if (again) {
          again = false
          wake()
        }
        settleIdle()
      })
  }

  async function pump(): Promise<void> {
    // One moment for both questions: a row that comes due between them would be in neither answer.
    const now = clock.now()
    const rows = await outbox.due(now, BATCH)
    const byTarget = new Map<string, OutboxRow[]>()
    for (const row of rows) byTarget.set(targetKey(row), [...(byTarget.get(targetKey(row)) ?? []), row])
    for (const [key, group] of byTarget) {
      if (busy.has(key)) continue
      busy.add(key)
      void sendAll(group)
        .catch(async (error: unknown) => {
          log.error({ error: messageOf(error) }, 'the outbox could not be written')
          await new Promise<void>((resolve) => clock.after(FIRST_RETRY_MS, resolve))
        })
        .finally(() => {
          busy.delete(key)
          // Rows that came for this target meanwhile were passed over.
          wake()
        })
    }
    // What was put off, also by an earlier process, is due by the clock.
    const next = outbox.nextAfter(now)
    cancelTimer()
    if (next !== null) cancelTimer = clock.after(Math.max(0, next - clock.now()), wake)
  }

  async function sendAll(rows: readonly OutboxRow[]): Promise<void> {
    for (const row of rows) {
      if (stopping.signal.aborted) return
      if (!(await sendOne(row))) return
    }
  }

  /** False: the rest of this target has to wait. */
  async function sendOne(row: OutboxRow): Promise<boolean> {
    try {
      const attempts = await outbox.attempt(row.seq)
      const context: SendContext = {
        idempotencyKey: row.key,
        possiblyRepeated: attempts > 1,
        signal: stopping.signal,
      }
      const channel = channels.get(row.target.channelId)
      if (channel === undefined)
        throw new ChannelError(`channel ${row.target.channelId} is not running`, { retry: true, notSent: true })
      const message: OutboundMessage = { content: row.content, sessionKey: row.session, agentId: row.agentId, ...row.target }
      const stream = streams.get(row.key)
      streams.delete(row.key)
      const streamed = stream === undefined ? null : await stream.finish(row.content, context)
      if (streamed === null) await channel.send(message, context)
      await outbox.sent(row.seq)
      putOffs.delete(row.seq)
      options.emit({ type: 'outbound', message, at: clock.now() })
      return true
    } catch (error) {
      await putOff(row, error)
      return false
    }
  }

  async function putOff(row: OutboxRow, error: unknown): Promise<void> {
    const passing = !(error instanceof ChannelError) || error.retry
    if (!passing || clock.now() - row.createdAt > GIVE_UP_AFTER_MS) {
      log.error(
        { channel: row.target.channelId, session: row.session, error: messageOf(error) },
        'a reply could not be delivered',
      )
      await outbox.fail(row.seq, options.redact(messageOf(error)))
      putOffs.delete(row.seq)
      wake()
      return
    }
    const times = putOffs.get(row.seq)?.times ?? 0
    const backoff = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(times, 12)) * (0.75 + options.random.number() / 2)
    const refused = error instanceof ChannelError ? error : undefined
    const wait = Math.max(backoff, refused?.retryAfterMs ?? 0)
    putOffs.set(row.seq, {
      channelId: row.target.channelId,
      times: times + 1,
      asked: refused?.retryAfterMs !== undefined,
    })
    await outbox.retry(row.seq, clock.now() + wait, { notSent: refused?.notSent === true })
  }

  function settleIdle(): void {
    if (busy.size > 0 || pumping) return
    for (const resolve of idle) resolve()
    idle = []
  }

  return {
    wake,
    expectStream: (key, stream) => void streams.set(key, stream),
    retryNow(channelId) {
      const waiting = [...putOffs].filter(([, one]) => one.channelId === channelId && !one.asked)
      void Promise.all(waiting.map(([seq]) => outbox.retry(seq, clock.now()))).then(wake)
    },
    async drain(ms) {
      if (busy.size === 0 && !pumping) return
      await new Promise<void>((resolve) => {
        const cancel = clock.after(ms, resolve)
        idle.push(() => {
          cancel()
          resolve()
        })
      })
    },
    stop() {
      stopping.abort()
      cancelTimer()
    },
  }
}

const targetKey = ({ target }: OutboxRow): string =>
  `${target.channelId}|${target.groupId ?? ''}|${target.threadId ?? ''}|${target.groupId === undefined ? (target.userId ?? '') : ''}`
