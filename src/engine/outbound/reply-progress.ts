// What a chat sees while its answer is being made: a typing indicator, unless the answer comes at once, and, where the plan and
// the platform have it, the reply itself as it grows.

import type { EngineEvent } from '../../agent/events.ts'
import type { Channel, ReplyStream, ReplyTarget } from '../../channels/port.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Clock } from '../../ports.ts'
import type { EventSource } from '../hub.ts'
import type { ChannelManager } from './channel-manager.ts'
import type { Delivery } from './delivery.ts'

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

export class ReplyProgress {
  readonly #channels: Pick<ChannelManager, 'live'>
  readonly #delivery: Pick<Delivery, 'expectStream'>
  readonly #clock: Clock
  /** By session: what cancels its next typing indicator. */
  readonly #typing = new Map<string, () => void>()

  constructor(
    channels: Pick<ChannelManager, 'live'>,
    delivery: Pick<Delivery, 'expectStream'>,
    clock: Clock,
    events: EventSource,
  ) {
    this.#channels = channels
    this.#delivery = delivery
    this.#clock = clock
    events.on('turn_end', ({ sessionKey }) => this.#endTyping(sessionKey))
  }

  /** Until the session's turn ends. `prefix` stands before the reply. null: the reply is not shown while it grows. */
  begin(plan: Plan, prefix: string, session: string, target: ReplyTarget | undefined): GrowingReply | null {
    const channel = target === undefined ? undefined : this.#channels.live.get(target.channelId)
    if (target === undefined || channel === undefined) return null
    if (channel.typing !== undefined) this.#beginTyping(session, target)
    if (channel.stream === undefined || plan.channels.get(target.channelId)?.streaming !== 'edit') return null
    return this.#grow(channel, prefix, session, target)
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

  #grow(channel: Channel, prefix: string, session: string, target: ReplyTarget): GrowingReply {
    let stream: ReplyStream | null = null
    let text = prefix
    return {
      update(event) {
        if (event.type !== 'chunk') return
        if (event.restart === true) text = prefix
        text += event.text
        if (text.trim() === prefix.trim()) return
        stream ??= channel.stream?.(target, session) ?? null
        stream?.update(text)
      },
      handOver: (replyKey) => {
        if (stream !== null) this.#delivery.expectStream(replyKey, stream)
      },
    }
  }
}
