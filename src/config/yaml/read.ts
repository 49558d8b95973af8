// Text → tree: quickly where the text is of the common kind, else by the library.

import type { ParseResult } from './library.ts'
import { parseQuickly } from './quick.ts'
import type { SourceText } from './tree.ts'

export async function parseYaml(source: SourceText): Promise<ParseResult> {
  const quick = parseQuickly(source)
  if (quick !== undefined) return { root: quick.root, diagnostics: [] }
  const { parseWithLibrary } = await import('./library.ts')
  return parseWithLibrary(source)
}
