// What a chat sees while its answer is being made: a typing indicator, unless the answer comes at once, and, where the plan and
// the platform have it, the reply itself as it grows.

import type { EngineEvent } from '../../agent/events.ts'
import type { Channel, ReplyStream, ReplyTarget } from '../../channels/port.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Clock } from '../../ports.ts'
import type { KeyValueStore, Outbox } from '../../storage/ports.ts'
import type { EventSource } from '../hub.ts'
import type { ChannelManager } from './channel-manager.ts'
import type { Delivery } from './delivery.ts'
import { GrowingReplies } from './growing-replies.ts'

/** An answer that is quicker needs no indicator. */
const FIRST_MS = 300
/** The shortest-lived indicator of a platform lasts five seconds. */
const AGAIN_MS = 4_500
/** A turn that nobody ended shows no indicator for ever. */
const LONGEST_MS = 60 * 60_000

export interface GrowingReply {
  /** Shows what the event adds. */
  update(event: EngineEvent): void
  /** Hands the growing message over to delivery, which finishes it as the reply with this key. */
  handOver(replyKey: string): void
}

export interface ReplyProgressWorld {
  readonly clock: Clock
  readonly storage: { readonly outbox: Pick<Outbox, 'waits'>; readonly kv: KeyValueStore }
}

/** A reply that a turn has begun to make. */
export interface BegunReply {
  /** The key of its row in the outbox. */
  readonly key: string
  /** Stands before the reply. */
  readonly prefix: string
  readonly session: string
  readonly target: ReplyTarget
  /** An earlier attempt at the turn may have shown some of it. */
  readonly resumed: boolean
}

/** How long it is taken as known that nothing waits for the chat. */
const LOOK_MS = 500

export class ReplyProgress {
  readonly #channels: Pick<ChannelManager, 'live'>
  readonly #delivery: Pick<Delivery, 'expectStream'>
  readonly #outbox: Pick<Outbox, 'waits'>
  readonly #growing: GrowingReplies
  readonly #clock: Clock
  /** By session: what cancels its next typing indicator. */
  readonly #typing = new Map<string, () => void>()

  constructor(
    channels: Pick<ChannelManager, 'live'>,
    delivery: Pick<Delivery, 'expectStream'>,
    { clock, storage }: ReplyProgressWorld,
    events: EventSource,
  ) {
    this.#channels = channels
    this.#delivery = delivery
    this.#outbox = storage.outbox
    this.#growing = new GrowingReplies(storage.kv)
    this.#clock = clock
    events.on('turn_end', ({ sessionKey }) => this.#endTyping(sessionKey))
  }

  /** Until the session's turn ends. null: the reply is not shown while it grows. */
  begin(plan: Plan, reply: Omit<BegunReply, 'target'>, target: ReplyTarget | undefined): GrowingReply | null {
    const { session } = reply
    const channel = target === undefined ? undefined : this.#channels.live.get(target.channelId)
    if (target === undefined || channel === undefined) return null
    if (channel.typing !== undefined) this.#beginTyping(session, target)
    if (channel.stream === undefined || plan.channels.get(target.channelId)?.streaming !== 'edit') return null
    return this.#grow(channel, { ...reply, target })
  }

  #beginTyping(session: string, target: ReplyTarget): void {
    this.#endTyping(session)
    const until = this.#clock.now() + LONGEST_MS
    const show = (): void => {
      if (this.#clock.now() > until) {
        this.#endTyping(session)
        return
      }
      this.#channels.live.get(target.channelId)?.typing?.(target)
      this.#typing.set(session, this.#clock.after(AGAIN_MS, show))
    }
    this.#typing.set(session, this.#clock.after(FIRST_MS, show))
  }

  #endTyping(session: string): void {
    this.#typing.get(session)?.()
    this.#typing.delete(session)
  }

  #grow(channel: Channel, begun: BegunReply): GrowingReply {
    const { prefix, session, target, key, resumed } = begun
    const growing = this.#growing
    let stream: ReplyStream | null = null
    let text = prefix
    let [isLooking, isOver] = [false, false]
    let lookedAt = Number.NEGATIVE_INFINITY

    /** It takes its place behind what waits for this chat. */
    const show = async (): Promise<void> => {
      const now = this.#clock.now()
      if (now - lookedAt >= LOOK_MS) {
        if (await this.#outbox.waits(target)) return
        lookedAt = now
      }
      if (stream === null && resumed) {
        const leftover = await growing.resume(key, channel, target, session)
        // Delivery decides about messages of which not all are known.
        if (leftover !== null && !leftover.sure) isOver = true
        if (!isOver && leftover !== null) stream = leftover.stream
      }
      if (isOver) return
      stream ??= growing.begin(key, channel, target, session)
      stream?.update(text)
    }

    return {
      update(event) {
        if (event.type !== 'chunk') return
        if (event.restart === true) text = prefix
        text += event.text
        if (isLooking || isOver || text.trim() === prefix.trim()) return
        isLooking = true
        // A chunk that comes meanwhile is shown with the next one, or with the whole. What cannot be read is not shown.
        void show()
          .catch(() => {})
          .finally(() => {
            isLooking = false
          })
      },
      handOver: (replyKey) => {
        isOver = true
        if (stream !== null) this.#delivery.expectStream(replyKey, stream)
      },
    }
  }
}
