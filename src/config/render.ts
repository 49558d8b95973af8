// Diagnostics → text for a person: place, words, the lines of the file with a mark below, hint, code.

import { relative, sep } from 'node:path'
import type { Diagnostic, Position, Severity } from '../errors.ts'
import { readOrdinaryFileSync } from '../ordinary-file.ts'
import { maskSecrets } from './mask.ts'

export interface RenderOptions {
  /** Folder that shown paths are relative to. */
  readonly cwd: string
  readonly color: boolean
  /** Text of a file, for code frames; null: read it from the disk. */
  readonly textOf?: (file: string) => string | null
}

const COLORS = { error: 31, warning: 33, note: 36 } as const satisfies Record<Severity, number>

export const countsOf = (diagnostics: readonly Diagnostic[]): Readonly<Record<Severity, number>> => {
  const counts = { error: 0, warning: 0, note: 0 }
  for (const { severity } of diagnostics) counts[severity]++
  return counts
}

/** A path as a person at `cwd` would type it. */
export function shownPath(file: string, cwd: string): string {
  if (file === '') return ''
  const short = relative(cwd, file)
  return short === '' || short.startsWith(`..${sep}..${sep}`) ? file : short
}

/** Paths inside messages, relative too. */
export const shownText = (text: string, cwd: string): string => text.replaceAll(`${cwd}${sep}`, '')

export function renderHuman(diagnostics: readonly Diagnostic[], options: RenderOptions): string {
  const texts = new Map<string, string | null>()
  const textOf = (file: string): string | null => {
    const known = texts.get(file)
    if (known !== undefined) return known
    const raw = options.textOf?.(file) ?? readOrNull(file)
    // A secret that stands literally in the file is not repeated in a terminal or a CI log.
    const text = raw === null ? null : maskSecrets(raw)
    texts.set(file, text)
    return text
  }
  return diagnostics.map((problem) => renderOne(problem, options, textOf)).join('\n')
}

function renderOne(problem: Diagnostic, { cwd, color }: RenderOptions, textOf: (file: string) => string | null): string {
  const paint = (code: number, text: string): string => (color ? `\u001b[${code}m${text}\u001b[0m` : text)
  const where = `${shownPath(problem.file, cwd)}:${problem.line}:${problem.column}`
  const head = `${paint(1, where)} ${paint(COLORS[problem.severity], problem.severity)} ${problem.code}: ${printable(shownText(problem.message, cwd))}`
  const lines = [head, ...codeFrame(problem, textOf, (text) => paint(COLORS[problem.severity], text))]
  for (const other of problem.related ?? []) {
    lines.push(`  ${paint(2, `${shownPath(other.file, cwd)}:${other.line}:${other.column} ${other.message}`)}`)
    lines.push(...codeFrame(other, textOf, (text) => paint(2, text)))
  }
  if (problem.hint !== undefined) lines.push(`  ${paint(2, 'hint:')} ${printable(shownText(problem.hint, cwd))}`)
  return `${lines.join('\n')}\n`
}

/** Bytes that would move the cursor or hide text are shown, not sent. */
const printable = (text: string): string =>
  text.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, (mark) =>
    mark === '\t' || mark === '\n' ? mark : `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

const WIDTH = 110

/** The line, cut to what fits around the mark. */
function codeFrame(at: Position, textOf: (file: string) => string | null, mark: (text: string) => string): readonly string[] {
  const text = textOf(at.file)
  if (text === null || text === '') return []
  const line = printable((text.replace(/^\ufeff/, '').split('\n')[at.line - 1] ?? '').replace(/\r$/, '').replaceAll('\t', ' '))
  const from = at.column > WIDTH - 20 ? at.column - 40 : 0
  const shown = line.slice(from, from + WIDTH)
  const length = at.endLine === at.line ? Math.max(1, at.endColumn - at.column) : Math.max(1, line.length - at.column + 1)
  const gutter = String(at.line)
  const start = at.column - 1 - from
  return [
    `  ${gutter} | ${from > 0 ? '…' : ''}${shown}`,
    `  ${' '.repeat(gutter.length)} | ${' '.repeat(start + (from > 0 ? 1 : 0))}${mark('^'.repeat(Math.max(1, Math.min(length, WIDTH - start))))}`,
  ]
}

function readOrNull(file: string): string | null {
  try {
    return readOrdinaryFileSync(file).toString('utf8')
  } catch {
    return null
  }
}
