// Answers as turns end, handed to whoever waits for them.

import type { StopSignal } from '../../stop.ts'
import type { SessionStore, StoredAnswer } from '../../storage/ports.ts'

export interface Answers {
  /** As soon as there is one, stored ones included. @throws when the signal aborts. */
  wait(session: string, messageId: string, signal?: StopSignal): Promise<StoredAnswer>
  /** Hands a stored answer to everyone who waits for it. */
  resolve(answer: StoredAnswer): void
}

export function createAnswers(store: Pick<SessionStore, 'answer'>): Answers {
  const waiters = new Map<string, Set<(answer: StoredAnswer) => void>>()

  return {
    async wait(session, messageId, signal) {
      const key = waiterKey(session, messageId)
      let resolve: (answer: StoredAnswer) => void = () => {}
      const answered = new Promise<StoredAnswer>((done) => {
        resolve = done
      })
      const set = waiters.get(key) ?? new Set()
      waiters.set(key, set.add(resolve))
      try {
        const stored = await store.answer(session, messageId)
        if (stored !== null) return stored
        return await (signal === undefined ? answered : Promise.race([answered, aborted(signal)]))
      } finally {
        set.delete(resolve)
        if (set.size === 0 && waiters.get(key) === set) waiters.delete(key)
      }
    },
    resolve(answer) {
      const key = waiterKey(answer.session, answer.messageId)
      for (const resolve of waiters.get(key) ?? []) resolve(answer)
      waiters.delete(key)
    },
  }
}

const waiterKey = (session: string, messageId: string): string => `${session}\n${messageId}`

function aborted(signal: StopSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
