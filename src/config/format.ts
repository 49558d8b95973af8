// A YAML text → the same in one style: two blanks of indent, one blank around braces, lines never folded. Comments stay.

import { isDeepStrictEqual } from 'node:util'
import { parseDocument } from 'yaml'
import type { Diagnostic } from '../errors.ts'
import { parseWithLibrary } from './yaml/library.ts'

export async function formatYaml(file: string, text: string): Promise<{ text: string } | { diagnostics: readonly Diagnostic[] }> {
  const { diagnostics } = parseWithLibrary({ file, text })
  if (diagnostics.length > 0) return { diagnostics }
  const options = { merge: true, uniqueKeys: false, logLevel: 'silent', keepSourceTokens: true } as const
  const doc = parseDocument(text, options)
  const formatted = doc.toString({ lineWidth: 0, indent: 2, indentSeq: true, flowCollectionPadding: true })
  // Formatting must never change what the file says; a text it cannot keep is left alone.
  const same = isDeepStrictEqual(
    parseDocument(formatted, options).toJS({ maxAliasCount: 1000 }),
    doc.toJS({ maxAliasCount: 1000 }),
  )
  return { text: same ? formatted : text }
}
