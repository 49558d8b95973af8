// Text → tree.

import type { ParseResult } from './library.ts'
import type { SourceText } from './tree.ts'

export async function parseYaml(source: SourceText): Promise<ParseResult> {
  const { parseWithLibrary } = await import('./library.ts')
  return parseWithLibrary(source)
}
