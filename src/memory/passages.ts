// The text of a note to passages, each with what a search weighs: its words, who speaks, whether it asks, whether it tells a time.

import { tellsTime } from './time-words.ts'
import { fold, wordsOf } from './words.ts'

export interface Passage {
  /** Of its first line, from 1. */
  readonly line: number
  /** Folded; '' where none is named. */
  readonly speaker: string
  readonly words: readonly string[]
  readonly asks: boolean
  readonly tellsTime: boolean
}

/** Paragraphs are joined up to so many characters; a longer line is a passage of its own. */
const MAX_CHARS = 700

/** `Ada: …`, also behind a date in brackets. */
const SPEAKER =
  /^(?:[-*>]\s+)?(?:\[[^\]\n]{0,60}\]\s*|\([^)\n]{0,60}\)\s*)?(\p{Lu}[\p{L}\p{M}'.-]*(?: \p{Lu}[\p{L}\p{M}'.-]*){0,2})(?:\s*\([^)\n]{0,60}\))?:\s/u

export function passagesOf(text: string): readonly Passage[] {
  if (text.length <= MAX_CHARS) return [passage(text, 1 + leadingLines(text))]
  const passages: Passage[] = []
  let start = 1
  let kept = ''
  let line = 0
  const flush = (): void => {
    if (kept.trim() !== '') passages.push(passage(kept, start + leadingLines(kept)))
    kept = ''
  }
  for (const one of text.split('\n')) {
    line += 1
    if (kept !== '' && kept.length + one.length > MAX_CHARS) flush()
    if (kept === '') start = line
    kept += `${one}\n`
    if (one.trim() === '' && kept.length > MAX_CHARS / 2) flush()
  }
  flush()
  return passages.length === 0 ? [passage(text, 1)] : passages
}

const leadingLines = (text: string): number => (/^\s*\n/.exec(text)?.[0].match(/\n/g) ?? []).length

function passage(text: string, line: number): Passage {
  const trimmed = text.trim()
  const speaker = SPEAKER.exec(trimmed)
  const said = speaker === null ? trimmed : trimmed.slice(speaker[0].length)
  const words = wordsOf(said)
  return {
    line,
    speaker: fold(speaker?.[1] ?? ''),
    words,
    asks: /[?？]\s*(?:\[[^\]]*\]\s*)?$/.test(said),
    tellsTime: tellsTime(words),
  }
}
