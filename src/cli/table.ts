// Rows in, aligned lines out, for people at a terminal.

import { type Io, paint } from './io.ts'

/** Cells come from outside; what would move the cursor or hide text is shown, not sent. */
export const printable = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`)

export function printTable(io: Io, heads: readonly string[], rows: readonly (readonly string[])[]): void {
  const shown = rows.map((row) => row.map(printable))
  const widths = heads.map((head, index) => Math.max(head.length, ...shown.map((row) => row[index]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd()
  io.out(`${paint(io, 'dim', line(heads))}\n`)
  for (const row of shown) io.out(`${line(row)}\n`)
}

/** Columns that a text takes on a terminal: East Asian characters and emoji take two, marks none. */
export const columnsOf = (text: string): number =>
  [...text].reduce((columns, character) => columns + (MARK.test(character) ? 0 : WIDE.test(character) ? 2 : 1), 0)

const MARK = /^\p{M}$/u
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}\p{Emoji_Presentation}]$/u

/** Lines of at most `width` columns, broken at blanks, and inside a word that is longer. `hang`: more indentation from the second on. */
export function wrapped(
  text: string,
  { width = 80, indent = 0, hang = 0 }: { readonly width?: number; readonly indent?: number; readonly hang?: number } = {},
): readonly string[] {
  const lines: string[] = []
  let line = ' '.repeat(indent)
  let isEmpty = true
  const flush = (): void => {
    lines.push(line.trimEnd())
    line = ' '.repeat(indent + hang)
    isEmpty = true
  }
  for (const word of text.split(/(?<=\S)(?= )/)) {
    let left = isEmpty ? word.trimStart() : word
    if (isEmpty && lines.length === 0) left = word
    if (!isEmpty && columnsOf(line + left) > width) {
      flush()
      left = left.trimStart()
    }
    for (const character of left) {
      if (columnsOf(line + character) > width) flush()
      line += character
      isEmpty = false
    }
  }
  flush()
  return lines
}

/** `2026-01-31 08:15`, local time. */
export function minute(time: number | string): string {
  const date = new Date(time)
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`
}

/** Text of a model for a terminal: line feeds and tabs stay, what would steer the terminal or reorder text is shown. */
export const terminalText = (text: string): string =>
  text.replace(
    /(?![\n\t])\p{Cc}|[\u202a-\u202e\u2066-\u2069\u2028\u2029]/gu,
    (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  )
