// What later lines of a transcript say about earlier ones in, contents as they are sent out: results that were trimmed, blocks
// that became a note, texts without their middle.

import type { ContentBlock, MediaBlock, TextBlock, ToolResultBlock } from '../models/port.ts'
import type { Replacement, Transcript, TranscriptEntry } from '../storage/ports.ts'
import { boundaryAfter, headOf, withoutMiddle } from '../text-cut.ts'

type Content = TranscriptEntry['content']

export interface Marks {
  /** Names of tool results, see `resultName`. */
  readonly trimmed: ReadonlySet<string>
  /** By the id of the line. */
  readonly replaced: ReadonlyMap<string, readonly Replacement[]>
  /** Lines before this index are sent as plain text. */
  readonly plainBefore: number
}

export function marksOf({ entries }: Pick<Transcript, 'entries'>): Marks {
  const trimmed = new Set<string>()
  const replaced = new Map<string, Replacement[]>()
  let plainBefore = 0
  for (const [at, entry] of entries.entries()) {
    if (entry.kind === 'trim') for (const name of entry.trimmed ?? []) trimmed.add(name)
    if (entry.kind !== 'replace') continue
    if (entry.plain === true) plainBefore = at
    for (const one of entry.replaced ?? []) replaced.set(one.entry, [...(replaced.get(one.entry) ?? []), one])
  }
  return { trimmed, replaced, plainBefore }
}

/** How a trim names a tool result: ids of calls alone need not be unique in a transcript. */
export const resultName = (entry: Pick<TranscriptEntry, 'id'>, result: ToolResultBlock): string =>
  `${entry.id}#${result.tool_use_id}`

/** The content itself where nothing was said about it. Blocks keep their places. */
export function contentAsSent(entry: Pick<TranscriptEntry, 'id' | 'content'>, { trimmed, replaced }: Marks): Content {
  const { id, content } = entry
  const changes = replaced.get(id)
  if (typeof content === 'string') return changes === undefined ? content : changes.reduce(changedText, content)
  const isTrimmed = (block: ContentBlock): block is ToolResultBlock =>
    block.type === 'tool_result' && trimmed.has(resultName(entry, block))
  if (changes === undefined && (trimmed.size === 0 || !content.some(isTrimmed))) return content
  return content.map((block, index) => {
    const own = changes?.filter((one) => one.block === index) ?? []
    const changed = own.reduce(changedBlock, block)
    return isTrimmed(block) && changed.type === 'tool_result' ? { ...changed, content: leftOut(block) } : changed
  })
}

const changedText = (text: string, { note, keep }: Replacement): string =>
  note ?? (keep === undefined ? text : withoutMiddle(text, keep))

function changedBlock(block: ContentBlock, change: Replacement): ContentBlock {
  const { note, keep } = change
  switch (block.type) {
    case 'text':
      return { ...block, text: changedText(block.text, change) }
    case 'tool_result':
      return { ...block, content: changedResult(block.content, change) }
    case 'tool_use':
      if (note !== undefined) return { type: 'text', text: note }
      return keep === undefined ? block : { ...block, input: shortInput(block.input, keep) }
    case 'image':
    case 'document':
      return changedMedia(block, note, keep)
    default:
      // A thought has no words to stand in its place.
      return note === undefined ? block : { type: 'text', text: '' }
  }
}

function changedResult(content: ToolResultBlock['content'], change: Replacement): ToolResultBlock['content'] {
  const { inner, note, keep } = change
  if (typeof content === 'string') return changedText(content, change)
  if (inner === undefined) return note ?? content
  return content.map((block, index): TextBlock | MediaBlock => {
    if (index !== inner) return block
    return block.type === 'text' ? { ...block, text: changedText(block.text, change) } : changedMedia(block, note, keep)
  })
}

function changedMedia(block: MediaBlock, note: string | undefined, keep: number | undefined): TextBlock | MediaBlock {
  if (note !== undefined) return { type: 'text', text: note }
  if (keep === undefined || block.source.type !== 'text') return block
  return { ...block, source: { ...block.source, data: withoutMiddle(block.source.data, keep) } }
}

/** An input must stay a map; its beginning tells what the call was. */
function shortInput(input: unknown, keep: number): object {
  const text = JSON.stringify(input) ?? ''
  return { left_out: `${text.length - boundaryAfter(text, keep)} characters of this input`, beginning: headOf(text, keep) }
}

const leftOut = (result: ToolResultBlock): string =>
  `[Left out to save room: ${resultLength(result)} characters. Call the tool again if they matter.]`

/** Characters of a result, media as their data. */
export function resultLength({ content }: ToolResultBlock): number {
  if (content === undefined || typeof content === 'string') return content?.length ?? 0
  return content.reduce((sum, block) => sum + (block.type === 'text' ? block.text.length : block.source.data.length), 0)
}
