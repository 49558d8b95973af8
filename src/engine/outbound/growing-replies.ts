// Which messages show a reply that is not finished, kept so that the next process finishes it in place: one value a reply, from the
// first message until the reply is delivered.

import type { Channel, ReplyStream, ReplyTarget, StreamOptions } from '../../channels/port.ts'
import type { KeyValueStore } from '../../storage/ports.ts'

interface Growing {
  /** First to last. */
  readonly ids: readonly string[]
  /** One more was about to be posted, and may be there. */
  readonly isPosting: boolean
}

/** What an earlier attempt showed of a reply. `sure: false`: a message may be there that nobody knows the id of. */
export interface Leftover {
  readonly stream: ReplyStream | null
  readonly sure: boolean
}

export class GrowingReplies {
  readonly #kv: KeyValueStore

  constructor(kv: KeyValueStore) {
    this.#kv = kv
  }

  /** A reply that begins to grow; null: the channel has no messages that can. */
  begin(key: string, channel: Channel, target: ReplyTarget, session: string): ReplyStream | null {
    return channel.stream?.(target, session, this.#optionsOf(key, [])) ?? null
  }

  /** What was shown of a reply by an earlier attempt at it, as a stream that goes on in the same messages; null: nothing. */
  async resume(key: string, channel: Channel, target: ReplyTarget, session: string): Promise<Leftover | null> {
    const text = await this.#kv.get(nameOf(key))
    if (text === null) return null
    const { ids, isPosting } = JSON.parse(text) as Growing
    if (ids.length === 0 && !isPosting) return null
    const stream = channel.stream?.(target, session, this.#optionsOf(key, ids)) ?? null
    return { stream, sure: stream !== null && !isPosting }
  }

  /** The reply was delivered. */
  async forget(key: string): Promise<void> {
    await this.#kv.delete(nameOf(key))
  }

  #optionsOf(key: string, shown: readonly string[]): StreamOptions {
    return {
      shown,
      note: (ids, isPosting) => this.#kv.set(nameOf(key), JSON.stringify({ ids, isPosting } satisfies Growing)),
    }
  }
}

const nameOf = (key: string): string => `growing:${key}`
