// A YAML text → the same in one style: two blanks of indent, one blank around braces, lines never folded. Comments stay.

import { isDeepStrictEqual } from 'node:util'
import { parseDocument, type ScalarTag, type Tags } from 'yaml'
import type { Diagnostic } from '../errors.ts'
import { parseWithLibrary } from './yaml/library.ts'
import type { TreeNode } from './yaml/tree.ts'

export async function formatYaml(file: string, text: string): Promise<{ text: string } | { diagnostics: readonly Diagnostic[] }> {
  const before = parseWithLibrary({ file, text })
  if (before.diagnostics.length > 0) return { diagnostics: before.diagnostics }
  const doc = parseDocument(text, { uniqueKeys: false, logLevel: 'silent', customTags: keepWritten })
  const formatted = doc.toString({ lineWidth: 0, indent: 2, indentSeq: true, flowCollectionPadding: true })
  // Formatting must never change what the file says; a text it cannot keep is left alone.
  const after = parseWithLibrary({ file, text: formatted })
  const same = after.diagnostics.length === 0 && isDeepStrictEqual(meaning(before.root), meaning(after.root))
  return { text: same ? formatted : text }
}

/** Numbers stay as they were written: an id keeps its zeros and all its digits. */
const keepWritten = (tags: Tags): Tags =>
  tags.map((tag) => {
    if (typeof tag !== 'object' || !/:(int|float)$/.test(tag.tag)) return tag
    const { stringify } = tag as ScalarTag
    const kept: ScalarTag = {
      ...(tag as ScalarTag),
      stringify: (item, ...rest) => item.source ?? stringify?.(item, ...rest) ?? String(item.value),
    }
    return kept
  })

/** Keys, values and how they were written, without places. */
function meaning(node: TreeNode | null): unknown {
  if (node === null) return null
  if (node.kind === 'scalar') return [node.value, node.written]
  if (node.kind === 'list') return node.items.map(meaning)
  return { entries: node.entries.map(({ key, value }) => [key, meaning(value)]) }
}
