// Cuts a long Markdown text into messages a platform takes. Enters: text and a limit in UTF-16 units. Leaves: chunks that
// break at paragraph ends where they can, then at lines, sentences, words; code blocks stay whole or are closed and reopened.

import { cutAt } from '../../text-cut.ts'

interface Block {
  readonly text: string
  readonly fence?: { readonly open: string; readonly close: string; readonly lines: readonly string[] }
}

const FENCE = /^ {0,3}(`{3,}|~{3,})([^`]*)$/

/** Paragraphs (with the blank lines after them) and fenced code blocks, in order; joined they are the text. */
function blocksOf(text: string): Block[] {
  const blocks: Block[] = []
  let paragraph: string[] = []
  const endParagraph = (): void => {
    if (paragraph.length > 0) blocks.push({ text: paragraph.join('\n') })
    paragraph = []
  }
  const lines = text.split('\n')
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] as string
    const fence = FENCE.exec(line)
    if (fence !== null) {
      endParagraph()
      const mark = fence[1] as string
      const inner: string[] = []
      let end = i + 1
      while (end < lines.length && !closes(lines[end] as string, mark)) inner.push(lines[end++] as string)
      const close = mark
      blocks.push({ text: [line, ...inner, close].join('\n'), fence: { open: line, close, lines: inner } })
      i = end
      continue
    }
    if (line.trim() === '') {
      endParagraph()
      continue
    }
    paragraph.push(line)
  }
  endParagraph()
  return blocks
}

function closes(line: string, mark: string): boolean {
  const trimmed = line.trim()
  return trimmed.length >= mark.length && trimmed === mark.charAt(0).repeat(trimmed.length)
}

/** Pieces of a paragraph no longer than `max`: at line ends, else sentence ends, else blanks, else anywhere safe. */
function cutParagraph(text: string, max: number): string[] {
  const chunks: string[] = []
  let rest = text
  while (rest.length > max) {
    const head = rest.slice(0, max + 1)
    const least = Math.floor(max / 2)
    let at = head.lastIndexOf('\n')
    if (at < least) at = lastSentenceEnd(head, least)
    if (at < least) at = head.search(/\s\S*$/)
    if (at < least || at > max) at = cutAt(rest, max)
    chunks.push(rest.slice(0, at).trimEnd())
    rest = rest.slice(at).replace(/^[^\S\n]*\n?/, '')
  }
  if (rest.trim() !== '') chunks.push(rest)
  return chunks.filter((chunk) => chunk !== '')
}

function lastSentenceEnd(head: string, least: number): number {
  let found = -1
  const end = /[.!?…。！？]["'”’)\]]*(?=\s)|[。！？]/g
  end.lastIndex = least
  for (let match = end.exec(head); match !== null; match = end.exec(head)) found = match.index + match[0].length
  return found < head.length ? found : -1
}

/** Pieces of a code block, each closed and opened again with its language. */
function cutFence(fence: NonNullable<Block['fence']>, max: number): string[] {
  const room = max - fence.open.length - fence.close.length - 2
  if (room < 8) return cutParagraph(fence.lines.join('\n'), max)
  const chunks: string[] = []
  let current: string[] = []
  let size = 0
  const flush = (): void => {
    if (current.length > 0) chunks.push([fence.open, ...current, fence.close].join('\n'))
    current = []
    size = 0
  }
  for (const line of fence.lines) {
    let rest = line
    while (rest.length > room) {
      flush()
      const at = Math.max(1, cutAt(rest, room))
      chunks.push([fence.open, rest.slice(0, at), fence.close].join('\n'))
      rest = rest.slice(at)
    }
    if (size + rest.length + 1 > room) flush()
    current.push(rest)
    size += rest.length + 1
  }
  flush()
  return chunks
}

/** At least one chunk (an empty text gives none); each at most `max` UTF-16 units. */
export function splitText(text: string, max: number): string[] {
  const whole = text.replace(/\r\n?/g, '\n')
  if (whole.trim() === '') return []
  if (whole.length <= max) return [whole.trim()]
  const chunks: string[] = []
  let current = ''
  const flush = (): void => {
    if (current !== '') chunks.push(current)
    current = ''
  }
  for (const block of blocksOf(whole)) {
    const joined = current === '' ? block.text : `${current}\n\n${block.text}`
    if (joined.length <= max) {
      current = joined
      continue
    }
    flush()
    if (block.text.length <= max) {
      current = block.text
      continue
    }
    const pieces = block.fence === undefined ? cutParagraph(block.text, max) : cutFence(block.fence, max)
    chunks.push(...pieces.slice(0, -1))
    current = pieces.at(-1) ?? ''
  }
  flush()
  return chunks
}

/** A chunk in the platform's dialect beside its source, for a fallback. */
export interface RenderedChunk {
  readonly source: string
  readonly rendered: string
}

/** Splits so that each chunk fits after rendering too; `measure` gives the length the platform counts. */
export function splitRendered(
  text: string,
  max: number,
  render: (markdown: string) => string,
  measure: (rendered: string) => number = (rendered) => rendered.length,
): RenderedChunk[] {
  const fit = (source: string, limit: number): RenderedChunk[] => {
    const rendered = render(source)
    if (measure(rendered) <= max || limit < 16) return [{ source, rendered }]
    const smaller = Math.floor(limit / 2)
    return splitText(source, smaller).flatMap((chunk) => fit(chunk, smaller))
  }
  return splitText(text, max).flatMap((chunk) => fit(chunk, Math.min(max, chunk.length)))
}

/** At most `most` chunks: what goes beyond is cut and said. Tells whether something was cut. */
export function clampText(text: string, max: number, most: number): { text: string; cut: boolean } {
  const room = max * most
  if (text.length <= room) return { text, cut: false }
  const at = cutAt(text, room)
  return { text: text.slice(0, at), cut: true }
}
