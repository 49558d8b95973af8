// The platform's sign that an answer is being made: asked for again only when the last one has gone.

import { messageOf } from '../errors.ts'
import type { ChannelHost, ReplyTarget } from './port.ts'

export interface TypingPlatform {
  /** How long one is shown. */
  readonly lastsMs: number
  /** Whose sign it is; undefined: there is none for this target. */
  keyOf(target: ReplyTarget): string | undefined
  show(target: ReplyTarget): Promise<unknown>
}

const MOST_KEPT = 1000

/** Fire and forget: never throws. */
export function createTypingIndicator(
  host: Pick<ChannelHost, 'clock' | 'log'>,
  platform: TypingPlatform,
): (target: ReplyTarget) => void {
  const until = new Map<string, number>()
  const show = async (target: ReplyTarget): Promise<void> => {
    const key = platform.keyOf(target)
    const now = host.clock.now()
    if (key === undefined || (until.get(key) ?? 0) > now) return
    until.set(key, now + platform.lastsMs)
    if (until.size > MOST_KEPT) until.delete(until.keys().next().value as string)
    await platform.show(target)
  }
  return (target) => {
    show(target).catch((error: unknown) => host.log.debug({ error: messageOf(error) }, 'the typing indicator was not shown'))
  }
}
