// Replies that grow in place: turn events in, edits on the channel out, where the plan and the platform have it.

import type { EngineEvent } from '../../agent/events.ts'
import type { ReplyStream } from '../../channels/port.ts'
import type { AgentPlan, Plan } from '../../plan/plan.ts'
import type { Claim } from '../../storage/ports.ts'
import { replyKey } from '../turns/payloads.ts'
import type { ChannelManager } from './channel-manager.ts'
import type { Delivery } from './delivery.ts'
import { replyPrefix } from './reply-prefix.ts'
import type { TypingIndicators } from './typing-indicators.ts'

export interface OpenStream {
  see(event: EngineEvent): void
  /** Hands the growing message over to delivery, which finishes it. */
  key(): void
}

export interface ReplyStreams {
  /** null: this turn's reply is not shown while it grows. A typing sign is given either way. */
  open(plan: Plan, agent: AgentPlan, claim: Claim): OpenStream | null
}

export function createReplyStreams(
  channels: Pick<ChannelManager, 'get'>,
  delivery: Pick<Delivery, 'expectStream'>,
  typing: TypingIndicators,
): ReplyStreams {
  return {
    open(plan, agent, claim) {
      const target = claim.rows.at(-1)?.replyTo
      const channel = target === undefined ? undefined : channels.get(target.channelId)
      if (target === undefined || channel === undefined) return null
      if (channel.typing !== undefined) typing.begin(claim.rows[0]?.session ?? '', target)
      if (channel.stream === undefined || plan.channels.get(target.channelId)?.streaming !== 'edit') return null
      const session = claim.rows[0]?.session ?? ''
      let stream: ReplyStream | null = null
      let text = replyPrefix(agent)
      const empty = text
      return {
        see(event) {
          if (event.type !== 'chunk') return
          if (event.restart === true) text = empty
          text += event.text
          if (text.trim() === empty.trim()) return
          stream ??= channel.stream?.(target, session) ?? null
          stream?.update(text)
        },
        key() {
          if (stream !== null) delivery.expectStream(replyKey(claim), stream)
        },
      }
    },
  }
}
