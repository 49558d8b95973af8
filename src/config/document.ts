// The merged configuration as one value that can say where each of its parts stands. Made once, read by checks and compile.

import { type Code, type Diagnostic, diagnostic, type Position } from '../errors.ts'
import type { Place } from '../plan/plan.ts'
import type { Filled, SecretField, Value } from './fill.ts'
import { find } from './merge.ts'
import { positionOf } from './positions.ts'
import { type Path, pointerOf } from './shape.ts'
import type { MapNode } from './yaml/tree.ts'

/** `item`: the start of a thing as a whole, such as a rule. */
export type Spot = 'key' | 'value' | 'item'

export interface ConfigDocument {
  /** Absolute path of the root file. */
  readonly file: string
  readonly root: MapNode
  readonly value: Value
  readonly secrets: ReadonlyMap<string, SecretField>
  readonly variables: ReadonlyMap<string, readonly string[]>
  position(path: Path, spot?: Spot): Position
  place(path: Path): Place
  /** Whether it stands in a file at all. */
  written(path: Path): boolean
  /** The file that names what stands at the path: relative paths are relative to it. */
  fileOf(path: Path): string
  problem(code: Code, message: string, path: Path, more?: ProblemOptions): Diagnostic
}

export interface ProblemOptions {
  readonly spot?: Spot
  readonly hint?: string
  readonly severity?: Diagnostic['severity']
  readonly related?: Diagnostic['related']
}

export function createDocument(file: string, root: MapNode, filled: Filled): ConfigDocument {
  /** What stands nearest to the path, when it is absent itself. */
  const nearest = (path: Path): { found: NonNullable<ReturnType<typeof find>>; exact: boolean } => {
    for (let length = path.length; length > 0; length--) {
      const found = find(root, path.slice(0, length))
      if (found !== null) return { found, exact: length === path.length }
    }
    return { found: { entry: null, node: root }, exact: path.length === 0 }
  }

  const position = (path: Path, spot: Spot = 'value'): Position => {
    const { found, exact } = nearest(path)
    const { entry, node } = found
    if (entry !== null && (spot === 'key' || !exact || node.kind !== 'scalar' || node.start === node.end))
      return positionOf(entry.source, entry.keyStart, entry.keyEnd)
    if (node.kind === 'scalar') return positionOf(node.source, node.start, node.end)
    // A whole map or list is pointed at by its first line, so that a code frame stays short.
    const newline = node.source.text.indexOf('\n', node.start)
    const end = newline === -1 ? node.end : Math.min(node.end, newline)
    return positionOf(node.source, node.start, end)
  }

  return {
    file,
    root,
    value: filled.value,
    secrets: filled.secrets,
    variables: filled.variables,
    position,
    place(path) {
      const { file: where, line, column } = position(path, 'key')
      return { file: where, line, column }
    },
    written: (path) => find(root, path) !== null,
    fileOf(path) {
      const { entry, node } = nearest(path).found
      return node.source.file ?? entry?.source.file
    },
    problem(code, message, path, more = {}) {
      const { spot, ...rest } = more
      return diagnostic(code, message, { ...position(path, spot), path: pointerOf(path) }, rest)
    },
  }
}

/** The map at a key, or an empty one where there is none or something else. */
export function mapAt(value: Value | undefined, key?: string): { readonly [key: string]: Value } {
  const at = key === undefined ? value : isMap(value) ? value[key] : undefined
  return isMap(at) ? at : {}
}

/** The list at a key, or an empty one. */
export function listAt(value: Value | undefined, key?: string): readonly Value[] {
  const at = key === undefined ? value : isMap(value) ? value[key] : undefined
  return Array.isArray(at) ? at : []
}

/** The text at a key. */
export function textAt(value: Value | undefined, key: string): string | undefined {
  const at = isMap(value) ? value[key] : undefined
  return typeof at === 'string' ? at : undefined
}

/** One text or several, as a list. */
export const textsOf = (value: Value | undefined): readonly string[] =>
  typeof value === 'string' ? [value] : listAt(value).filter((item) => typeof item === 'string')

export const isMap = (value: Value | undefined): value is { readonly [key: string]: Value } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
