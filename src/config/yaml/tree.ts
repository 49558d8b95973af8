// What both YAML readers make of a text: a small tree that knows where everything stands. Enters nothing, leaves types.

/** A file that was read, with the tree of its text. */
export interface SourceText {
  /** Absolute path. */
  readonly file: string
  readonly text: string
}

interface NodeBase {
  readonly source: SourceText
  /** Offsets into `source.text`, the end exclusive. */
  readonly start: number
  readonly end: number
}

/** `plain` scalars carry the text they were written as, so that ids keep their digits. */
export interface ScalarNode extends NodeBase {
  readonly kind: 'scalar'
  readonly value: string | number | boolean | null
  readonly written: string
}

export interface MapEntry {
  readonly key: string
  readonly keyStart: number
  readonly keyEnd: number
  readonly source: SourceText
  readonly value: TreeNode
}

export interface MapNode extends NodeBase {
  readonly kind: 'map'
  readonly entries: readonly MapEntry[]
}

export interface ListNode extends NodeBase {
  readonly kind: 'list'
  readonly items: readonly TreeNode[]
}

export type TreeNode = ScalarNode | MapNode | ListNode

const indexes = new WeakMap<MapNode, Map<string, MapEntry>>()

/** The entry of a key; large maps are indexed on first use. */
export function entryOf(map: MapNode, key: string): MapEntry | undefined {
  if (map.entries.length < 16) return map.entries.find((entry) => entry.key === key)
  let index = indexes.get(map)
  if (index === undefined) {
    index = new Map(map.entries.map((entry) => [entry.key, entry]))
    indexes.set(map, index)
  }
  return index.get(key)
}

const MAX_DEPTH = 100
const MAX_EXPANDED = 2_000_000

/** What is wrong with the size of a tree whose aliases are written out, or null. Each shared node is counted once per use. */
export function sizeProblem(root: TreeNode): 'deep' | 'large' | null {
  const sizes = new Map<TreeNode, number>()
  let problem: 'deep' | 'large' | null = null
  const size = (node: TreeNode, depth: number): number => {
    if (depth > MAX_DEPTH) {
      problem ??= 'deep'
      return 1
    }
    if (node.kind === 'scalar') return 1
    const known = sizes.get(node)
    if (known !== undefined) return known
    let total = 1
    if (node.kind === 'map') for (const entry of node.entries) total += size(entry.value, depth + 1)
    else for (const item of node.items) total += size(item, depth + 1)
    if (total > MAX_EXPANDED) problem ??= 'large'
    sizes.set(node, total)
    return total
  }
  size(root, 0)
  return problem
}
