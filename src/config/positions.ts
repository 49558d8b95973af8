// Offsets in a text → lines and columns that count from 1.

import type { Position } from '../errors.ts'
import type { SourceText } from './yaml/tree.ts'

const lineStarts = new WeakMap<SourceText, readonly number[]>()

function startsOf(source: SourceText): readonly number[] {
  const known = lineStarts.get(source)
  if (known !== undefined) return known
  const starts = [0]
  for (let at = source.text.indexOf('\n'); at !== -1; at = source.text.indexOf('\n', at + 1)) starts.push(at + 1)
  lineStarts.set(source, starts)
  return starts
}

/** Line and column of an offset. A byte order mark takes no column. */
function lineAndColumn(source: SourceText, offset: number): { line: number; column: number } {
  const starts = startsOf(source)
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (starts[middle]! <= offset) low = middle
    else high = middle - 1
  }
  const mark = low === 0 && source.text.charCodeAt(0) === 0xfeff ? 1 : 0
  return { line: low + 1, column: Math.max(1, offset - starts[low]! + 1 - mark) }
}

export function positionOf(source: SourceText, start: number, end: number): Position {
  const from = lineAndColumn(source, start)
  const to = lineAndColumn(source, Math.max(start, end))
  return { file: source.file, ...from, endLine: to.line, endColumn: to.column }
}
