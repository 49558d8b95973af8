// A YAML text → the same in one style: two blanks of indent, one blank inside braces and none inside brackets, lines never
// folded. Comments stay, in their line.

import { isDeepStrictEqual } from 'node:util'
import {
  isCollection,
  isScalar,
  type Pair,
  parseDocument,
  type ScalarTag,
  type Tags,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import type { Diagnostic } from '../errors.ts'
import { parseWithLibrary } from './yaml/library.ts'
import type { TreeNode } from './yaml/tree.ts'

export async function formatYaml(file: string, text: string): Promise<{ text: string } | { diagnostics: readonly Diagnostic[] }> {
  const before = parseWithLibrary({ file, text })
  if (before.diagnostics.length > 0) return { diagnostics: before.diagnostics }
  // Nothing but comments: the library would write its word for nothing.
  if (before.root === null) return { text }
  const doc = parseDocument(text, { uniqueKeys: false, logLevel: 'silent', customTags: keepWritten })
  visit(doc, {
    Map: (_key, map) => pad(map, ' '),
    Seq: (_key, list) => pad(list, ''),
    Pair: (_key, pair) => keepInLine(pair, text),
  })
  const formatted = doc.toString({ lineWidth: 0, indent: 2, indentSeq: true, flowCollectionPadding: true })
  // Formatting must never change what the file says; a text it cannot keep is left alone.
  const after = parseWithLibrary({ file, text: formatted })
  const same = after.diagnostics.length === 0 && isDeepStrictEqual(meaning(before.root), meaning(after.root))
  return { text: same ? formatted : text }
}

/** The library knows one padding for braces and brackets: each is written with its own. */
function pad(collection: YAMLMap | YAMLSeq, flowCollectionPadding: string): void {
  const write = collection.toString.bind(collection)
  collection.toString = (context, ...rest) => write(context && { ...context, flowCollectionPadding }, ...rest)
}

/** A comment behind a key whose value begins below stays behind the key. */
function keepInLine({ key, value }: Pair, text: string): void {
  if (!isScalar(key) || !isCollection(value) || value.flow === true || !value.commentBefore) return
  if (!/^[ \t]*:[ \t]*#/.test(text.slice(key.range?.[1] ?? text.length))) return
  const [first = '', ...below] = value.commentBefore.split('\n')
  key.comment = first
  value.commentBefore = below.length === 0 ? null : below.join('\n')
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
