// What a check is given, and the few walks that several of them make.

import type { Diagnostic } from '../../errors.ts'
import type { Registry } from '../../registry.ts'
import { type ConfigDocument, listAt, mapAt } from '../document.ts'
import type { Value } from '../fill.ts'
import type { Lookup } from '../interpolate.ts'
import type { Scope } from '../scope.ts'
import type { Path } from '../shape.ts'

export interface CheckInput {
  readonly doc: ConfigDocument
  readonly scope: Scope
  readonly registry: Registry
  readonly lookup: Lookup
  /** Secrets that are not set are errors. */
  readonly requireSecrets: boolean
  /** Milliseconds. */
  readonly now: number
}

/** Must not throw on a document that does not fit the schema: what is not of the expected shape is passed over. */
export type Check = (input: CheckInput) => readonly Diagnostic[] | Promise<readonly Diagnostic[]>

export interface Found {
  readonly value: { readonly [key: string]: Value }
  readonly path: Path
}

/** `defaults` and every agent. */
export function agentSections(doc: ConfigDocument, scope: Scope): readonly Found[] {
  const root = mapAt(doc.value)
  const agents = mapAt(root['agents'])
  const own = scope.agents.map((id) => ({ value: mapAt(agents[id]), path: ['agents', id] }))
  return root['defaults'] === undefined ? own : [{ value: mapAt(root['defaults']), path: ['defaults'] }, ...own]
}

/** Where a key of an agent is looked for: in its own section, then in `defaults`. */
export const agentPlaces = (doc: ConfigDocument, id: string): readonly Found[] => [
  { value: mapAt(mapAt(doc.value, 'agents'), id), path: ['agents', id] },
  { value: mapAt(doc.value, 'defaults'), path: ['defaults'] },
]

/** What holds of a key, and where it is written: the first of the places that has it decides. Undefined: none has. */
export function settingAt(places: readonly Found[], ...keys: readonly string[]): { value: Value; path: Path } | undefined {
  for (const { value, path } of places) {
    const parent = keys.slice(0, -1).reduce((map, key) => mapAt(map[key]), value)
    const found = parent[keys.at(-1) ?? '']
    if (found !== undefined) return { value: found, path: [...path, ...keys] }
  }
  return undefined
}

/** The maps in a list, with where they stand. */
export const itemsOf = (value: Value | undefined, path: Path): readonly Found[] =>
  listAt(value).map((item, index) => ({ value: mapAt(item), path: [...path, index] }))

/** The texts at a key that holds one text or a list of them, each with its own path. */
export function textsAt(found: Found, key: string): readonly { text: string; path: Path }[] {
  const value = found.value[key]
  const path = [...found.path, key]
  if (typeof value === 'string') return [{ text: value, path }]
  return listAt(value).flatMap((text, index) => (typeof text === 'string' ? [{ text, path: [...path, index] }] : []))
}

export interface TestStep {
  readonly step: Found
  readonly message: Found
  readonly expect: Found
}

/** Every step of every test and eval, and every case; a test without `steps` is one itself. */
export function testSteps(doc: ConfigDocument): readonly TestStep[] {
  const under = (found: Found, key: string): Found => ({ value: mapAt(found.value[key]), path: [...found.path, key] })
  return ['tests', 'evals']
    .flatMap((section) => itemsOf(mapAt(doc.value)[section], [section]))
    .flatMap((test) => [test, ...['steps', 'cases'].flatMap((key) => itemsOf(test.value[key], [...test.path, key]))])
    .map((step) => ({ step, message: under(step, 'message'), expect: under(step, 'expect') }))
}

/** Rules, with where they stand. */
export const rulesOf = (doc: ConfigDocument): readonly Found[] =>
  itemsOf(mapAt(mapAt(doc.value)['routing'])['rules'], ['routing', 'rules'])
