// Texts that YAML reads without complaint and that are most likely not what was meant: cut off at a #, in curly quotes, a
// variable without braces, a path that is taken for words.

import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Diagnostic } from '../../errors.ts'
import { mapAt } from '../document.ts'
import { bareVariableName } from '../interpolate.ts'
import { nameOf } from '../mistakes.ts'
import { positionOf } from '../positions.ts'
import { type Path, pointerOf } from '../shape.ts'
import type { ScalarNode, TreeNode } from '../yaml/tree.ts'
import { agentSections, type Check, type CheckInput } from './check.ts'

const SLIP = 'CLAW321'

export const checkTexts: Check = (input) => {
  const { doc } = input
  const problems: Diagnostic[] = []
  walk(doc.root, [], (node, path) => {
    if (typeof node.value !== 'string' || node.start === node.end) return
    for (const look of LOOKS) {
      const slip = look({ node, value: node.value, text: node.source.text }, path)
      if (slip === undefined) continue
      const at = { ...positionOf(node.source, slip.start ?? node.start, slip.end ?? node.end), path: pointerOf(path) }
      // Half a sentence can be lived with; the name of a secret in its place cannot.
      const severity = look === bareVariable && doc.secrets.has(at.path) ? 'error' : 'warning'
      problems.push({ ...doc.problem(SLIP, slip.message, path, { hint: slip.hint, severity }), ...at })
    }
  })
  return [...problems, ...soulsLikePaths(input)]
}

/** A text as it was read, and the file around it. Looked at once for every text of a file: cheap tests come first. */
interface Looked {
  readonly node: ScalarNode
  readonly value: string
  readonly text: string
}

interface Slip {
  readonly message: string
  readonly hint: string
  /** Offsets of what is wrong; default: the whole text. */
  readonly start?: number
  readonly end?: number
}

/** `soul: You love #music`: a comment that begins with a letter or digit, right behind a text. */
function cutByComment({ node, text }: Looked, path: Path): Slip | undefined {
  if (text.charAt(node.end) !== ' ' || /["'|>]/.test(text.charAt(node.start))) return undefined
  const newline = text.indexOf('\n', node.end)
  const rest = text.slice(node.end, newline === -1 ? undefined : newline)
  const comment = /^[ \t]+(#[^\s#!].*)$/.exec(rest)
  if (comment === null) return undefined
  const start = node.end + rest.indexOf('#')
  const message = `${nameOf(path)} ends before the #, which begins a comment.`
  const hint = 'Put the whole text in quotes if the # belongs to it; put a blank after the # of a comment.'
  return { message, hint, start, end: node.end + rest.trimEnd().length }
}

/** `tools: ["bash"]` in the quotes of a word processor. */
function curlyQuotes({ value }: Looked, path: Path): Slip | undefined {
  if (value.charCodeAt(0) < 0x80 || !/^[\u201c\u201d\u201e\u2018\u2019\u00ab].*[\u201c\u201d\u2018\u2019\u00bb]$/s.test(value))
    return undefined
  const inner = value.slice(1, -1)
  const message = `${nameOf(path)} is in curly quotes, which belong to the text.`
  return { message, hint: `Write straight ones: ${JSON.stringify(inner)}.` }
}

/** `token: $TELEGRAM_BOT_TOKEN`, `%TOKEN%`: the form of another program. */
function bareVariable({ value }: Looked, path: Path): Slip | undefined {
  const name = bareVariableName(value)
  if (name === undefined) return undefined
  return { message: `${nameOf(path)} is the text ${value}, not a variable.`, hint: `Write "\${${name}}".` }
}

/** `soul: !important be kind`: YAML takes the first word for a tag and drops it. */
const MOST_TAG = 80

function droppedTag({ node, text }: Looked, path: Path): Slip | undefined {
  // Of a large file only the text in front is looked at: this is asked of every value.
  const near = text.slice(Math.max(0, node.start - MOST_TAG), node.start)
  const mark = near.lastIndexOf('!')
  if (mark === -1 || mark < near.lastIndexOf('\n')) return undefined
  const before = /(![^\s,[\]{}!]*)[ \t]+$/.exec(near.slice(mark))
  const tag = before?.[1]
  if (tag === undefined || tag.startsWith('!<')) return undefined
  const start = node.start - (before?.[0].length ?? 0)
  const message = `${nameOf(path)} has the tag ${tag}, which means nothing here and is left out.`
  return { message, hint: 'Put the whole text in quotes if it begins with an exclamation mark.', start, end: node.end }
}

const LOOKS: readonly ((looked: Looked, path: Path) => Slip | undefined)[] = [cutByComment, curlyQuotes, bareVariable, droppedTag]

/** `soul: agents/scout`: a path is only what ends in .md or .txt. */
function soulsLikePaths({ doc, scope }: CheckInput): readonly Diagnostic[] {
  return agentSections(doc, scope).flatMap(({ value, path }) => {
    const soul = mapAt(value)['soul']
    const at = [...path, 'soul']
    if (typeof soul !== 'string' || /\s/.test(soul.trim()) || /\.(md|txt)$/.test(soul.trim())) return []
    const folder = dirname(doc.fileOf(at))
    const near = ['', '.md', '.txt', '/SOUL.md'].find((ending) => existsSync(resolve(folder, soul.trim() + ending)))
    if (near === undefined && !/^(\.{1,2}\/|~\/)|\/.*\w$/.test(soul)) return []
    const hint =
      near === undefined || near === ''
        ? 'A path ends in .md or .txt; anything else is the text itself.'
        : `Write ${soul.trim()}${near} to read that file; anything that does not end in .md or .txt is the text itself.`
    return [doc.problem(SLIP, `${nameOf(at)} looks like a path, and is taken as the text itself.`, at, { hint })]
  })
}

/** Every scalar of the tree, each once though aliases lead to it twice. The path is the same list throughout: copy it to keep it. */
function walk(
  node: TreeNode,
  path: (string | number)[],
  see: (node: ScalarNode, path: Path) => void,
  seen: Set<TreeNode> = new Set(),
): void {
  if (node.kind === 'scalar') {
    see(node, path)
    return
  }
  if (seen.has(node)) return
  seen.add(node)
  const children: Iterable<readonly [string | number, TreeNode]> =
    node.kind === 'list' ? node.items.entries() : node.entries.map(({ key, value }) => [key, value] as const)
  for (const [part, child] of children) {
    path.push(part)
    walk(child, path, see, seen)
    path.pop()
  }
}
