// The messages of a request, with where each of their blocks comes from in the transcript: for the rare case that a service
// names a block it refuses.

import type { ContentBlock, ModelMessage, RequestPlace } from '../models/port.ts'
import type { Replacement, Transcript } from '../storage/ports.ts'
import { tracedMessages } from './messages.ts'

/** A block of a transcript's line. */
export type Origin = Pick<Replacement, 'entry' | 'block' | 'inner'>

export interface Origins {
  readonly messages: readonly ModelMessage[]
  /** Where what is at a place comes from: one block, or all of a message. */
  at(place: RequestPlace): readonly Origin[]
  /** What an origin is in these messages; undefined: nothing that is sent. */
  block(origin: Origin): ContentBlock | undefined
  /** All blocks that pass, oldest first; those of tool results too. */
  find(passes: (block: ContentBlock) => boolean): readonly Origin[]
}

export function originsOf(transcript: Pick<Transcript, 'entries'>): Origins {
  const origins = new Map<ContentBlock, Origin>()
  const messages = tracedMessages(transcript, (block, origin) => origins.set(block, origin))
  const blocksOf = ({ content }: ModelMessage): readonly ContentBlock[] => (typeof content === 'string' ? [] : content)
  const originOf = (block: ContentBlock | undefined, inner?: number): readonly Origin[] => {
    const origin = block === undefined ? undefined : origins.get(block)
    if (origin === undefined) return []
    return [inner === undefined ? origin : { ...origin, inner }]
  }
  return {
    messages,
    at({ message, block, inner }) {
      const blocks = blocksOf(messages[message] ?? { role: 'user', content: '' })
      return block === undefined ? blocks.flatMap((one) => originOf(one)) : originOf(blocks[block], inner)
    },
    block({ entry, block, inner }) {
      for (const [found, origin] of origins) {
        if (origin.entry !== entry || origin.block !== block) continue
        const isInside = inner !== undefined && found.type === 'tool_result' && typeof found.content !== 'string'
        return isInside ? found.content[inner] : found
      }
      return undefined
    },
    find(passes) {
      return messages.flatMap(blocksOf).flatMap((block) => {
        if (passes(block)) return originOf(block)
        if (block.type !== 'tool_result' || typeof block.content === 'string') return []
        return block.content.flatMap((one, inner) => (passes(one) ? originOf(block, inner) : []))
      })
    },
  }
}
