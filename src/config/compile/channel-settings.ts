// A channel's entry → the keys of its type alone, as the channel's code gets them: defaults filled in, secrets as `Secret`,
// durations in milliseconds.

import type { Secret } from '../../plan/plan.ts'
import type { SchemaNode } from '../../schema-node.ts'
import { durationMs } from '../durations.ts'
import { isCommonKey } from '../language/index.ts'
import { type Path, shapeOf } from '../shape.ts'

export type Settings = Readonly<Record<string, unknown>>
type SecretAt = (path: Path) => Secret | undefined

/** `shape` is the whole schema of the type. */
export function channelSettings(id: string, entry: Settings, shape: SchemaNode, secretAt: SecretAt): Settings {
  const own = Object.entries(shape.properties ?? {}).filter(([, child]) => !isCommonKey(child))
  return mapOf(entry, Object.fromEntries(own), undefined, ['channels', id], secretAt)
}

function mapOf(
  value: Settings,
  properties: Readonly<Record<string, SchemaNode>>,
  others: SchemaNode | undefined,
  path: Path,
  secretAt: SecretAt,
): Settings {
  const made: Record<string, unknown> = {}
  for (const [key, given] of Object.entries(value)) {
    const child = properties[key] ?? others
    if (child !== undefined) made[key] = settingOf(given, child, [...path, key], secretAt)
  }
  for (const [key, child] of Object.entries(properties)) {
    const { default: fallback } = shapeOf(child)
    if (made[key] === undefined && fallback !== undefined) made[key] = settingOf(fallback, child, [...path, key], secretAt)
  }
  return made
}

function settingOf(value: unknown, node: SchemaNode, path: Path, secretAt: SecretAt): unknown {
  const shape = shapeOf(node)
  if (shape['x-secret'] === true) return secretAt(path)
  if (shape['x-duration'] === true) return durationMs(String(value))
  if (Array.isArray(value)) {
    const { items } = shape
    return items === undefined ? value : value.map((item, index) => settingOf(item, items, [...path, index], secretAt))
  }
  if (shape.properties === undefined || typeof value !== 'object' || value === null) return value
  const others = typeof shape.additionalProperties === 'object' ? shape.additionalProperties : undefined
  return mapOf(value as Settings, shape.properties, others, path, secretAt)
}
