// A request in, the same within the service's limits of media out: pictures that are too large are scaled, what cannot be sent
// becomes a note in its place, the oldest first where there is too much. What is checked once is not checked again.

import { type Checked, check, nameOf } from './media-check.ts'
import type { MediaLimits } from './media-limits.ts'
import type { ContentBlock, LeftOut, MediaBlock, ModelMessage, ModelRequest, TextBlock, ToolResultBlock } from './port.ts'

interface Found {
  readonly place: { readonly message: number; readonly block: number; readonly inner?: number }
  readonly block: MediaBlock
}

export interface Fitted {
  /** The same object where nothing had to change. */
  readonly request: ModelRequest
  readonly leftOut: readonly LeftOut[]
}

const NONE: readonly never[] = []

export async function fitMedia(request: ModelRequest, limits: MediaLimits): Promise<Fitted> {
  const found = request.messages.flatMap(mediaAt)
  if (found.length === 0) return { request, leftOut: NONE }
  const side = imagesIn(found) > limits.many.above ? limits.many.side : limits.imageSide
  const checked: { found: Found; now: Checked }[] = []
  for (const [i, one] of found.entries()) {
    const tooMany = i < found.length - limits.count
    const now = tooMany ? { why: `only ${limits.count} are taken at once` } : await check(one.block, side, limits)
    checked.push({ found: one, now })
  }
  const fitting = withinBytes(checked, limits.requestBytes)
  const changes = fitting.filter(({ found, now }) => !('source' in now) || now.source !== found.block.source)
  if (changes.length === 0) return { request, leftOut: NONE }
  const leftOut = fitting.flatMap(({ found: { place, block }, now }) =>
    'why' in now ? [{ place, what: nameOf(block), why: now.why }] : [],
  )
  return { request: { ...request, messages: changed(request.messages, changes) }, leftOut }
}

/** Messages stay the same objects from turn to turn, so each is looked through once. */
const media = new WeakMap<ModelMessage, readonly Omit<Found, 'message'>[]>()

function mediaAt(message: ModelMessage, index: number): readonly Found[] {
  if (typeof message.content === 'string') return NONE
  const known = media.get(message)
  const list = known ?? mediaIn(message.content)
  if (known === undefined) media.set(message, list)
  return list.length === 0 ? NONE : list.map(({ place, block }) => ({ place: { ...place, message: index }, block }))
}

function mediaIn(content: readonly ContentBlock[]): readonly Found[] {
  const list: Found[] = []
  for (const [at, block] of content.entries()) {
    if (isMedia(block)) list.push({ place: { message: 0, block: at }, block })
    if (block.type !== 'tool_result' || typeof block.content === 'string') continue
    for (const [inner, one] of block.content.entries())
      if (isMedia(one)) list.push({ place: { message: 0, block: at, inner }, block: one })
  }
  return list.length === 0 ? NONE : list
}

const isMedia = (block: ContentBlock): block is MediaBlock => block.type === 'image' || block.type === 'document'

const imagesIn = (found: readonly Found[]): number => found.filter(({ block }) => block.type === 'image').length

export const leftOutNote = (what: string, why: string): string => `[A ${what} was left out here: ${why}.]`

/** The newest that fit together; the oldest go first. */
function withinBytes(
  checked: readonly { found: Found; now: Checked }[],
  most: number,
): readonly { found: Found; now: Checked }[] {
  let left = most
  return checked
    .toReversed()
    .map(({ found, now }) => {
      if (!('source' in now)) return { found, now }
      left -= now.source.data.length
      return left >= 0 ? { found, now } : { found, now: { why: 'there is too much for one request' } }
    })
    .toReversed()
}

/** Messages with changes, as they were made the last time: what is the same from call to call stays the same object. */
const made = new WeakMap<ModelMessage, { readonly key: string; readonly message: ModelMessage }>()

function changed(messages: readonly ModelMessage[], changes: readonly { found: Found; now: Checked }[]): readonly ModelMessage[] {
  return messages.map((message, index) => {
    const own = changes.filter(({ found }) => found.place.message === index)
    if (own.length === 0 || typeof message.content === 'string') return message
    const key = own
      .map(({ found: { place }, now }) => `${place.block}.${place.inner}:${'why' in now ? now.why : now.source.data.length}`)
      .join()
    const known = made.get(message)
    if (known?.key === key) return known.message
    const content = message.content.map((block, at) =>
      changedBlock(
        block,
        own.filter(({ found }) => found.place.block === at),
      ),
    )
    const fresh = { ...message, content }
    made.set(message, { key, message: fresh })
    return fresh
  })
}

function changedBlock(block: ContentBlock, own: readonly { found: Found; now: Checked }[]): ContentBlock {
  const [first] = own
  if (first === undefined) return block
  if (block.type !== 'tool_result' || typeof block.content === 'string') return sent(first)
  const content = block.content.map((one, at): TextBlock | MediaBlock => {
    const change = own.find(({ found }) => found.place.inner === at)
    return change === undefined ? one : sent(change)
  })
  return { ...block, content } satisfies ToolResultBlock
}

const sent = ({ found, now }: { found: Found; now: Checked }): TextBlock | MediaBlock =>
  'source' in now ? { ...found.block, source: now.source } : { type: 'text', text: leftOutNote(nameOf(found.block), now.why) }
