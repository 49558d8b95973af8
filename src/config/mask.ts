// A text, YAML or not → the same with every secret in it blotted out, as long as before: what code frames and messages may show.
// It goes by the names of keys, for a file that cannot be parsed has no fields; where in doubt, more is hidden.

import type { SchemaNode } from '../schema-node.ts'
import { rootShape, shapeOf } from './shape.ts'

/** Names that hold secrets by what they are called, also in channels that the schema does not know. */
const CALLED_SECRET = /(?:token|secret|password|passphrase|authorization|api[-_]?key)$/i

const KEY = /(?<=^|[\s{,[?"'])[A-Za-z][\w-]*(?=["']?[ \t]*:)/g

/** A variable alone, or a file: where the secret is, not what it is. */
const ELSEWHERE = /^(?:(["']?)\$\{[A-Za-z_]\w*(?::\?[^}]*)?\}\1|\{\s*file\s*:[^,}]*\})(?=\s*(?:$|[,}\]#]))/
const QUOTED = /^(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')(?=\s*(?:$|[,}\]#]))/
const END_IN_FLOW = /,(?=\s|$)|[}\]](?=[\s,}\]]|$)/
const END_IN_BLOCK = /\s#|$/
/** A line that says of itself that it is something else. */
const OTHER = /^\s*(?:-\s|[}\]#]|["']?[A-Za-z][\w-]*["']?\s*:(?:\s|$))/

export function maskSecrets(text: string): string {
  const { secrets, maps } = secretNames()
  let out = ''
  let done = 0
  /** Until here every key holds a secret. */
  let mapEnd = 0
  for (const { 0: name, index } of text.matchAll(KEY)) {
    if (index < done) continue
    const from = text.indexOf(':', index) + 1
    if (maps.has(name)) {
      mapEnd = Math.max(mapEnd, endOfMap(text, index, from))
      continue
    }
    if (index >= mapEnd && !secrets.has(name) && !CALLED_SECRET.test(name)) continue
    const to = endOfSecret(text, index, from)
    out += text.slice(done, from) + text.slice(from, to).replace(/\S/g, '*')
    done = to
  }
  return out + text.slice(done)
}

/** A message without the secrets of the text it is about. */
export function withoutSecrets(message: string, text: string): string {
  const masked = maskSecrets(text)
  let clean = message
  for (const { 0: stars, index } of masked.matchAll(/\*+/g)) {
    // What marks a value in YAML is not part of it.
    const secret = text.slice(index, index + stars.length).replace(/^["'*&!|>@`%-]+|["']+$/g, '')
    if (secret.length > 3 && !/^\*+$/.test(secret)) clean = clean.replaceAll(secret, '***')
  }
  return clean
}

/** Where the value that begins at `from` ends at the latest. Equal to `from`: it is no secret. */
function endOfSecret(text: string, key: number, from: number): number {
  const end = lineEnd(text, from)
  const value = text.slice(from, end).replace(/\r$/, '')
  const blanks = value.length - value.trimStart().length
  const bare = value.slice(blanks)
  if (ELSEWHERE.test(bare)) return from
  const quoted = QUOTED.exec(bare)
  if (quoted !== null) return quoted[0].length === 2 ? from : from + blanks + quoted[0].length
  const { inFlow, indent } = placeOf(text, key)
  const stop = inFlow && !/^["'{[]/.test(bare) ? END_IN_FLOW.exec(bare) : null
  if (stop !== null) return from + blanks + stop.index
  const isOpen = /^(?:$|["'#{[|>])/.test(bare)
  const own = /^["']/.test(bare) ? value.length : value.search(END_IN_BLOCK)
  return endOfLinesBelow(text, { end, indent, isOpen }) ?? from + own
}

/** Where a map that holds nothing but secrets ends: at its brace, or with the lines that are indented further. */
function endOfMap(text: string, key: number, from: number): number {
  const end = lineEnd(text, from)
  const flow = /^\s*\{(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^"'}])*\}/.exec(text.slice(from, end))
  if (flow !== null) return from + flow[0].length
  return endOfLinesBelow(text, { end, indent: placeOf(text, key).indent, isOpen: true }) ?? end
}

/** Whether a key stands inside braces, as far as its line tells, and how far what belongs to it must be indented beyond. */
function placeOf(text: string, key: number): { inFlow: boolean; indent: number } {
  const line = text.lastIndexOf('\n', key) + 1
  const inFlow = /[^\s\-"']/.test(text.slice(line, key))
  return { inFlow, indent: inFlow ? indentOf(text, line) : text.slice(line, key).replace(/["']$/, '').length }
}

/** The end of the further lines of a value, or undefined where it has none. */
function endOfLinesBelow(text: string, above: { end: number; indent: number; isOpen: boolean }): number | undefined {
  let last: number | undefined
  for (let line = above.end + 1; line < text.length; line = lineEnd(text, line) + 1) {
    const end = lineEnd(text, line)
    const content = text.slice(line, end)
    if (content.trim() === '') continue
    const isFirst = last === undefined && above.isOpen
    if (indentOf(text, line) <= above.indent && !(isFirst && !OTHER.test(content))) break
    last = end
  }
  return last
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return end === -1 ? text.length : end
}

function indentOf(text: string, line: number): number {
  let at = line
  while (text.charAt(at) === ' ' || text.charAt(at) === '\t') at++
  return at - line
}

interface SecretNames {
  /** Keys that hold a secret. */
  readonly secrets: ReadonlySet<string>
  /** Keys that hold a map of secrets. */
  readonly maps: ReadonlySet<string>
}

let known: SecretNames | undefined

/** What the language has of them, anywhere. */
function secretNames(): SecretNames {
  if (known !== undefined) return known
  const [secrets, maps] = [new Set<string>(), new Set<string>()]
  const isSecret = (node: SchemaNode): boolean => shapeOf(node)['x-secret'] === true
  const visit = (node: SchemaNode): void => {
    for (const [name, child] of Object.entries(node.properties ?? {})) {
      const others = shapeOf(child).additionalProperties
      if (isSecret(child)) secrets.add(name)
      else if (typeof others === 'object' && isSecret(others)) maps.add(name)
      else visit(child)
    }
    if (node.items !== undefined) visit(node.items)
    if (typeof node.additionalProperties === 'object') visit(node.additionalProperties)
  }
  visit(rootShape)
  for (const shape of Object.values(rootShape.definitions ?? {})) visit(shape)
  known = { secrets, maps }
  return known
}
