// An answer as IRC lines: formatting codes, no line longer than a server takes, not more lines than a room bears.

import { type Dialect, PLAIN, renderMarkdown } from '../text/markdown.ts'
import { clampText, splitText } from '../text/split.ts'

/** Bytes of text a line can hold beside its prefix, in a message of 512. */
export const LINE_BYTES = 400
const MOST_LINES = 20

// Controls in the text could forge formatting, or whole commands.
const clean = (raw: string): string => raw.replace(/[^\P{Cc}\n\t]/gu, '')

const IRC: Dialect = {
  ...PLAIN,
  text: clean,
  bold: (inner) => `\x02${inner}\x02`,
  italic: (inner) => `\x1d${inner}\x1d`,
  code: (raw) => `\x11${clean(raw)}\x11`,
  pre: (raw) => clean(raw),
  heading: (inner) => `\x02${inner}\x02`,
}

/** Ends every line the bot says: nothing to people, and a sign to bots of this kind that it is not for them to answer. */
export const BOT_MARK = '\x0f\x0f'

const CUT = '… (the rest is cut: IRC is no place for long texts)'

export function toLines(markdown: string): string[] {
  const { text, cut } = clampText(markdown, LINE_BYTES, MOST_LINES)
  const lines = renderMarkdown(text, IRC)
    .split('\n')
    .map((line) => line.trimEnd().replace(/\t/g, '  '))
    .filter((line) => line !== '')
    .flatMap(fit)
  return cut || lines.length > MOST_LINES ? [...lines.slice(0, MOST_LINES - 1), CUT] : lines
}

/** Pieces of a line by bytes, broken at words. */
function fit(line: string): string[] {
  const bytes = Buffer.byteLength(line)
  if (bytes <= LINE_BYTES) return [line]
  const max = Math.max(8, Math.min(line.length - 1, Math.floor((line.length * LINE_BYTES) / bytes)))
  return splitText(line, max).flatMap((piece) => (piece.length < line.length ? fit(piece) : [piece]))
}

// Colours take digits with them.
const COLOR = new RegExp(`${String.fromCharCode(3)}(?:\\d{1,2}(?:,\\d{1,2})?)?|${String.fromCharCode(4)}[0-9a-f]{0,6}`, 'gi')

/** A person's text without formatting codes. */
export const plainText = (raw: string): string =>
  raw
    .replace(COLOR, '')
    .replace(/\p{Cc}/gu, '')
    .trim()
