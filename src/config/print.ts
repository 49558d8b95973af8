// A document → its values with where each comes from, optionally with the defaults of the schema filled in. Secrets are `***`.

import type { Place } from '../plan/plan.ts'
import type { SchemaNode } from '../schema-node.ts'
import { type ConfigDocument, isMap } from './document.ts'
import type { Value } from './fill.ts'
import { type ChannelShapes, type Path, pointerOf, rootShape, shapeAt, shapeOf } from './shape.ts'

/** `file`: the root file; `include`: another one; `environment`: by a variable; `default`: not written anywhere. */
export type Origin = 'file' | 'include' | 'environment' | 'default'

export type PrintedValue =
  | { readonly kind: 'leaf'; readonly value: unknown; readonly from: Origin; readonly place?: Place }
  | { readonly kind: 'list'; readonly items: readonly PrintedValue[] }
  | { readonly kind: 'map'; readonly entries: ReadonlyMap<string, PrintedValue> }

interface Printing {
  readonly doc: ConfigDocument
  readonly resolved: boolean
  readonly shapes: ChannelShapes
}

/** `shapes`: of the types of channels there are, those that plugins bring included. */
export function printedConfig(doc: ConfigDocument, resolved: boolean, shapes: ChannelShapes): PrintedValue {
  const value = resolved ? withSections(doc.value) : doc.value
  return print(value, [], { doc, resolved, shapes })
}

/** What is absent but means something: agents take `defaults`, no channels mean two. */
function withSections(value: Value): Value {
  if (!isMap(value)) return value
  const { channels = { http: { type: 'http' }, webchat: { type: 'webchat' } }, gateway = {}, lanes = {} } = value
  return { ...value, gateway, lanes, channels }
}

function print(value: Value, path: Path, printing: Printing): PrintedValue {
  const { doc, resolved } = printing
  if (Array.isArray(value)) {
    return { kind: 'list', items: value.map((item: Value, index) => print(item, [...path, index], printing)) }
  }
  if (!isMap(value)) return { kind: 'leaf', value, ...originOf(path, doc) }
  const entries = new Map<string, PrintedValue>()
  const isAgent = path.length === 2 && path[0] === 'agents'
  for (const [key, child] of Object.entries(value)) {
    if (!(resolved && (key.startsWith('x-') || (path.length === 0 && key === 'include')))) {
      entries.set(key, print(child, [...path, key], printing))
    }
  }
  if (!resolved) return { kind: 'map', entries }
  const shared = isAgent ? inherited(printing) : new Map<string, PrintedValue>()
  for (const [key, child] of shared) {
    const own = entries.get(key)
    entries.set(key, own === undefined ? child : overlay(child, own))
  }
  const scope = isMap(doc.value) ? doc.value['sessionScope'] : undefined
  if (isAgent && scope !== undefined && !entries.has('sessionScope'))
    entries.set('sessionScope', print(scope, ['sessionScope'], { ...printing, resolved: false }))
  fillDefaults(entries, shapeOfMap(path, value, printing))
  return { kind: 'map', entries }
}

/** What every agent starts from, with the places of `defaults`. */
function inherited(printing: Printing): ReadonlyMap<string, PrintedValue> {
  const { doc } = printing
  const defaults = isMap(doc.value) ? doc.value['defaults'] : undefined
  if (!isMap(defaults)) return new Map()
  return new Map(
    Object.entries(defaults).map(([key, child]) => [key, print(child, ['defaults', key], { ...printing, resolved: false })]),
  )
}

/** Sections of an agent merge with the same section of `defaults`, key by key. */
function overlay(base: PrintedValue, own: PrintedValue): PrintedValue {
  if (base.kind !== 'map' || own.kind !== 'map') return own
  return { kind: 'map', entries: new Map([...base.entries, ...[...own.entries].filter(([, child]) => !isDefault(child))]) }
}

const isDefault = (value: PrintedValue): boolean => value.kind === 'leaf' && value.from === 'default'

function shapeOfMap(path: Path, value: Value, { doc, shapes }: Printing): SchemaNode | undefined {
  if (path.length === 0) return rootShape
  const channels = isMap(doc.value) ? doc.value['channels'] : undefined
  const typeOf = (id: string): string | undefined => {
    const channel = path[1] === id ? value : isMap(channels) ? channels[id] : undefined
    return isMap(channel) && typeof channel['type'] === 'string' ? channel['type'] : undefined
  }
  return shapeAt(path, typeOf, shapes)
}

/** Defaults of the schema, also those of sections that are absent whole. */
function fillDefaults(entries: Map<string, PrintedValue>, shape: SchemaNode | undefined): void {
  for (const [key, reference] of Object.entries(shape?.properties ?? {})) {
    const child = shapeOf(reference)
    const own = entries.get(key)
    if (own === undefined && child.default !== undefined) entries.set(key, defaultLeaf(child.default))
    else if (child.properties !== undefined && child['x-secret'] !== true && (own === undefined || own.kind === 'map')) {
      const inner = new Map(own?.entries ?? [])
      fillDefaults(inner, child)
      if (inner.size > 0) entries.set(key, { kind: 'map', entries: inner })
    }
  }
}

const defaultLeaf = (value: unknown): PrintedValue =>
  Array.isArray(value) && value.length > 0
    ? { kind: 'list', items: value.map(defaultLeaf) }
    : { kind: 'leaf', value, from: 'default' }

function originOf(path: Path, doc: ConfigDocument): { from: Origin; place?: Place } {
  const pointer = pointerOf(path)
  const place = doc.written(path) ? doc.place(path) : undefined
  if (place === undefined) return { from: 'default' }
  const secret = doc.secrets.get(pointer)
  const byVariable = doc.variables.has(pointer) || (secret !== undefined && !secret.literal && secret.unset.length > 0)
  const from = byVariable ? 'environment' : place.file === doc.file ? 'file' : 'include'
  return { from, place }
}

export interface FlatValue {
  /** JSON pointer, and the same in the words of the file. */
  readonly path: string
  readonly name: string
  readonly value: unknown
  readonly from: Origin
  readonly place?: Place
}

/** Every leaf, in order. */
export function flatten(root: PrintedValue): readonly FlatValue[] {
  const found: FlatValue[] = []
  const visit = (value: PrintedValue, path: readonly (string | number)[]): void => {
    if (value.kind === 'list') for (const [index, item] of value.items.entries()) visit(item, [...path, index])
    else if (value.kind === 'map') for (const [key, child] of value.entries) visit(child, [...path, key])
    else {
      const { kind: _, ...leaf } = value
      const name = path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('')
      found.push({ path: pointerOf(path), name, ...leaf })
    }
  }
  visit(root, [])
  return found
}
