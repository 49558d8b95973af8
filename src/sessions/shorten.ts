// Units that take too many tokens in, what of them is no longer sent out: tool results left out whole, oldest first; then
// pictures; then the longest texts without their middle.

import type { ContentBlock } from '../models/port.ts'
import type { Replacement, Transcript, TranscriptEntry } from '../storage/ports.ts'
import { resultsIn } from './blocks.ts'
import { contentAsSent, type Marks, resultLength, resultName } from './marks.ts'
import { estimateEntry } from './tokens.ts'
import type { Unit } from './units.ts'

export interface Trimmed {
  readonly names: readonly string[]
  readonly tokens: number
}

/** What a note in place of something takes. */
const NOTE_TOKENS = 40
/** Results shorter than this are not worth leaving out. */
const SHORT_RESULT = 400

/** Tool results to leave out, oldest first, until `over` tokens are saved; the last unit stays whole. */
export function trimToFit(units: readonly Unit[], { entries }: Pick<Transcript, 'entries'>, over: number): Trimmed {
  if (over <= 0) return { names: [], tokens: 0 }
  const names: string[] = []
  let tokens = 0
  for (const { name, saved } of candidates(units.slice(0, -1), entries)) {
    if (tokens >= over) break
    names.push(name)
    tokens += saved
  }
  return { names, tokens }
}

function candidates(
  units: readonly Unit[],
  entries: readonly TranscriptEntry[],
): readonly { readonly name: string; readonly saved: number }[] {
  const gone = new Set(entries.flatMap((entry) => (entry.kind === 'trim' ? (entry.trimmed ?? []) : [])))
  return units.flat().flatMap((entry) =>
    entry.role !== 'user'
      ? []
      : resultsIn(entry.content).flatMap((result) => {
          const name = resultName(entry, result)
          if (resultLength(result) < SHORT_RESULT || gone.has(name)) return []
          return [{ name, saved: estimateEntry({ content: [result] }) - NOTE_TOKENS }]
        }),
  )
}

const LEFT_OUT = '[This was left out: the conversation is too long for the model.]'
/** A text is left with at least so many characters. */
const LEAST_CHARS = 200
interface Piece {
  readonly at: Pick<Replacement, 'entry' | 'block' | 'inner'>
  readonly tokens: number
  readonly chars: number
  /** It can only be left out: a picture, a document, a thought. */
  readonly isWhole: boolean
}

/** Parts of messages to send shortened, so that all take at most `room` tokens. */
export function cutToFit(units: readonly Unit[], marks: Marks, trimmed: readonly string[], room: number): readonly Replacement[] {
  const sent: Marks = { ...marks, trimmed: new Set([...marks.trimmed, ...trimmed]) }
  const pieces = units.flat().flatMap((entry) => piecesOf(entry, sent))
  const cut: Replacement[] = []
  let left = pieces.reduce((sum, { tokens }) => sum + tokens, 0)
  for (const piece of pieces) {
    if (left <= room || !piece.isWhole) continue
    cut.push({ ...piece.at, note: LEFT_OUT })
    left -= piece.tokens - NOTE_TOKENS
  }
  const texts = pieces.filter(({ isWhole }) => !isWhole)
  const rest = left - texts.reduce((sum, { tokens }) => sum + tokens, 0)
  const most = longestThatFits(texts, room - rest)
  for (const { at, tokens, chars } of texts) {
    if (tokens <= most) continue
    cut.push({ ...at, keep: Math.max(LEAST_CHARS, Math.floor((chars * Math.max(0, most - NOTE_TOKENS)) / tokens)) })
  }
  return cut
}

/** The largest size that all may have at most, so that together they take no more than `room`. */
function longestThatFits(pieces: readonly Piece[], room: number): number {
  const sizes = pieces.map(({ tokens }) => tokens).sort((a, b) => a - b)
  let left = Math.max(0, room)
  for (const [i, size] of sizes.entries()) {
    const share = left / (sizes.length - i)
    if (size > share) return Math.floor(share)
    left -= size
  }
  return Number.POSITIVE_INFINITY
}

function piecesOf(entry: TranscriptEntry, marks: Marks): readonly Piece[] {
  const content = contentAsSent(entry, marks)
  if (typeof content === 'string') {
    return [{ at: { entry: entry.id, block: 0 }, tokens: estimateEntry({ content }), chars: content.length, isWhole: false }]
  }
  return content.flatMap((block, index) => {
    if (block.type !== 'tool_result' || typeof block.content === 'string')
      return [pieceOf(block, { entry: entry.id, block: index })]
    return (block.content ?? []).map((inner, at) => pieceOf(inner, { entry: entry.id, block: index, inner: at }))
  })
}

function pieceOf(block: ContentBlock, at: Piece['at']): Piece {
  const isWhole =
    block.type === 'image' || block.type === 'document'
      ? block.source.type !== 'text'
      : block.type === 'thinking' || block.type === 'redacted_thinking'
  return { at, tokens: estimateEntry({ content: [block] }), chars: charsOf(block), isWhole }
}

function charsOf(block: ContentBlock): number {
  switch (block.type) {
    case 'text':
      return block.text.length
    case 'tool_result':
      return typeof block.content === 'string' ? block.content.length : 0
    case 'tool_use':
      return (JSON.stringify(block.input) ?? '').length
    case 'image':
    case 'document':
      return block.source.data.length
    default:
      return 0
  }
}
