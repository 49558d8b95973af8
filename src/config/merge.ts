// Trees of several files → one tree. Sections merge by key, lists concatenate; the same key twice is told with both places.

import { type Diagnostic, diagnostic } from '../errors.ts'
import type { ParsedFile } from './parse.ts'
import { positionOf } from './positions.ts'
import { pointerOf } from './shape.ts'
import { entryOf, type ListNode, type MapEntry, type MapNode, type TreeNode } from './yaml/tree.ts'

export interface Merged {
  readonly root: MapNode | null
  readonly diagnostics: readonly Diagnostic[]
}

/** Files in the order in which they count. */
export function mergeFiles(files: readonly ParsedFile[]): Merged {
  const diagnostics: Diagnostic[] = []
  const roots: MapNode[] = []
  for (const { root, source } of files) {
    if (root === null) continue
    if (root.kind === 'map') roots.push(root)
    else {
      const hint = 'Write `agents:` and below it, indented, the agents.'
      diagnostics.push(
        diagnostic('CLAW103', 'A configuration is a map of keys.', positionOf(source, root.start, root.end), { hint }),
      )
    }
  }
  const [first, ...others] = roots
  if (first === undefined) return { root: null, diagnostics }
  if (others.length === 0) return { root: first, diagnostics }
  return { root: mergeMaps(roots, [], diagnostics), diagnostics }
}

/** How far keys merge: sections, and the keys inside them. `routing.rules` concatenates at depth two. */
const MERGE_DEPTH = 2

function mergeMaps(maps: readonly MapNode[], path: readonly string[], diagnostics: Diagnostic[]): MapNode {
  const groups = new Map<string, MapEntry[]>()
  for (const map of maps) {
    for (const entry of map.entries) {
      const group = groups.get(entry.key)
      if (group === undefined) groups.set(entry.key, [entry])
      else group.push(entry)
    }
  }
  const entries: MapEntry[] = []
  for (const [key, group] of groups) entries.push(mergeEntries(group, [...path, key], diagnostics))
  return { ...maps[0]!, entries }
}

function mergeEntries(group: readonly MapEntry[], path: readonly string[], diagnostics: Diagnostic[]): MapEntry {
  const [first, ...others] = group as [MapEntry, ...MapEntry[]]
  if (others.length === 0) return first
  const filled = group.filter(({ value }) => !(value.kind === 'scalar' && value.value === null))
  const [kept = first] = filled
  if (filled.length < 2 || path[0] === 'include' || path[0]?.startsWith('x-')) return { ...first, value: kept.value }
  const alike = filled.filter(({ value }) => value.kind === kept.value.kind)
  for (const other of filled) if (!alike.includes(other)) diagnostics.push(unlike(kept, other, path))
  const values: readonly TreeNode[] = alike.map(({ value }) => value)
  if (values.every((value): value is ListNode => value.kind === 'list') && listsMerge(path)) {
    return { ...first, value: { ...values[0]!, items: values.flatMap((value) => value.items) } }
  }
  if (path.length < MERGE_DEPTH && values.every((value): value is MapNode => value.kind === 'map')) {
    return { ...first, value: mergeMaps(values, path, diagnostics) }
  }
  const same = values.every((value) => value.kind === 'scalar' && value.value === (values[0] as { value?: unknown }).value)
  if (path.length === 1 && path[0] === 'version' && same) return kept
  for (const other of alike.slice(1)) diagnostics.push(twice(kept, other, path))
  return { ...first, value: kept.value }
}

/** Lists of sections concatenate; a list deeper down belongs to one object in one file. */
const listsMerge = (path: readonly string[]): boolean => path.length === 1 || (path.length === 2 && path[0] === 'routing')

function twice(first: MapEntry, second: MapEntry, path: readonly string[]): Diagnostic {
  return besides(first, second, path, `"${path.join('.')}" is defined in two files.`)
}

const KINDS = { map: 'a map', list: 'a list', scalar: 'a single value' } as const

function unlike(first: MapEntry, second: MapEntry, path: readonly string[]): Diagnostic {
  const [one, other] = [KINDS[first.value.kind], KINDS[second.value.kind]]
  return besides(first, second, path, `"${path.join('.')}" is ${other} here and ${one} in another file.`)
}

function besides(first: MapEntry, second: MapEntry, path: readonly string[], message: string): Diagnostic {
  const earlier = positionOf(first.source, first.keyStart, first.keyEnd)
  const at = { ...positionOf(second.source, second.keyStart, second.keyEnd), path: pointerOf(path) }
  return diagnostic('CLAW006', message, at, {
    hint: `Keep one of the two; the other is in ${earlier.file}:${earlier.line}.`,
    related: [{ ...earlier, message: 'also defined here' }],
  })
}

/** Where the thing at a path stands: the entry it is the value of, and the node. */
export function find(root: TreeNode, path: readonly (string | number)[]): { entry: MapEntry | null; node: TreeNode } | null {
  let node: TreeNode = root
  let entry: MapEntry | null = null
  for (const part of path) {
    if (node.kind === 'list') {
      const item: TreeNode | undefined = node.items[Number(part)]
      if (item === undefined) return null
      node = item
      entry = null
    } else if (node.kind === 'map') {
      const found = entryOf(node, String(part))
      if (found === undefined) return null
      entry = found
      node = found.value
    } else return null
  }
  return { entry, node }
}
