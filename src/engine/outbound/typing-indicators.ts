// Turns in, signs that an answer is being made out: none where the answer comes at once, renewed while it takes long.

import type { EngineEvent } from '../../agent/events.ts'
import type { ReplyTarget } from '../../channels/port.ts'
import type { Clock } from '../../ports.ts'
import type { ChannelManager } from './channel-manager.ts'

/** An answer that is quicker needs no sign. */
const FIRST_MS = 300
/** The shortest-lived sign of a platform lasts five seconds. */
const AGAIN_MS = 4_500
/** A turn that nobody ended shows no sign for ever. */
const LONGEST_MS = 60 * 60_000

export interface TypingIndicators {
  /** Until the session's turn ends. */
  begin(session: string, target: ReplyTarget): void
}

export function createTypingIndicators(options: {
  readonly channels: Pick<ChannelManager, 'get'>
  readonly clock: Clock
  on(listener: (event: EngineEvent) => void): unknown
}): TypingIndicators {
  const { channels, clock } = options
  const open = new Map<string, () => void>()

  function end(session: string): void {
    open.get(session)?.()
    open.delete(session)
  }

  options.on((event) => {
    if (event.type === 'turn_end') end(event.sessionKey)
  })

  return {
    begin(session, target) {
      end(session)
      const until = clock.now() + LONGEST_MS
      const show = (): void => {
        if (clock.now() > until) {
          end(session)
          return
        }
        channels.get(target.channelId)?.typing?.(target)
        open.set(session, clock.after(AGAIN_MS, show))
      }
      open.set(session, clock.after(FIRST_MS, show))
    },
  }
}
