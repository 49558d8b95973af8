// Places of the loader in, places of the protocol out, and back: lines and columns that count from 1 here, from 0 there.

import { pathToFileURL } from 'node:url'
import type { Location, Position as ProtocolPosition, Range } from 'vscode-languageserver'
import { positionOf } from '../config/positions.ts'
import type { SourceText } from '../config/yaml/tree.ts'
import type { Position } from '../errors.ts'

export const uriOf = (file: string): string => pathToFileURL(file).href

export function rangeOf({ line, column, endLine, endColumn }: Position): Range {
  return {
    start: { line: Math.max(0, line - 1), character: Math.max(0, column - 1) },
    end: { line: Math.max(0, endLine - 1), character: Math.max(0, endColumn - 1) },
  }
}

export const rangeIn = (source: SourceText, start: number, end: number): Range => rangeOf(positionOf(source, start, end))

export const locationOf = (at: Position): Location => ({ uri: uriOf(at.file), range: rangeOf(at) })

/** The offset of a place; past the end of its line or of the text, the end. */
export function offsetAt(text: string, { line, character }: ProtocolPosition): number {
  let start = 0
  for (let count = 0; count < line; count++) {
    const next = text.indexOf('\n', start)
    if (next === -1) return text.length
    start = next + 1
  }
  const end = text.indexOf('\n', start)
  return Math.min(start + character, end === -1 ? text.length : end)
}
