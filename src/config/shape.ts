// The schema as a thing to walk beside a document: which schema stands at a path, and which names are known there.

import { SHAPE } from './generated/shape-data.ts'

export type JsonType = 'string' | 'integer' | 'number' | 'boolean' | 'null' | 'object' | 'array'

export interface SchemaNode {
  readonly $ref?: string
  readonly type?: JsonType | readonly JsonType[]
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly additionalProperties?: boolean | SchemaNode
  readonly items?: SchemaNode
  readonly enum?: readonly unknown[]
  readonly default?: unknown
  readonly pattern?: string
  readonly definitions?: Readonly<Record<string, SchemaNode>>
  readonly 'x-id'?: boolean
  readonly 'x-secret'?: boolean
  readonly 'x-duration'?: boolean
  readonly 'x-pattern'?: boolean
}

export type Path = readonly (string | number)[]

export const rootShape: SchemaNode = SHAPE

const resolved = new Map<string, SchemaNode>()

/** Follows `$ref`. */
export function shapeOf(node: SchemaNode): SchemaNode {
  if (node.$ref === undefined) return node
  const known = resolved.get(node.$ref)
  if (known !== undefined) return known
  let target: unknown = SHAPE
  for (const part of node.$ref.slice(2).split('/')) target = (target as Record<string, unknown>)[part]
  const shape = shapeOf(target as SchemaNode)
  resolved.set(node.$ref, shape)
  return shape
}

const CHANNEL = '#/definitions/channel'

/** Channel types the schema describes. */
export const channelTypes: readonly string[] = (shapeOf({ $ref: CHANNEL }).properties?.['type']?.enum ?? []) as string[]

/** The schema of a channel of this type; undefined for an unknown type. */
export const channelShape = (type: string): SchemaNode | undefined =>
  channelTypes.includes(type) ? shapeOf({ $ref: `#/definitions/channel-${type}` }) : undefined

/** The schema of a key of a map, or undefined where the schema says nothing. `type` is the channel's, for channels. */
export function childShape(parent: SchemaNode, key: string, channelType?: string): SchemaNode | undefined {
  const others = typeof parent.additionalProperties === 'object' ? parent.additionalProperties : undefined
  // What the schema says of single channel keys is for editors: here the type decides.
  if (others?.$ref === CHANNEL) return key.startsWith('x-') ? undefined : channelShape(channelType ?? key)
  const own = parent.properties?.[key]
  if (own !== undefined) return shapeOf(own)
  if (key.startsWith('x-')) return undefined
  return others === undefined ? undefined : shapeOf(others)
}

export const hasType = (shape: SchemaNode, type: JsonType): boolean =>
  Array.isArray(shape.type) ? shape.type.includes(type) : shape.type === type

/** The schema at a path of a document, and the one above it. */
export function shapeAt(path: Path, channelTypeOf: (id: string) => string | undefined): SchemaNode | undefined {
  let shape: SchemaNode | undefined = rootShape
  for (const [depth, part] of path.entries()) {
    if (shape === undefined) return undefined
    if (typeof part === 'number') shape = shape.items === undefined ? undefined : shapeOf(shape.items)
    else shape = childShape(shape, part, depth === 1 && path[0] === 'channels' ? channelTypeOf(part) : undefined)
  }
  return shape
}

/** A JSON pointer. */
export const pointerOf = (path: Path): string =>
  path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
