// Secret fields → `Secret` values, also those that stand in files of their own.

import { Secret } from '../plan/plan.ts'
import { type ConfigDocument, isMap, textAt } from './document.ts'
import type { NamedFiles } from './files.ts'
import type { Value } from './fill.ts'
import { type Path, pointerOf } from './shape.ts'

export interface SecretStore {
  /** The secret at a path; undefined where the field is absent. An unset one is `''`. */
  get(path: Path): Secret | undefined
}

/** `isRequired`: whether a missing file of the secret at a path is an error; else it is a note. */
export async function secretStore(
  doc: ConfigDocument,
  files: NamedFiles,
  isRequired: (path: Path) => boolean,
): Promise<SecretStore> {
  const byPointer = new Map<string, Secret>()
  for (const [pointer, field] of doc.secrets) byPointer.set(pointer, new Secret(field.value))
  const pending: Promise<void>[] = []
  for (const path of secretFilePaths(doc.value)) {
    const named = textAt(valueAt(doc.value, path), 'file') ?? ''
    const read = files.readSecret(named, [...path, 'file'], isRequired(path) ? 'CLAW003' : 'CLAW009')
    pending.push(read.then((text) => void byPointer.set(pointerOf(path), new Secret(text))))
  }
  await Promise.all(pending)
  return { get: (path) => byPointer.get(pointerOf(path)) }
}

function valueAt(root: Value, path: Path): Value | undefined {
  let at: Value | undefined = root
  for (const part of path) at = isMap(at) ? at[String(part)] : undefined
  return at
}

/** Places where `{file: …}` stands for a secret: a map with just that key, where providers, channels and services keep keys. */
function secretFilePaths(root: Value): readonly Path[] {
  const found: Path[] = []
  const visit = (value: Value | undefined, path: Path, depth: number): void => {
    if (!isMap(value)) return
    if (depth > 0 && typeof value['file'] === 'string' && Object.keys(value).length === 1) found.push(path)
    else if (depth < 4) for (const [key, child] of Object.entries(value)) visit(child, [...path, key], depth + 1)
  }
  for (const section of ['gateway', 'models', 'channels', 'search', 'transcription', 'mcpServers'] as const)
    visit(isMap(root) ? root[section] : undefined, [section], 0)
  return found
}
