// What a group says without a mention in; the last of it out, as context of the next message from there that is answered. Kept in
// memory only, of people the channel lets in, where `groups.history` asks for it.

import type { InboundMessage, OverheardMessage } from '../../channels/port.ts'
import { admission, type Standing } from '../../plan/admission.ts'
import { groupSettings } from '../../plan/group-settings.ts'
import type { Plan } from '../../plan/plan.ts'

/** Groups whose talk is kept; of more, the one that was silent longest is given up. */
const MOST_GROUPS = 1_000
/** Of one message. */
const MOST_CHARS = 2_000

export class GroupHistory {
  readonly #heard = new Map<string, OverheardMessage[]>()

  /** Notes a message that was refused, where it would have been answered with a mention. */
  note(plan: Plan, message: InboundMessage, standing: Standing): void {
    const channel = plan.channels.get(message.channelId)
    if (channel === undefined || message.groupId === undefined || message.mentionsBot !== false) return
    const { history = 0 } = groupSettings(channel, message)
    if (history === 0 || !admission(plan, { ...message, mentionsBot: true }, standing).admitted) return
    const key = keyOf(message)
    const heard = [...(this.#heard.get(key) ?? []), overheard(message)].slice(-history)
    this.#heard.delete(key)
    this.#heard.set(key, heard)
    const [oldest] = this.#heard.keys()
    if (this.#heard.size > MOST_GROUPS && oldest !== undefined) this.#heard.delete(oldest)
  }

  /** What was said there since the last answer. It is given once. */
  take(message: InboundMessage): readonly OverheardMessage[] | undefined {
    if (this.#heard.size === 0 || message.groupId === undefined) return undefined
    const key = keyOf(message)
    const heard = this.#heard.get(key)
    this.#heard.delete(key)
    return heard
  }
}

const keyOf = ({ channelId, groupId, threadId }: InboundMessage): string => JSON.stringify([channelId, groupId, threadId ?? null])

const overheard = ({ userId, displayName, content }: InboundMessage): OverheardMessage => ({
  userId,
  content: content.slice(0, MOST_CHARS),
  ...(displayName === undefined ? {} : { displayName }),
})
