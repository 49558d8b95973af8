// Waiting for the answer to a message: the stored one, or the one that its turn ends with.

import type { StopSignal } from '../../stop.ts'
import type { Inbox, StoredAnswer } from '../../storage/ports.ts'
import type { EventOf, EventSource } from '../hub.ts'

export class Answers {
  readonly #store: Pick<Inbox, 'answer'>
  readonly #events: EventSource
  readonly #waiters = new Map<string, Set<(answer: StoredAnswer) => void>>()
  /** Ends listening; absent while nobody waits. */
  #off: (() => void) | undefined

  constructor(store: Pick<Inbox, 'answer'>, events: EventSource) {
    this.#store = store
    this.#events = events
  }

  /** As soon as there is one, stored ones included. @throws when the signal aborts */
  async wait(session: string, messageId: string, signal?: StopSignal): Promise<StoredAnswer> {
    const key = waiterKey(session, messageId)
    let resolve: (answer: StoredAnswer) => void = () => {}
    const answered = new Promise<StoredAnswer>((done) => {
      resolve = done
    })
    const waiters = this.#waiters.get(key) ?? new Set()
    this.#waiters.set(key, waiters.add(resolve))
    this.#off ??= this.#events.on('turn_end', (event) => this.#resolve(event))
    try {
      const stored = await this.#store.answer(session, messageId)
      if (stored !== null) return stored
      return await (signal === undefined ? answered : Promise.race([answered, aborted(signal)]))
    } finally {
      waiters.delete(resolve)
      if (waiters.size === 0 && this.#waiters.get(key) === waiters) this.#waiters.delete(key)
      if (this.#waiters.size === 0) {
        this.#off?.()
        this.#off = undefined
      }
    }
  }

  #resolve({ sessionKey: session, agentId, messageIds, text: response, isError, usage, attachments }: EventOf<'turn_end'>): void {
    for (const messageId of messageIds) {
      const key = waiterKey(session, messageId)
      const answer: StoredAnswer = {
        agentId,
        session,
        messageId,
        response,
        ...(isError ? { isError } : {}),
        ...(attachments === undefined ? {} : { attachments }),
        ...(usage === undefined ? {} : { usage }),
      }
      for (const resolve of this.#waiters.get(key) ?? []) resolve(answer)
      this.#waiters.delete(key)
    }
  }
}

const waiterKey = (session: string, messageId: string): string => `${session}\n${messageId}`

function aborted(signal: StopSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
