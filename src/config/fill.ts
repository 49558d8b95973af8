// Tree → plain value: variables put in, scalars typed by the schema, secrets set aside so that no later stage can print them.

import { type Diagnostic, diagnostic } from '../errors.ts'
import type { SchemaNode } from '../schema-node.ts'
import type { Sliced } from '../slices.ts'
import { type Interpolated, interpolate, type Lookup } from './interpolate.ts'
import { positionOf } from './positions.ts'
import { type ChannelShapes, childShape, hasType, type Path, pointerOf, rootShape, schemaChannels, shapeOf } from './shape.ts'
import { nearest } from './suggest.ts'
import { entryOf, type MapNode, type ScalarNode, type TreeNode } from './yaml/tree.ts'

export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value }

/** A secret field: its value is here and nowhere else. */
export interface SecretField {
  readonly path: Path
  /** '' when it is not set. */
  readonly value: string
  /** The variables that would set it. */
  readonly unset: readonly { readonly name: string; readonly message?: string }[]
  /** Whether some of it stands in the file itself. */
  readonly literal: boolean
  /** It stands where none belongs, such as under a misspelled key: kept out of sight all the same. */
  readonly misplaced?: true
}

export interface Filled {
  readonly value: Value
  /** By JSON pointer. */
  readonly secrets: ReadonlyMap<string, SecretField>
  /** Pointers of values that hold a variable, with the names used. */
  readonly variables: ReadonlyMap<string, readonly string[]>
  readonly diagnostics: readonly Diagnostic[]
}

/** What stands in the plain value where a secret was. */
const HIDDEN = '***'

export function* fill(root: TreeNode, lookup: Lookup, channels: ChannelShapes = schemaChannels): Sliced<Filled> {
  const secrets = new Map<string, SecretField>()
  const variables = new Map<string, readonly string[]>()
  const diagnostics: Diagnostic[] = []
  const path: (string | number)[] = []

  function* visit(node: TreeNode, shape: SchemaNode | undefined, asId: boolean): Sliced<Value> {
    if (shape?.['x-secret'] === true && node.kind === 'scalar') return secret(node)
    if (node.kind === 'scalar' && typeof node.value === 'string' && holdsSecret(shape)) return misplaced(node)
    if (node.kind === 'scalar') return scalar(node, shape, asId || shape?.['x-id'] === true)
    yield
    if (node.kind === 'list') return yield* list(node.items, shape, asId || shape?.['x-id'] === true)
    return yield* map(node, shape, asId || shape?.['x-id'] === true)
  }

  function* list(items: readonly TreeNode[], shape: SchemaNode | undefined, asId: boolean): Sliced<Value> {
    const inner = shape?.items === undefined ? undefined : shapeOf(shape.items)
    const values: Value[] = []
    for (const [index, item] of items.entries()) {
      path.push(index)
      values.push(yield* visit(item, inner, asId))
      path.pop()
    }
    return values
  }

  function* map(node: MapNode, shape: SchemaNode | undefined, asId: boolean): Sliced<Value> {
    const inChannels = path.length === 1 && path[0] === 'channels'
    const value: Record<string, Value> = {}
    for (const entry of node.entries) {
      const inner =
        shape === undefined ? undefined : childShape(shape, entry.key, inChannels ? typeOf(entry.value) : undefined, channels)
      // A section with nothing below it is as if it were not there.
      if (path.length === 0 && isNothing(entry.value) && emptyOf(inner) !== null) continue
      path.push(entry.key)
      const hidden = inner === undefined && entry.value.kind === 'scalar' && meantAsSecret(shape, entry.key)
      const made = hidden ? misplaced(entry.value as ScalarNode) : yield* visit(entry.value, inner, asId)
      path.pop()
      if (entry.key === '__proto__') Object.defineProperty(value, entry.key, { value: made, enumerable: true })
      else value[entry.key] = inChannels ? withType(entry.key, made, channels) : made
    }
    return value
  }

  function scalar(node: ScalarNode, shape: SchemaNode | undefined, asId: boolean): Value {
    const { value } = node
    if (value === null) return emptyOf(shape)
    if (typeof value !== 'string') return asId ? node.written : value
    if (shape === undefined || !value.includes('${')) return value
    const result = interpolate(value, lookup)
    report(node, result)
    if (result.used.length > 0) variables.set(pointerOf(path), result.used)
    return typed(result.text, shape)
  }

  function secret(node: ScalarNode): Value {
    const text = node.value === null ? '' : typeof node.value === 'string' ? node.value : node.written
    const result = interpolate(text, lookup)
    if (result.malformed !== undefined) report(node, result)
    const isSet = result.unset.length === 0 && result.malformed === undefined
    secrets.set(pointerOf(path), {
      path: [...path],
      value: isSet ? result.text : '',
      unset: result.unset,
      literal: isSet && result.text !== '' && !result.onlyVariables,
    })
    if (result.used.length > 0) variables.set(pointerOf(path), result.used)
    return HIDDEN
  }

  function misplaced(node: ScalarNode): Value {
    secrets.set(pointerOf(path), {
      path: [...path],
      value: '',
      unset: [],
      literal: !node.written.startsWith('${'),
      misplaced: true,
    })
    return HIDDEN
  }

  function report(node: ScalarNode, result: Interpolated): void {
    const at = { ...positionOf(node.source, node.start, node.end), path: pointerOf(path) }
    if (result.malformed !== undefined) {
      const hint = 'Write ${NAME}, ${NAME:-default} or ${NAME:?message}; $${text} stands for a literal ${text}.'
      diagnostics.push(diagnostic('CLAW008', 'This is not a variable that can be read.', at, { hint }))
    }
    for (const { name, message } of result.unset) {
      const words = message === undefined ? `The variable ${name} is not set.` : `The variable ${name} is not set: ${message}`
      const hint = `Set ${name} in the environment or in .env, or give a default: \${${name}:-value}.`
      diagnostics.push(diagnostic('CLAW007', words, at, { hint }))
    }
  }

  const value = yield* visit(root, rootShape, false)
  return { value, secrets, variables, diagnostics }
}

/** Whether an unknown key looks like one that holds a secret here. */
function meantAsSecret(shape: SchemaNode | undefined, key: string): boolean {
  if (shape?.properties === undefined || key.startsWith('x-')) return false
  const near = nearest(key, Object.keys(shape.properties))
  return near !== undefined && childShape(shape, near)?.['x-secret'] === true
}

/** Whether a map with a secret in it belongs here: a text in its place is likely to be the secret. */
const holdsSecret = (shape: SchemaNode | undefined): boolean =>
  shape !== undefined &&
  !hasType(shape, 'string') &&
  Object.values(shape.properties ?? {}).some((child) => shapeOf(child)['x-secret'] === true)

const isNothing = (node: TreeNode): boolean => node.kind === 'scalar' && node.value === null

/** A key with nothing after it is an empty map or list where the schema wants one. */
function emptyOf(shape: SchemaNode | undefined): Value {
  if (shape === undefined || hasType(shape, 'null') || hasType(shape, 'string')) return null
  return hasType(shape, 'object') || shape.properties !== undefined ? {} : hasType(shape, 'array') ? [] : null
}

/** A text that came from variables, as the type that the schema wants. */
function typed(text: string, shape: SchemaNode): Value {
  if (hasType(shape, 'string')) return text
  if (hasType(shape, 'boolean') && (text === 'true' || text === 'false')) return text === 'true'
  if ((hasType(shape, 'integer') || hasType(shape, 'number')) && /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text))
    return Number(text)
  return text
}

/** The `type` a channel says it has. */
function typeOf(node: TreeNode): string | undefined {
  const type = node.kind === 'map' ? entryOf(node, 'type')?.value : undefined
  return type?.kind === 'scalar' && typeof type.value === 'string' ? type.value : undefined
}

/** A channel without a type is of the type its key names. */
function withType(key: string, value: Value, channels: ChannelShapes): Value {
  const filled = value === null ? {} : value
  if (typeof filled !== 'object' || Array.isArray(filled) || 'type' in filled || !channels.types.includes(key)) return filled
  return { ...filled, type: key }
}
