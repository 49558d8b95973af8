// The language as editors see it: a path of keys in, the schema that stands there with its words, out.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { withChannel } from '../config/language/index.ts'
import type { Path } from '../config/shape.ts'
import type { Registry } from '../registry.ts'
import { packageRoot } from '../resources.ts'
import type { SchemaNode } from '../schema-node.ts'

export interface Language {
  /** undefined: the schema says nothing of that place. `channelTypeOf`: the type that a channel's entry names. */
  at(path: Path, channelTypeOf: (id: string) => string): SchemaNode | undefined
}

let shipped: SchemaNode | undefined

export function languageFor({ channels }: Registry): Language {
  shipped ??= JSON.parse(readFileSync(join(packageRoot(), 'schema/openclaw.schema.json'), 'utf8')) as SchemaNode
  const known = new Set(shipped.definitions?.['channel']?.properties?.['type']?.enum ?? [])
  const root = channels
    .filter(({ type }) => !known.has(type))
    .reduce((language, { type, settings = {} }) => withChannel(language, type, settings), shipped)

  const follow = (node: SchemaNode): SchemaNode => {
    if (node.$ref === undefined) return node
    let target: unknown = root
    for (const part of node.$ref.slice(2).split('/')) target = (target as Record<string, unknown>)[part]
    const { $ref: _, ...words } = node
    return { ...follow(target as SchemaNode), ...words }
  }

  return {
    at(path, channelTypeOf) {
      let node: SchemaNode | undefined = root
      for (const [depth, part] of path.entries()) {
        if (node === undefined) return undefined
        if (typeof part === 'number') node = node.items === undefined ? undefined : follow(node.items)
        else if (depth === 1 && path[0] === 'channels') {
          const channel: SchemaNode | undefined = root.definitions?.[`channel-${channelTypeOf(part)}`]
          node = channel ?? root.definitions?.['channelCommon']
        } else {
          const own: SchemaNode | undefined = node.properties?.[part]
          const others: SchemaNode | undefined =
            typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined
          node = own === undefined ? others && follow(others) : follow(own)
        }
      }
      return node
    },
  }
}
