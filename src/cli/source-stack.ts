// The stack of a bug, with places in the sources where the program runs from a bundle and its map is there.

import { readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { dirname, relative, resolve } from 'node:path'
import { packageRoot } from '../resources.ts'

/** Never throws: what cannot be mapped stays as it is. */
export function sourceStack(error: Error): string {
  const stack = error.stack ?? error.message
  const maps = new Map<string, SourceMap | null>()
  return stack.replaceAll(/(\/[^\s()]+\.cjs):(\d+):(\d+)/g, (place: string, file: string, line: string, column: string) => {
    const map = maps.get(file) ?? readMap(file)
    maps.set(file, map)
    const entry = map?.findEntry(Number(line) - 1, Number(column) - 1)
    if (entry === undefined || !('originalSource' in entry)) return place
    const source = relative(packageRoot(), resolve(dirname(file), entry.originalSource))
    return `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
  })
}

function readMap(file: string): SourceMap | null {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')) as ConstructorParameters<typeof SourceMap>[0])
  } catch {
    return null
  }
}
