// Which message a completions request is: a new one, or one that was sent before and is asked again. A name for it is made of the
// caller and of the key or body, so that it is found again after a restart, by what the engine stores of every message.

import { createHash } from 'node:crypto'

export interface RequestToName {
  /** Who calls; the same body of two callers is two messages. */
  readonly caller: string
  /** Of the header `idempotency-key`. */
  readonly key?: string
  /** Of the header `x-stainless-retry-count`, which the official clients send. */
  readonly retries: number
  readonly body: string
}

/** Whether a message of this id was taken before. */
export type IsKnown = (messageId: string) => Promise<boolean>

/** A retry without a key means the same body of so many minutes at most. */
const MINUTES = 10
/** The same body so often within a minute is told apart. */
const MOST_A_MINUTE = 100

/** Names that were given and whose messages may not be stored yet: two at once with the same body are two messages. */
export type RequestNames = Set<string>

const MOST_REMEMBERED = 1_000

export async function nameRequest(
  { caller, key, retries, body }: RequestToName,
  now: number,
  isKnown: IsKnown,
  given: RequestNames,
): Promise<string> {
  if (key !== undefined) return `key-${digest([caller, key])}`
  const minute = Math.floor(now / 60_000)
  const name = (at: number, count: number): string => `body-${digest([caller, body])}-${at}-${count}`
  const newest = async (at: number): Promise<number> => {
    let count = 0
    while (count < MOST_A_MINUTE && (given.has(name(at, count)) || (await isKnown(name(at, count))))) count++
    return count - 1
  }
  if (retries > 0) {
    for (let at = minute; at > minute - MINUTES - 1; at--) {
      const count = await newest(at)
      if (count >= 0) return name(at, count)
    }
  }
  let count = (await newest(minute)) + 1
  // Another request may have taken it while the store was asked.
  while (given.has(name(minute, count))) count++
  const fresh = name(minute, count)
  given.add(fresh)
  const [oldest] = given
  if (given.size > MOST_REMEMBERED && oldest !== undefined) given.delete(oldest)
  return fresh
}

const digest = (parts: readonly string[]): string => createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)
