// The schema as a thing to walk beside a document: which schema stands at a path, and which names are known there.

import type { ChannelDefinition } from '../channels/port.ts'
import type { JsonType, SchemaNode } from '../schema-node.ts'
import { SHAPE } from './generated/shape-data.ts'
import { channelRef, withChannel } from './language/index.ts'

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

/** Which types of channels there are, and the schema of each. */
export interface ChannelShapes {
  readonly types: readonly string[]
  /** Types that the schema itself does not know. */
  readonly added: readonly string[]
  /** The schema of the whole, added types included. */
  readonly root: SchemaNode
  /** undefined for an unknown type. */
  of(type: string): SchemaNode | undefined
}

const typesIn = (root: SchemaNode): readonly string[] =>
  (root.definitions?.['channel']?.properties?.['type']?.enum ?? []).map(String)

const made = new WeakMap<readonly ChannelDefinition[], ChannelShapes>()

/** The schema's types, and those that only the registry knows: with the keys all channels have, and their own. */
export function channelShapes(definitions: readonly ChannelDefinition[]): ChannelShapes {
  const shapes = made.get(definitions) ?? shapesOf(definitions)
  made.set(definitions, shapes)
  return shapes
}

function shapesOf(definitions: readonly ChannelDefinition[]): ChannelShapes {
  const known = typesIn(SHAPE)
  const more = definitions.filter(({ type }) => !known.includes(type))
  const root = more.reduce((language, { type, settings = {} }) => withChannel(language, type, settings), SHAPE)
  const types = typesIn(root)
  return {
    types,
    added: more.map(({ type }) => type),
    root,
    of: (type) => (types.includes(type) ? root.definitions?.[channelRef(type).slice('#/definitions/'.length)] : undefined),
  }
}

/** Without a registry: what the schema describes. */
export const schemaChannels: ChannelShapes = channelShapes([])

/** The schema of a key of a map, or undefined where the schema says nothing. `type` is the channel's, for channels. */
export function childShape(
  parent: SchemaNode,
  key: string,
  channelType?: string,
  channels: ChannelShapes = schemaChannels,
): SchemaNode | undefined {
  const others = typeof parent.additionalProperties === 'object' ? parent.additionalProperties : undefined
  // What the schema says of single channel keys is for editors: here the type decides.
  if (others?.$ref === CHANNEL) return key.startsWith('x-') ? undefined : channels.of(channelType ?? key)
  const own = parent.properties?.[key]
  if (own !== undefined) return shapeOf(own)
  // A comment, but where the keys are the user's own, such as the headers of a request.
  if (key.startsWith('x-') && (parent.properties !== undefined || parent.patternProperties !== undefined)) return undefined
  return others === undefined ? undefined : shapeOf(others)
}

export const hasType = (shape: SchemaNode, type: JsonType): boolean =>
  Array.isArray(shape.type) ? shape.type.includes(type) : shape.type === type

/** The schema at a path of a document, and the one above it. */
export function shapeAt(
  path: Path,
  channelTypeOf: (id: string) => string | undefined,
  channels: ChannelShapes = schemaChannels,
): SchemaNode | undefined {
  let shape: SchemaNode | undefined = rootShape
  for (const [depth, part] of path.entries()) {
    if (shape === undefined) return undefined
    if (typeof part === 'number') shape = shape.items === undefined ? undefined : shapeOf(shape.items)
    else shape = childShape(shape, part, depth === 1 && path[0] === 'channels' ? channelTypeOf(part) : undefined, channels)
  }
  return shape
}

/** A JSON pointer. */
export const pointerOf = (path: Path): string =>
  path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

/** A JSON pointer as a path; indexes stay texts, since only the document knows which parts are lists. */
export const pathOf = (pointer: string): readonly string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
