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
