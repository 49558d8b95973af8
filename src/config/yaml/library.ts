// Text → tree by way of the yaml library: understands all of YAML, and says what is wrong with what is not YAML.

import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, parseDocument, Scalar } from 'yaml'
import { type Diagnostic, diagnostic } from '../../errors.ts'
import { withoutSecrets } from '../mask.ts'
import { positionOf } from '../positions.ts'
import { type Path, pointerOf } from '../shape.ts'
import { quoted, syntaxCause } from './syntax-causes.ts'
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

/** Must not throw: whatever the text holds becomes a tree or diagnostics; these repeat no secret of the text. */
export function parseWithLibrary(source: SourceText): ParseResult {
  const { root, diagnostics } = parseSource(source)
  if (diagnostics.length === 0) return { root, diagnostics }
  const masked = (words: string): string => withoutSecrets(words, source.text)
  return {
    root,
    diagnostics: diagnostics.map(({ hint, ...one }) => {
      const told = { ...one, message: masked(one.message) }
      return hint === undefined ? told : { ...told, hint: masked(hint) }
    }),
  }
}

function parseSource(source: SourceText): ParseResult {
  let doc: Document.Parsed
  try {
    doc = parseDocument(source.text, { merge: true, uniqueKeys: false, prettyErrors: false, logLevel: 'error' })
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

interface LibraryError {
  readonly code: string
  readonly message: string
  readonly pos: readonly [number, number]
}

function syntaxError(source: SourceText, error: LibraryError): Diagnostic {
  const { text } = source
  let start = Math.min(error.pos[0], text.length)
  if (error.code === 'RESOURCE_EXHAUSTION')
    return diagnostic('CLAW004', 'The file is nested too deeply.', positionOf(source, start, start))
  const told = inOurWords(text, start, error)
  start = told.at ?? start
  // Blanks in front of what is wrong are not what is wrong.
  while (text.charAt(start) === ' ') start++
  const end = Math.max(start + 1, Math.min(error.pos[1], lineEnd(text, start)))
  return diagnostic('CLAW001', told.message, positionOf(source, start, end), told.hint === undefined ? {} : { hint: told.hint })
}

const lineEnd = (text: string, from: number): number => {
  const end = text.indexOf('\n', from)
  return end === -1 ? text.length : end
}

/** The commonest mistakes said plainly, and pointed at where they were made; others as the library says them. */
function inOurWords(text: string, at: number, error: LibraryError): { message: string; hint?: string; at?: number } {
  const open = /flow (map|sequence|collection)|end with (a )?[}\]]/i.test(error.message) ? openBracket(text, at) : -1
  if (text.slice(at - 1, at + 1) === '${') {
    const hint = 'Write "${NAME}" with quotes: in `{ }` and `[ ]` braces mean a map.'
    return { message: 'A variable in a flow map or list stands in quotes.', hint, at: at - 1 }
  }
  const cause = syntaxCause(text, at)
  if (cause !== undefined) return cause
  if (open !== -1 && (error.code === 'BAD_INDENT' || error.code === 'MISSING_CHAR')) {
    const swallowed = commentAfter(text, open)
    if (swallowed !== -1) {
      const message = `A # begins a comment here, so the ${text.charAt(open)} before it is not closed.`
      return { message, hint: 'Put the text that holds the # in quotes.', at: swallowed }
    }
    const hint = 'Close it, and indent what it holds further than the key.'
    return { message: `This ${text.charAt(open)} is not closed.`, hint, at: open }
  }
  if (/^Missing closing .quote/.test(error.message)) {
    const quote = openQuote(text)
    return { message: 'This quote is not closed.', hint: 'Close it on the same line.', ...(quote === -1 ? {} : { at: quote }) }
  }
  if (error.code === 'MULTIPLE_DOCS') return { message: 'A second document begins here.', ...hintOf(error) }
  if (error.code === 'TAB_AS_INDENT') return { message: 'A tab is used to indent.', ...hintOf(error) }
  if (error.code === 'BLOCK_AS_IMPLICIT_KEY')
    return { message: 'A text without quotes cannot hold a colon and a blank.', ...hintOf(error) }
  return { message: error.message.replace(/\s+/g, ' ').replace(/\.?$/, '.'), ...hintOf(error) }
}

/** Where a comment begins on the line of an open bracket; -1: there is none. */
function commentAfter(text: string, open: number): number {
  const found = / #/.exec(text.slice(open, lineEnd(text, open)))
  return found === null ? -1 : open + found.index + 1
}

function hintOf({ code }: LibraryError): { hint?: string } {
  const hint = HINTS[code]
  return hint === undefined ? {} : { hint }
}

/** The first quote that opens a text and does not close it on its line. */
function openQuote(text: string): number {
  for (let at = 0; at < text.length; at++) {
    const mark = text.charAt(at)
    if (mark === '#' && (at === 0 || /\s/.test(text.charAt(at - 1)))) at = lineEnd(text, at)
    else if ((mark === '"' || mark === "'") && (at === 0 || /[\s[{,:]/.test(text.charAt(at - 1)))) {
      const end = lineEnd(text, at)
      let close = at + 1
      while (close < end && text.charAt(close) !== mark) close += mark === '"' && text.charAt(close) === '\\' ? 2 : 1
      if (close >= end) return at
      at = close
    }
  }
  return -1
}

/** The last bracket or brace before a place that is still open there; quotes and comments are passed over. */
function openBracket(text: string, before: number): number {
  const open: number[] = []
  for (let at = 0; at < before; at++) {
    const mark = text.charAt(at)
    if (mark === '{' || mark === '[') open.push(at)
    else if (mark === '}' || mark === ']') open.pop()
    else if (mark === '#' && /\s/.test(text.charAt(at - 1))) at = lineEnd(text, at)
    else if ((mark === '"' || mark === "'") && /[\s[{,:]/.test(text.charAt(at - 1))) {
      const close = text.indexOf(mark, at + 1)
      if (close !== -1 && close < lineEnd(text, at)) at = close
    }
  }
  return open.at(-1) ?? -1
}

function convert(source: SourceText, doc: Document.Parsed, diagnostics: Diagnostic[]): TreeNode | null {
  const done = new Map<Node, TreeNode>()
  const path: (string | number)[] = []
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
        const written = `*${from.source}`
        const message =
          target === undefined
            ? `A text that begins with * must be quoted: without quotes it refers to an anchor, and there is no &${from.source} above.`
            : 'An alias refers to what holds it.'
        complain(message, start, end, target === undefined ? `Write ${quoted(written)}, if it is a text.` : HINTS['BAD_ALIAS'])
        // Read as the text that it most likely is, so that nothing more is said of it.
        return { kind: 'scalar', source, start, end, value: written, written }
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

  function below(part: string | number, from: Node | null, at: number): TreeNode {
    path.push(part)
    const made = node(from, at)
    path.pop()
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
    const items = (from.items as Node[]).map((item, index) => below(index, item, start))
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
      const value = below(key, pair.value, keyEnd)
      if (written === '<<') merged.push(...mergeSources(value, keyStart, keyEnd))
      else {
        const earlier = entries.get(key)
        if (earlier !== undefined) diagnostics.push(duplicate(source, [...path, key], earlier, keyStart, keyEnd))
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
function duplicate(source: SourceText, path: Path, first: MapEntry, start: number, end: number): Diagnostic {
  const earlier = positionOf(first.source, first.keyStart, first.keyEnd)
  const at = { ...positionOf(source, start, end), path: pointerOf(path) }
  return diagnostic('CLAW002', `"${path.at(-1)}" stands twice in one map.`, at, {
    hint: `Remove one of them; the first is in line ${earlier.line}.`,
    related: [{ ...earlier, message: 'first here' }],
  })
}

function trimEnd(text: string, start: number, end: number): number {
  let at = end
  while (at > start && /\s/.test(text.charAt(at - 1))) at--
  return at
}
