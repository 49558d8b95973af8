// Text → tree by way of the yaml library: understands all of YAML, and says what is wrong with what is not YAML.

import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, parseDocument, Scalar } from 'yaml'
import { type Diagnostic, diagnostic } from '../../errors.ts'
import { positionOf } from '../positions.ts'
import type { ListNode, MapEntry, MapNode, SourceText, TreeNode } from './tree.ts'

export interface ParseResult {
  readonly root: TreeNode | null
  readonly diagnostics: readonly Diagnostic[]
}

const HINTS: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'Indent with blanks: YAML does not allow tabs there.',
  MULTIPLE_DOCS: 'Put everything into one document, or into other files named under `include`.',
  BLOCK_AS_IMPLICIT_KEY: 'Quote a text that holds `: `.',
  MISSING_CHAR: 'A bracket, brace or quote is not closed, or two items are not parted by a comma.',
  BAD_INDENT: 'Keys of one map begin in the same column.',
  MULTILINE_IMPLICIT_KEY: 'A key is missing its `:`, or a quote is not closed.',
  BAD_ALIAS: 'Define the anchor (`&name`) above its use.',
  UNEXPECTED_TOKEN: 'In `{ }` and `[ ]`, quote texts that hold braces, brackets or commas: "${NAME}".',
}

/** Must not throw: whatever the text holds becomes a tree or diagnostics. */
export function parseWithLibrary(source: SourceText): ParseResult {
  let doc: Document.Parsed
  try {
    doc = parseDocument(source.text, { merge: true, uniqueKeys: false, prettyErrors: false, logLevel: 'silent' })
  } catch (error) {
    return { root: null, diagnostics: [tooDeep(source, error)] }
  }
  const [first] = doc.errors
  if (first !== undefined) return { root: null, diagnostics: [syntaxError(source, first)] }
  const diagnostics: Diagnostic[] = []
  try {
    const root = doc.contents === null ? null : convert(source, doc, diagnostics)
    return { root, diagnostics }
  } catch (error) {
    return { root: null, diagnostics: [tooDeep(source, error)] }
  }
}

function tooDeep(source: SourceText, error: unknown): Diagnostic {
  if (!(error instanceof RangeError)) throw error
  return diagnostic('CLAW004', 'The file is nested too deeply.', { ...positionOf(source, 0, 0) })
}

function syntaxError(source: SourceText, error: { code: string; message: string; pos: [number, number] }): Diagnostic {
  const start = Math.min(error.pos[0], source.text.length)
  const hint = HINTS[error.code]
  const deep = /depth|nest/i.test(error.message) && error.code === 'RESOURCE_EXHAUSTION'
  const message = error.message.replace(/\s+/g, ' ').replace(/\.?$/, '.')
  return diagnostic(
    deep ? 'CLAW004' : 'CLAW001',
    error.code === 'TAB_AS_INDENT' ? 'A tab is used to indent.' : message,
    positionOf(source, start, Math.max(start, Math.min(error.pos[1], source.text.length))),
    hint === undefined ? {} : { hint },
  )
}

function convert(source: SourceText, doc: Document.Parsed, diagnostics: Diagnostic[]): TreeNode | null {
  const done = new Map<Node, TreeNode>()
  const open = new Set<Node>()

  const complain = (message: string, start: number, end: number, hint?: string): void => {
    diagnostics.push(diagnostic('CLAW001', message, positionOf(source, start, end), hint === undefined ? {} : { hint }))
  }

  const empty = (at: number): TreeNode => ({ kind: 'scalar', source, start: at, end: at, value: null, written: '' })

  function node(from: Node | null, at: number): TreeNode {
    if (from === null) return empty(at)
    const [start, end] = from.range ?? [at, at]
    if (isAlias(from)) {
      const target = from.resolve(doc)
      if (target === undefined || open.has(target)) {
        complain(
          target === undefined ? `No anchor &${from.source} stands above.` : 'An alias refers to what holds it.',
          start,
          end,
        )
        return empty(start)
      }
      return node(target, at)
    }
    const known = done.get(from)
    if (known !== undefined) return known
    open.add(from)
    const made = isMap(from) ? map(from, start, end) : isSeq(from) ? list(from, start, end) : scalar(from, start, end)
    open.delete(from)
    done.set(from, made)
    return made
  }

  function scalar(from: Node, start: number, end: number): TreeNode {
    const raw = isScalar(from) ? from.value : null
    const plain = isScalar(from) && from.type === Scalar.PLAIN
    const value = typeof raw === 'number' || typeof raw === 'boolean' || raw === null ? raw : String(raw)
    const written = plain ? (from.source ?? '') : String(raw ?? '')
    return { kind: 'scalar', source, start, end, value, written }
  }

  function list(from: { items: unknown[] }, start: number, end: number): ListNode {
    const items = (from.items as Node[]).map((item) => node(item, start))
    return { kind: 'list', source, start, end: trimEnd(source.text, start, end), items }
  }

  function map(from: { items: unknown[] }, start: number, end: number): MapNode {
    const entries = new Map<string, MapEntry>()
    const merged: MapEntry[] = []
    for (const pair of from.items as Pair<Node | null, Node | null>[]) {
      const [keyStart, keyEnd] = pair.key?.range ?? [start, start]
      if (pair.key !== null && !isScalar(pair.key)) {
        complain('A key must be one word or text.', keyStart, keyEnd)
        continue
      }
      const written = pair.key?.type === Scalar.PLAIN ? pair.key.source : undefined
      const key = written ?? String(pair.key?.value ?? '')
      const value = node(pair.value, keyEnd)
      if (written === '<<') merged.push(...mergeSources(value, keyStart, keyEnd))
      else {
        const earlier = entries.get(key)
        if (earlier !== undefined) diagnostics.push(duplicate(source, key, earlier, keyStart, keyEnd))
        else entries.set(key, { key, keyStart, keyEnd, source, value })
      }
    }
    for (const entry of merged) if (!entries.has(entry.key)) entries.set(entry.key, entry)
    return { kind: 'map', source, start, end: trimEnd(source.text, start, end), entries: [...entries.values()] }
  }

  function mergeSources(value: TreeNode, start: number, end: number): readonly MapEntry[] {
    if (value.kind === 'map') return value.entries
    if (value.kind === 'list') return value.items.flatMap((item) => mergeSources(item, start, end))
    complain('A merge key `<<` takes a map or a list of maps.', start, end)
    return []
  }

  const root = node(doc.contents, 0)
  return root.kind === 'scalar' && root.value === null ? null : root
}

/** A key that stands twice in one map: told at the second place, with the first beside it. */
export function duplicate(source: SourceText, key: string, first: MapEntry, start: number, end: number): Diagnostic {
  const earlier = positionOf(first.source, first.keyStart, first.keyEnd)
  return diagnostic('CLAW002', `"${key}" stands twice in one map.`, positionOf(source, start, end), {
    hint: `Remove one of them; the first is in line ${earlier.line}.`,
    related: [{ ...earlier, message: 'first here' }],
  })
}

function trimEnd(text: string, start: number, end: number): number {
  let at = end
  while (at > start && /\s/.test(text.charAt(at - 1))) at--
  return at
}
