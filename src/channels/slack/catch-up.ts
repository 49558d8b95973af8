// What was said while the socket was not there: events of that time are gone, the history has them. Enters: where each
// conversation was taken up to. Leaves: messages, oldest first, in their conversation's turn.

import type { WebClient } from '@slack/web-api'
import { messageOf } from '../../errors.ts'
import { createBackoff } from '../backoff.ts'
import type { ChatQueues } from '../chat-sender.ts'
import type { ChannelHost } from '../port.ts'
import type { Positions } from '../positions.ts'
import { meaningOf, platformError } from './errors.ts'
import { conversationOf, isDirect, type SlackMessage } from './intake.ts'

const AWAY_MS = 24 * 3600 * 1000
/** History calls after a connection; the platform allows some fifty a minute. */
const MOST_KNOWN = 30
const MOST_NEW = 15
const MOST_PAGES = 5
/** Stands among the positions for the last connection: what a stranger to the bot said before it was heard. */
const CONNECTED = ''
/** By how much our clock and the platform's may differ. */
const SKEW_S = 60

export interface CatchUpWorld {
  readonly host: ChannelHost
  readonly web: WebClient
  readonly queues: ChatQueues
  readonly signal: AbortSignal
  positions(): Positions | null
  take(message: SlackMessage): Promise<unknown>
}

export interface CatchUp {
  /** A socket is there: asks for what was missed. */
  connected(): void
  /** Resolves when an event of this conversation may be taken: not before what was said there earlier has its place. */
  before(conversation: string): Promise<void>
}

export function createCatchUp({ host, web, queues, signal, positions, take }: CatchUpWorld): CatchUp {
  let listed: Promise<void> = Promise.resolve()

  /** New events of the conversation wait behind it. */
  const readOn = async (key: string, from: string): Promise<void> => {
    const backoff = createBackoff(host)
    while (!signal.aborted) {
      try {
        for (const message of await historyOf(key, from)) if (conversationOf(message) === key) await take(message)
        return
      } catch (error) {
        const { retry, retryAfterMs } = meaningOf(error)
        host.log.warn({ conversation: key, error: messageOf(error), again: retry }, 'slack history could not be read')
        // Gone or hidden from the bot: nothing to wait for.
        if (!retry) return
        await backoff.wait(signal, retryAfterMs)
      }
    }
  }

  /** A conversation from there on, oldest first. */
  const historyOf = async (key: string, from: string): Promise<SlackMessage[]> => {
    const [channel = '', thread] = key.split('/')
    const oldest = String(Math.max(Number(from), (Date.now() - AWAY_MS) / 1000).toFixed(6))
    const found: SlackMessage[] = []
    for (let cursor: string | undefined; cursor !== ''; ) {
      const page = { channel, oldest, limit: 200, ...(cursor === undefined ? {} : { cursor }) }
      const { messages, response_metadata: more } =
        thread === undefined ? await web.conversations.history(page) : await web.conversations.replies({ ...page, ts: thread })
      found.push(...((messages ?? []) as SlackMessage[]).map((message) => ({ ...message, channel })))
      cursor = more?.next_cursor ?? ''
    }
    return found.sort((a, b) => ((a.ts ?? '') < (b.ts ?? '') ? -1 : 1))
  }

  /** Direct conversations nobody was heard in yet, the newest first. */
  const newDirects = async (): Promise<string[]> => {
    const found: { readonly id: string; readonly created: number }[] = []
    let cursor = ''
    for (let page = 0; page < MOST_PAGES && (page === 0 || cursor !== ''); page++) {
      const asked = { types: 'im', exclude_archived: true, limit: 200, ...(cursor === '' ? {} : { cursor }) }
      const { channels, response_metadata: more } = await web.users.conversations(asked)
      for (const { id, created } of channels ?? [])
        if (id !== undefined && isDirect(id) && positions()?.get(id) === undefined) found.push({ id, created: created ?? 0 })
      cursor = more?.next_cursor ?? ''
    }
    return found
      .sort((a, b) => b.created - a.created)
      .slice(0, MOST_NEW)
      .map(({ id }) => id)
  }

  /** Someone's first words may have fallen into the gap. Never throws: what cannot be listed is not asked for. */
  const readNew = async (from: string): Promise<void> => {
    try {
      for (const key of await newDirects()) void queues.run(key, () => readOn(key, from))
    } catch (error) {
      const missing = platformError(error) === 'missing_scope'
      const hint = missing ? { hint: 'Give the app the scope im:read, then first messages said meanwhile are found, too.' } : {}
      host.log.info({ error: messageOf(error), ...hint }, 'slack did not list the direct conversations')
    }
  }

  return {
    connected() {
      const known = positions()?.all() ?? []
      const newest = Math.max(...known.map(([, position]) => Number(position)).filter(Number.isFinite))
      for (const [key, position] of known.filter(([key]) => key !== CONNECTED).slice(0, MOST_KNOWN))
        void queues.run(key, () => readOn(key, position))
      // At the very first start nothing was missed.
      if (known.length > 0) listed = readNew((newest - SKEW_S).toFixed(6))
      positions()?.set(CONNECTED, (Date.now() / 1000).toFixed(6))
    },
    before: (conversation) =>
      isDirect(conversation) && positions()?.get(conversation) === undefined ? listed : Promise.resolve(),
  }
}
