// The texts of a document's files with every secret that stands in them blotted out: what code frames may show.

import type { ConfigDocument } from './document.ts'
import { find } from './merge.ts'
import type { SourceText } from './yaml/tree.ts'

/** Gives a file's text without secrets; null for a file that holds none. */
export function maskedTexts(doc: ConfigDocument | null): (file: string) => string | null {
  const texts = new Map<string, string>()
  for (const { path, literal } of doc?.secrets.values() ?? []) {
    const found = literal ? find(doc!.root, path) : null
    if (found === null) continue
    const { source, start, end } = found.node
    const text = texts.get(source.file) ?? (source satisfies SourceText).text
    const stars = text.slice(start, end).replace(/[^\s]/g, '*')
    texts.set(source.file, text.slice(0, start) + stars + text.slice(end))
  }
  return (file) => texts.get(file) ?? null
}
