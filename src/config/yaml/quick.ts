// Text → tree for the YAML that configurations are mostly written in, many times faster than the library and with positions.
// It knows block maps and lists, flow maps and lists, plain and quoted scalars on one line, texts after `|`, and comments.
// Whatever else it meets (anchors, tags, folded texts, scalars over several lines, tabs, mistakes) it gives up on, and the
// library reads the file instead. A test holds it equal to the library on everything it accepts.

import type { Sliced } from '../../slices.ts'
import type { ListNode, MapEntry, MapNode, ScalarNode, SourceText, TreeNode } from './tree.ts'

/** Thrown inside, caught in `quickly`: the text needs the library. */
class GiveUp extends Error {}
const GIVE_UP = new GiveUp()

const MAX_DEPTH = 64
/** More is left to the library, and to the check of its size. */
const MAX_NODES = 1_000_000

/** The tree, or undefined where the library has to read the text. Never throws. */
export function* quickly(source: SourceText): Sliced<{ readonly root: TreeNode | null } | undefined> {
  try {
    return { root: yield* read(source) }
  } catch (error) {
    if (error instanceof GiveUp) return undefined
    throw error
  }
}

function* read(source: SourceText): Sliced<TreeNode | null> {
  const { text } = source
  // Tabs, carriage returns, marks and control characters have rules of their own.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  if (/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/.test(text)) throw GIVE_UP
  let at = 0
  let nodes = 0

  /** Lines of a flow collection are indented at least so far. */
  let flowIndent = 1

  const fail = (): never => {
    throw GIVE_UP
  }

  /** Moves over blanks, comments and line ends to the next thing; gives its column, or -1 at the end of the text. */
  function toContent(): number {
    for (;;) {
      const lineStart = text.lastIndexOf('\n', at - 1) + 1
      while (text.charCodeAt(at) === 32) at++
      const code = text.charCodeAt(at)
      if (Number.isNaN(code)) return -1
      if (code === 10) at++
      else if (code === 35) {
        if (at > lineStart && text.charCodeAt(at - 1) !== 32) fail()
        const end = text.indexOf('\n', at)
        at = end === -1 ? text.length : end + 1
      } else return at - lineStart
    }
  }

  /** After a value: nothing but blanks and a comment may follow on the line. */
  function endOfLine(): void {
    const before = at
    while (text.charCodeAt(at) === 32) at++
    const code = text.charCodeAt(at)
    if (Number.isNaN(code) || code === 10) return
    if (code !== 35 || at === before) fail()
    const end = text.indexOf('\n', at)
    at = end === -1 ? text.length : end
  }

  const empty = (where: number): ScalarNode => ({ kind: 'scalar', source, start: where, end: where, value: null, written: '' })

  function* block(column: number, depth: number): Sliced<TreeNode> {
    if (depth > MAX_DEPTH) fail()
    yield
    if (isDash(at)) return yield* blockList(column, depth)
    return isKeyAhead() ? yield* blockMap(column, depth) : blockScalarOrFlow(column, depth)
  }

  const isDash = (where: number): boolean => text.charCodeAt(where) === 45 && isBreakOrBlank(text.charCodeAt(where + 1))

  /** A value that stands alone: flow, quoted, or plain on one line. */
  function blockScalarOrFlow(column: number, depth: number): TreeNode {
    flowIndent = Math.max(1, column)
    const node = inline(depth, false)
    endOfLine()
    // A more indented line would continue a plain scalar.
    if (node.kind === 'scalar') {
      const back = at
      if (toContent() > column) fail()
      at = back
    }
    return node
  }

  function* blockList(column: number, depth: number): Sliced<ListNode> {
    const start = at
    const items: TreeNode[] = []
    let end = at
    for (;;) {
      if (!isDash(at)) break
      const dash = at
      at++
      const lineEnd = lineEndFrom(at)
      const inner = toContent()
      if (inner === -1 || (at > lineEnd && inner <= column)) {
        items.push(empty(dash + 1))
        end = dash + 1
      } else {
        const item = yield* block(inner, depth + 1)
        items.push(item)
        end = item.end
      }
      const next = toContent()
      if (next === -1 || next < column) break
      if (next > column) fail()
      if (!isDash(at)) break
    }
    return { kind: 'list', source, start, end, items }
  }

  function lineEndFrom(where: number): number {
    const end = text.indexOf('\n', where)
    return end === -1 ? text.length : end
  }

  function* blockMap(column: number, depth: number): Sliced<MapNode> {
    const start = at
    const entries: MapEntry[] = []
    const keys = new Set<string>()
    let end = at
    for (;;) {
      const keyStart = at
      const key = readKey()
      if (key === '<<' || keys.has(key)) fail()
      keys.add(key)
      const keyEnd = at
      while (text.charCodeAt(at) === 32) at++
      if (text.charCodeAt(at) !== 58) fail()
      at++
      const colon = at
      const lineEnd = lineEndFrom(at)
      let next = toContent()
      let value: TreeNode
      if (next === -1 || at > lineEnd) {
        // A list may stand in the column of its key.
        if (next > column || (next === column && isDash(at))) value = yield* block(next, depth + 1)
        else value = empty(colon)
      } else {
        if (at === colon) fail()
        flowIndent = column + 1
        const isText = text.charCodeAt(at) === 124
        value = isText ? literal(column) : inline(depth, false)
        if (!isText) endOfLine()
        if (value.kind === 'scalar' && !isText) {
          const back = at
          if (toContent() > column) fail()
          at = back
        }
      }
      entries.push({ key, keyStart, keyEnd, source, value })
      yield
      end = Math.max(value.end, colon)
      next = toContent()
      if (next === -1 || next < column) break
      if (next > column) fail()
      if (isDash(at) || !isKeyAhead()) fail()
    }
    return { kind: 'map', source, start, end, entries }
  }

  /** A text after `|` or `|-`: the lines below that are indented further than the key. */
  function literal(column: number): ScalarNode {
    const start = at
    const header = text.slice(at, lineEndFrom(at))
    if (header !== '|' && header !== '|-') fail()
    const lines: string[] = []
    let indent = -1
    let end = at + header.length
    let line = end + 1
    while (line < text.length) {
      const lineEnd = lineEndFrom(line)
      let first = line
      while (text.charCodeAt(first) === 32) first++
      if (first === lineEnd) {
        // Blanks alone mean different things before, inside and beyond the indentation.
        if (first > line) fail()
        lines.push('')
      } else {
        if (indent === -1) indent = first - line
        if (indent <= column) fail()
        if (first - line < indent) break
        lines.push(text.slice(line + indent, lineEnd))
        end = lineEnd
      }
      line = lineEnd + 1
    }
    if (indent === -1) fail()
    while (lines.at(-1) === '') lines.pop()
    at = end
    const value = lines.join('\n') + (header === '|' ? '\n' : '')
    return { kind: 'scalar', source, start, end, value, written: value }
  }

  /** Whether `key:` stands here, on this line. Plain and quoted keys only. */
  function isKeyAhead(): boolean {
    const code = text.charCodeAt(at)
    if (code === 34 || code === 39) {
      const back = at
      quoted(code)
      let where = at
      at = back
      while (text.charCodeAt(where) === 32) where++
      return text.charCodeAt(where) === 58 && isBreakOrBlank(text.charCodeAt(where + 1))
    }
    if (code === 123 || code === 91) return false
    const end = lineEndFrom(at)
    for (let where = at; where < end; where++) {
      const mark = text.charCodeAt(where)
      if (mark === 58 && isBreakOrBlank(text.charCodeAt(where + 1))) return true
      if (mark === 35 && text.charCodeAt(where - 1) === 32) return false
    }
    return false
  }

  function readKey(): string {
    const code = text.charCodeAt(at)
    if (code === 34 || code === 39) return quoted(code).value
    const match = PLAIN_KEY.exec(text.slice(at, at + 200))
    if (match === null) return fail()
    at += match[0].length
    return match[0]
  }

  /** A value on the line where `at` stands; flow collections may go over several. */
  function inline(depth: number, inFlow: boolean): TreeNode {
    if (depth > MAX_DEPTH || ++nodes > MAX_NODES) fail()
    const code = text.charCodeAt(at)
    if (code === 123) return flowMap(depth)
    if (code === 91) return flowList(depth)
    const start = at
    if (code === 34 || code === 39) {
      const { value } = quoted(code)
      return { kind: 'scalar', source, start, end: at, value, written: value }
    }
    const written = plain(inFlow)
    return { kind: 'scalar', source, start, end: at, value: resolvePlain(written), written }
  }

  function plain(inFlow: boolean): string {
    const start = at
    const first = text.charAt(at)
    if (INDICATORS.includes(first) || (inFlow && first === ',')) fail()
    if ((first === '-' || first === '?' || first === ':') && !isPlainSafe(text.charCodeAt(at + 1), inFlow)) fail()
    const end = lineEndFrom(at)
    let last = at
    for (; at < end; at++) {
      const code = text.charCodeAt(at)
      if (code === 32) continue
      if (code === 35 && text.charCodeAt(at - 1) === 32) break
      if (code === 58) {
        const next = text.charCodeAt(at + 1)
        if (isBreakOrBlank(next) || (inFlow && FLOW_MARKS.has(next))) {
          // In a block a second `: ` is a mistake; in a flow it ends a key.
          if (!inFlow) fail()
          break
        }
      } else if (inFlow && FLOW_MARKS.has(code)) break
      last = at + 1
    }
    at = last
    const written = text.slice(start, last)
    if (written === '' || (start === 0 && /^(---|\.\.\.|%)/.test(written)) || /^(---|\.\.\.)$/.test(written)) fail()
    return written
  }

  function quoted(quote: number): { value: string } {
    const end = closingQuote(quote)
    const inside = text.slice(at + 1, end)
    at = end + 1
    if (inside.includes('\n')) fail()
    if (quote === 39) return { value: inside.replaceAll("''", "'") }
    if (!inside.includes('\\')) return { value: inside }
    return { value: inside.replace(/\\(.)/g, (_whole, mark: string) => ESCAPES[mark] ?? fail()) }
  }

  function closingQuote(quote: number): number {
    for (let where = at + 1; where < text.length; where++) {
      const code = text.charCodeAt(where)
      if (code === 10) fail()
      if (quote === 34 && code === 92) where++
      else if (code === quote) {
        if (quote === 39 && text.charCodeAt(where + 1) === 39) where++
        else return where
      }
    }
    return fail()
  }

  /** Blanks, line ends and comments inside a flow collection. */
  function flowSpace(): void {
    for (;;) {
      const code = text.charCodeAt(at)
      if (code === 32) at++
      else if (code === 10) {
        const line = ++at
        while (text.charCodeAt(at) === 32) at++
        if (text.charCodeAt(at) !== 10 && at - line < flowIndent) fail()
      } else if (code === 35) {
        if (!isBreakOrBlank(text.charCodeAt(at - 1))) fail()
        at = lineEndFrom(at)
      } else return
    }
  }

  function flowList(depth: number): ListNode {
    const start = at++
    const items: TreeNode[] = []
    for (;;) {
      flowSpace()
      if (text.charCodeAt(at) === 93) break
      items.push(inline(depth + 1, true))
      flowSpace()
      const code = text.charCodeAt(at)
      if (code === 44) at++
      else if (code !== 93) fail()
    }
    at++
    return { kind: 'list', source, start, end: at, items }
  }

  function flowMap(depth: number): MapNode {
    const start = at++
    const entries: MapEntry[] = []
    const keys = new Set<string>()
    for (;;) {
      flowSpace()
      const code = text.charCodeAt(at)
      if (code === 125) break
      const keyStart = at
      if (code === 123 || code === 91) fail()
      const isQuoted = code === 34 || code === 39
      const key = isQuoted ? quoted(code).value : plain(true)
      const keyEnd = at
      if (key === '<<' || keys.has(key)) fail()
      keys.add(key)
      while (text.charCodeAt(at) === 32) at++
      if (text.charCodeAt(at) !== 58 || !isBreakOrBlank(text.charCodeAt(at + 1))) fail()
      at++
      flowSpace()
      const next = text.charCodeAt(at)
      if (next === 44 || next === 125) fail()
      const value = inline(depth + 1, true)
      entries.push({ key, keyStart, keyEnd, source, value })
      flowSpace()
      const after = text.charCodeAt(at)
      if (after === 44) at++
      else if (after !== 125) fail()
    }
    at++
    return { kind: 'map', source, start, end: at, entries }
  }

  const column = toContent()
  if (column === -1) return null
  if (text.startsWith('---', at) || text.charAt(at) === '%') fail()
  const root = yield* block(column, 0)
  if (toContent() !== -1) fail()
  return root.kind === 'scalar' && root.value === null ? null : root
}

/** Keys that need no thought. */
const PLAIN_KEY = /^[A-Za-z0-9_./$][A-Za-z0-9_./$@+-]*/

const INDICATORS = '&*!|>%@`"\'#{}[],'

const FLOW_MARKS: ReadonlySet<number> = new Set([...',[]{}'].map((mark) => mark.charCodeAt(0)))

const isBreakOrBlank = (code: number): boolean => code === 32 || code === 10 || Number.isNaN(code)

const isPlainSafe = (code: number, inFlow: boolean): boolean => !isBreakOrBlank(code) && !(inFlow && FLOW_MARKS.has(code))

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', '"': '"', '\\': '\\', '/': '/' }

const NUMBER = /^[-+]?(?:0|[1-9][0-9]*)$/

/** What the YAML 1.2 core schema makes of a plain scalar. Rare forms are left to the library. */
function resolvePlain(written: string): ScalarNode['value'] {
  switch (written) {
    case '~':
    case 'null':
    case 'Null':
    case 'NULL':
      return null
    case 'true':
    case 'True':
    case 'TRUE':
      return true
    case 'false':
    case 'False':
    case 'FALSE':
      return false
  }
  const first = written.charCodeAt(0)
  const numeric = (first >= 48 && first <= 57) || first === 45 || first === 43 || first === 46
  if (!numeric) return written
  if (NUMBER.test(written)) return Number(written)
  if (
    /^[-+]?(?:[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+|(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|\.inf|\.Inf|\.INF|\.nan|\.NaN|\.NAN)$/.test(
      written,
    )
  ) {
    if (/^[-+]?[0-9]+(\.[0-9]*)?$/.test(written)) return Number(written)
    throw GIVE_UP
  }
  return written
}
