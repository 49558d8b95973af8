// How many tokens a transcript takes in a request: what the model last counted, and an estimate for what came since.

import type { ContentBlock, MediaBlock } from '../models/port.ts'
import type { Transcript, TranscriptEntry } from '../storage/ports.ts'
import { messagesOf } from './messages.ts'

/** UTF-8 bytes: letters of most scripts take more of them, and more tokens, than Latin ones. */
export const BYTES_PER_TOKEN = 4
/** Media cost by their size on screen, not by their bytes; this is what a large image takes. */
const MEDIA_TOKENS = 1_600

export const estimateText = (text: string): number => Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN)

/** Contents stay the same objects from turn to turn, so each is counted once. */
const counted = new WeakMap<object, number>()

export function estimateEntry({ content }: Pick<TranscriptEntry, 'content'>): number {
  if (typeof content === 'string') return estimateText(content)
  const known = counted.get(content)
  if (known !== undefined) return known
  const tokens = content.reduce((sum, block) => sum + estimateBlock(block), 0)
  counted.set(content, tokens)
  return tokens
}

function estimateBlock(block: ContentBlock): number {
  if (block.type === 'image' || block.type === 'document') return mediaTokens(block as MediaBlock)
  if (block.type === 'tool_result' && typeof block.content !== 'string') {
    return (block.content ?? []).reduce((sum, inner) => sum + estimateBlock(inner), 0)
  }
  return estimateText(JSON.stringify(block))
}

/** After these lines a count that a model made before no longer holds. */
const CHANGES: ReadonlySet<string> = new Set(['summary', 'trim', 'replace', 'reset'])

/**
 * Tokens of the next request, its system text and tools included once a model has counted them; `fixed` is what those are
 * taken for until then.
 */
export function contextTokens(transcript: Pick<Transcript, 'entries'>, fixed = 0): number {
  const { entries } = transcript
  const changed = entries.findLastIndex((entry) => CHANGES.has(entry.kind ?? ''))
  const last = entries.findLastIndex((entry) => entry.usage !== undefined)
  if (last <= changed) return fixed + estimateAll(transcript)
  const usage = entries[last]?.usage
  if (usage === undefined) return fixed + estimateAll(transcript)
  const known = usage.input + usage.cacheRead + usage.cacheWrite + usage.output
  return entries.slice(last + 1).reduce((sum, entry) => sum + (entry.kind === undefined ? estimateEntry(entry) : 0), known)
}

const estimateAll = (transcript: Pick<Transcript, 'entries'>): number =>
  messagesOf(transcript).reduce((sum, message) => sum + estimateEntry(message), 0)

function mediaTokens({ source }: MediaBlock): number {
  return source.type === 'text' ? estimateText(source.data) : MEDIA_TOKENS
}
