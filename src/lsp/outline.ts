// The tree of one file in, its sections and what is in them, out.

import { type DocumentSymbol, SymbolKind } from 'vscode-languageserver'
import { parseYaml } from '../config/yaml/read.ts'
import { entryOf, type MapEntry, type TreeNode } from '../config/yaml/tree.ts'
import { rangeIn } from './places.ts'

const KINDS: Readonly<Record<string, SymbolKind>> = {
  agents: SymbolKind.Class,
  channels: SymbolKind.Interface,
  models: SymbolKind.Module,
  identityLinks: SymbolKind.Object,
}

/** Deeper ones are keys of one thing. */
const DEPTH = 3

export async function outline(file: string, text: string): Promise<DocumentSymbol[]> {
  const { root } = await parseYaml({ file, text })
  return root?.kind === 'map' ? root.entries.map((entry) => symbolOf(entry, [])) : []
}

function symbolOf({ key, source, keyStart, keyEnd, value }: MapEntry, path: readonly string[]): DocumentSymbol {
  const kind =
    (path.length === 1 ? KINDS[path[0] ?? ''] : undefined) ??
    (value.kind === 'scalar' ? SymbolKind.Property : SymbolKind.Namespace)
  return {
    name: key,
    kind,
    range: rangeIn(source, keyStart, Math.max(keyEnd, value.end)),
    selectionRange: rangeIn(source, keyStart, keyEnd),
    children: childrenOf(value, [...path, key]),
  }
}

function childrenOf(node: TreeNode, path: readonly string[]): DocumentSymbol[] {
  if (path.length >= DEPTH || node.kind === 'scalar') return []
  if (node.kind === 'map') return node.entries.map((entry) => symbolOf(entry, path))
  return node.items.flatMap((item, index) =>
    item.kind === 'map'
      ? [
          {
            name: titleOf(item) ?? `#${index}`,
            kind: SymbolKind.Object,
            range: rangeIn(item.source, item.start, Math.max(item.start, item.end)),
            selectionRange: rangeIn(item.source, item.start, item.start),
          },
        ]
      : [],
  )
}

/** A test and a heartbeat by their name, a rule by what it leads to. */
function titleOf(item: TreeNode & { kind: 'map' }): string | undefined {
  const textAt = (key: string): string | undefined => {
    const value = entryOf(item, key)?.value
    return value?.kind === 'scalar' && value.written !== '' ? String(value.value) : undefined
  }
  const agent = textAt('agentId')
  return textAt('name') ?? (agent === undefined ? undefined : `${textAt('prefix') ?? textAt('pattern') ?? ''} → ${agent}`.trim())
}
