// The script of a scripted model. YAML text in; a Script or its problems, with their places, out.
// The format is described in docs/scripted-models.md.

import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, type YAMLMap } from 'yaml'
import { messageOf } from '../errors.ts'
import type { ModelErrorKind } from './port.ts'

export interface ScriptReply {
  /** On the user's text, or on the tool's result where `tool` is set. Absent: anything. */
  readonly match?: { readonly source: string; readonly pattern: RegExp }
  /** Name of the tool whose result is answered; `*`: any. */
  readonly tool?: string
  readonly text?: string
  readonly toolCalls: readonly { readonly name: string; readonly input: unknown }[]
  readonly error?: { readonly kind: ModelErrorKind; readonly message?: string; readonly retryAfterMs?: number }
  readonly stopReason?: string
  /** Tokens the call counts as; absent: estimated from the texts. */
  readonly usage?: { readonly input?: number; readonly output?: number }
  readonly once: boolean
  readonly delayMs: number
  /** Characters a streamed piece; absent: a word at a time. */
  readonly chunk?: number
}

export interface Script {
  readonly replies: readonly ScriptReply[]
  readonly fallback?: ScriptReply
}

/** Lines and columns count from 1. */
export interface ScriptProblem {
  readonly message: string
  readonly line: number
  readonly column: number
}

const REPLY_KEYS = ['match', 'tool', 'text', 'tool_calls', 'error', 'stop_reason', 'usage', 'once', 'delayMs', 'chunk']
const ERROR_KINDS: readonly string[] = [
  'credentials',
  'no_model',
  'no_service',
  'rate_limit',
  'overloaded',
  'server',
  'network',
  'timeout',
  'context',
  'invalid',
] satisfies ModelErrorKind[]

/** Reads a script. Never throws: whatever is wrong with the text becomes problems, all at once. */
export function parseScript(text: string, path: string): { script: Script } | { problems: ScriptProblem[] } {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const problems: ScriptProblem[] = []
  const report = (message: string, offset: number): void => {
    const { line, col } = lines.linePos(offset)
    problems.push({ message, line: Math.max(1, line), column: Math.max(1, col) })
  }
  for (const error of document.errors) report(`${path} is not valid YAML: ${error.message}`, error.pos[0])
  if (problems.length > 0) return { problems }

  const reader = createReader(report, (node) => (isAlias(node) ? node.resolve(document) : undefined))
  const root = reader.map(document.contents, 'A script', ['replies', 'default'])
  if (root === null) return { problems }
  const list = root.get('replies')
  const replies = list === undefined ? [] : reader.list(list, 'replies').map((item) => readReply(reader, item, report))
  const fallback = root.has('default') ? readReply(reader, root.get('default') ?? null, report) : undefined
  if (list === undefined && fallback === undefined) report('A script needs `replies`, a list.', 0)
  if (problems.length > 0) return { problems }
  return {
    script: { replies: replies.filter((reply) => reply !== null), ...(fallback == null ? {} : { fallback }) },
  }
}

type Reader = ReturnType<typeof createReader>
type Report = (message: string, offset: number) => void

const offsetOf = (node: Node | null): number => node?.range?.[0] ?? 0

/** Small typed readers over YAML nodes: each gives the value, or reports and gives a harmless one. */
function createReader(report: Report, follow: (node: Node | null) => Node | undefined) {
  const resolve = (node: Node | null): Node | null => follow(node) ?? node

  function map(given: Node | null, what: string, keys: readonly string[]): Map<string, Node | null> | null {
    const node = resolve(given)
    if (!isMap(node)) {
      report(`${what} must be a map.`, offsetOf(node))
      return null
    }
    const result = new Map<string, Node | null>()
    for (const pair of (node as YAMLMap).items as Pair<Node, Node | null>[]) {
      const key = isScalar(pair.key) ? String(pair.key.value) : ''
      if (keys.includes(key)) result.set(key, resolve(pair.value))
      else if (!key.startsWith('x-')) report(`${what} has no key \`${key}\`; it has ${keys.join(', ')}.`, offsetOf(pair.key))
    }
    return result
  }

  function list(node: Node | null, what: string): (Node | null)[] {
    if (isSeq(node)) return (node.items as (Node | null)[]).map(resolve)
    report(`\`${what}\` must be a list.`, offsetOf(node))
    return []
  }

  function string(node: Node | null, what: string): string {
    if (isScalar(node) && node.value !== null)
      return typeof node.value === 'string' ? node.value : (node.source ?? String(node.value))
    report(`\`${what}\` must be a text.`, offsetOf(node))
    return ''
  }

  function number(node: Node | null, what: string, least: number): number {
    if (isScalar(node) && typeof node.value === 'number' && Number.isInteger(node.value) && node.value >= least) return node.value
    report(`\`${what}\` must be a whole number of at least ${least}.`, offsetOf(node))
    return least
  }

  function boolean(node: Node | null, what: string): boolean {
    if (isScalar(node) && typeof node.value === 'boolean') return node.value
    report(`\`${what}\` must be true or false.`, offsetOf(node))
    return false
  }

  return { map, list, string, number, boolean }
}

function readReply(reader: Reader, node: Node | null, report: Report): ScriptReply | null {
  const bare = isScalar(node) && typeof node.value === 'string'
  if (bare) return { text: node.value as string, toolCalls: [], once: false, delayMs: 0 }
  const map = reader.map(node, 'A reply', REPLY_KEYS)
  if (map === null) return null
  const read = <T>(key: string, make: (value: Node | null) => T): T | undefined =>
    map.has(key) ? make(map.get(key) ?? null) : undefined

  const match = read('match', (value) => readPattern(reader, value, report))
  const tool = read('tool', (value) => reader.string(value, 'tool'))
  const text = read('text', (value) => reader.string(value, 'text'))
  const toolCalls =
    read('tool_calls', (value) => reader.list(value, 'tool_calls').flatMap((call) => readCall(reader, call, report))) ?? []
  const error = read('error', (value) => readError(reader, value, report))
  const stopReason = read('stop_reason', (value) => reader.string(value, 'stop_reason'))
  const usage = read('usage', (value) => readUsage(reader, value))
  const chunk = read('chunk', (value) => reader.number(value, 'chunk', 1))
  if (!map.has('text') && !map.has('tool_calls') && !map.has('error')) {
    report('A reply needs `text`, `tool_calls` or `error`.', offsetOf(node))
  }
  if (map.has('error') && (map.has('text') || map.has('tool_calls'))) {
    report('A reply with `error` has neither `text` nor `tool_calls`.', offsetOf(map.get('error') ?? null))
  }
  return {
    ...(match === undefined ? {} : { match }),
    ...(tool === undefined ? {} : { tool }),
    ...(text === undefined ? {} : { text }),
    toolCalls,
    ...(error === undefined ? {} : { error }),
    ...(stopReason === undefined ? {} : { stopReason }),
    ...(usage === undefined ? {} : { usage }),
    once: read('once', (value) => reader.boolean(value, 'once')) ?? false,
    delayMs: read('delayMs', (value) => reader.number(value, 'delayMs', 0)) ?? 0,
    ...(chunk === undefined ? {} : { chunk }),
  }
}

function readUsage(reader: Reader, node: Node | null): NonNullable<ScriptReply['usage']> {
  const map = reader.map(node, '`usage`', ['input', 'output'])
  return Object.fromEntries([...(map ?? [])].map(([key, tokens]) => [key, reader.number(tokens, key, 0)]))
}

function readPattern(reader: Reader, node: Node | null, report: Report): { source: string; pattern: RegExp } {
  const source = reader.string(node, 'match')
  const flags = source.startsWith('(?i)') ? 'is' : 's'
  const body = source.startsWith('(?i)') ? source.slice(4) : source
  try {
    return { source, pattern: compile(body, flags) }
  } catch (error) {
    report(`\`match\` is not a regular expression: ${messageOf(error)}`, offsetOf(node))
    return { source, pattern: /(?!)/ }
  }
}

/** By code points where the expression allows it; the older way takes needless backslashes, as in `can\'t`. */
function compile(body: string, flags: string): RegExp {
  try {
    return new RegExp(body, `${flags}u`)
  } catch {
    return new RegExp(body, flags)
  }
}

function readCall(reader: Reader, node: Node | null, report: Report): { name: string; input: unknown }[] {
  const map = reader.map(node, 'A tool call', ['name', 'input'])
  if (map === null) return []
  if (!map.has('name')) {
    report('A tool call needs `name`.', offsetOf(node))
    return []
  }
  const input = map.get('input')
  if (input != null && !isMap(input)) report('`input` must be a map.', offsetOf(input))
  return [{ name: reader.string(map.get('name') ?? null, 'name'), input: isMap(input) ? input.toJSON() : {} }]
}

function readError(reader: Reader, node: Node | null, report: Report): NonNullable<ScriptReply['error']> {
  const plain = isScalar(node)
  const map = plain ? new Map([['kind', node as Node | null]]) : reader.map(node, 'An error', ['kind', 'message', 'retryAfterMs'])
  const kindNode = map?.get('kind') ?? null
  const kind = map === null ? '' : reader.string(kindNode, 'kind')
  if (map !== null && kind !== '' && !ERROR_KINDS.includes(kind)) {
    report(`There is no error kind \`${kind}\`; there are ${ERROR_KINDS.join(', ')}.`, offsetOf(kindNode))
  }
  const message = map?.has('message') ? reader.string(map.get('message') ?? null, 'message') : undefined
  const wait = map?.has('retryAfterMs') ? reader.number(map.get('retryAfterMs') ?? null, 'retryAfterMs', 0) : undefined
  return {
    kind: kind as ModelErrorKind,
    ...(message === undefined ? {} : { message }),
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
  }
}
