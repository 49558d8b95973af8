// The service's prompt cache, as far as a client can see it: a request in; tokens read, written and neither out.

import { createHash } from 'node:crypto'
import type { MessagesRequest } from './messages-rules.ts'

/** How many blocks before a mark the service looks for an earlier prefix. */
const LOOK_BACK = 20
/** Later than so many others, a prefix is forgotten: long runs must not grow. */
const MOST_KNOWN = 20_000

export interface PrefixTokens {
  readonly read: number
  readonly written: number
  readonly rest: number
}

export function createPrefixCache(): { read(body: MessagesRequest): PrefixTokens } {
  const known = new Set<string>()
  return {
    read(body) {
      // Order of the prefix: tools, system, messages. Bytes count, so that any change before a mark is a miss.
      const parts = partsOf(body)
      const hash = createHash('sha1').update(body.model)
      const ends: { key: string; bytes: number; marked: boolean }[] = []
      let bytes = 0
      for (const part of parts) {
        hash.update(part.text)
        bytes += Buffer.byteLength(part.text)
        ends.push({ key: hash.copy().digest('base64'), bytes, marked: part.marked })
      }
      let read = 0
      let written = 0
      for (const [i, end] of ends.entries()) {
        if (!end.marked) continue
        for (const earlier of ends.slice(Math.max(0, i - LOOK_BACK), i + 1)) {
          if (known.has(earlier.key)) read = Math.max(read, earlier.bytes)
        }
        written = Math.max(written, end.bytes)
      }
      for (const end of ends) if (end.marked) known.add(end.key)
      for (const oldest of known) {
        if (known.size <= MOST_KNOWN) break
        known.delete(oldest)
      }
      const tokens = (count: number): number => Math.ceil(count / 4)
      return {
        read: tokens(read),
        written: tokens(Math.max(0, written - read)),
        rest: tokens(bytes - Math.max(written, read)),
      }
    },
  }
}

function partsOf(body: MessagesRequest): readonly { text: string; marked: boolean }[] {
  const parts: { text: string; marked: boolean }[] = []
  const add = (value: object, where: string): void => {
    const { cache_control: mark, ...rest } = value as { cache_control?: unknown }
    parts.push({ text: where + JSON.stringify(rest), marked: mark !== undefined })
  }
  for (const tool of body.tools ?? []) add(tool, 'tool')
  if (typeof body.system === 'string') add({ type: 'text', text: body.system }, 'system')
  else for (const block of body.system ?? []) add(block, 'system')
  for (const message of body.messages) {
    const blocks = typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : message.content
    for (const block of blocks) add(block, message.role)
  }
  return parts
}
