// The merged document against the schema → one diagnostic for each mistake, in the words of `mistakes.ts`.

import type { Diagnostic } from '../errors.ts'
import { type ConfigDocument, isMap, mapAt, textAt } from './document.ts'
import type { Value } from './fill.ts'
import type { SchemaError } from './generated/validator.ts'
import { malformed, missingKey, NAME_HINT, nameOf, notAllowed, unknownKey, wrongType } from './mistakes.ts'
import {
  type ChannelShapes,
  hasType,
  type JsonType,
  type Path,
  pathOf,
  type SchemaNode,
  schemaChannels,
  shapeAt,
} from './shape.ts'
import { nearest } from './suggest.ts'

export async function validateShape(doc: ConfigDocument, shapes: ChannelShapes = schemaChannels): Promise<readonly Diagnostic[]> {
  const { validate } = await import('./generated/validator.ts')
  const added = Object.entries(mapAt(doc.value, 'channels')).filter(([, value]) =>
    shapes.added.includes(textAt(value, 'type') ?? ''),
  )
  const own = added.flatMap(([id]) => addedChannel(id, doc, shapes))
  if (validate(withoutAdded(doc.value, added))) return own
  const errors = validate.errors ?? []
  validate.errors = null
  return [...own, ...translate(errors, doc, shapes)]
}

/** What every channel has is the schema's to check; what only an added type has is not in it. */
function withoutAdded(value: Value, added: readonly (readonly [string, Value])[]): Value {
  if (added.length === 0) return value
  const plain = shapeAt(['channels', 'http'], () => 'http')?.properties ?? {}
  const common = added.map(([id, channel]) => [
    id,
    { ...Object.fromEntries(Object.entries(mapAt(channel)).filter(([key]) => key in plain)), type: 'http' },
  ])
  return { ...mapAt(value), channels: { ...mapAt(value, 'channels'), ...Object.fromEntries(common) } }
}

/** The keys of a type that only the registry knows. */
function addedChannel(id: string, doc: ConfigDocument, shapes: ChannelShapes): Diagnostic[] {
  const path = ['channels', id]
  const channel = mapAt(mapAt(doc.value, 'channels'), id)
  const shape = shapes.of(textAt(channel, 'type') ?? '')
  const problems: (Diagnostic | null)[] = []
  for (const [key, value] of Object.entries(channel)) {
    const at = [...path, key]
    const node = shape?.properties?.[key]
    if (node === undefined) {
      if (!key.startsWith('x-')) problems.push(unknownKey(key, path, shape, doc))
    } else if (node.$ref === undefined && node.type !== undefined && !fits(value, node))
      problems.push(wrongType(value, at, node, doc))
    else if (node.enum !== undefined && !node.enum.includes(value)) {
      const hint = `One of: ${node.enum.join(', ')}.`
      problems.push(doc.problem('CLAW104', `${nameOf(at)} cannot be "${value}".`, at, { hint }))
    } else if (node['x-duration'] === true && !/^[0-9]+(ms|s|m|h|d)$/.test(String(value))) problems.push(malformed(at, node, doc))
  }
  for (const key of shape?.required ?? []) if (!(key in channel)) problems.push(missingKey(key, path, shape, doc, shapes))
  return problems.filter((problem) => problem !== null)
}

function fits(value: Value, node: SchemaNode): boolean {
  if (Array.isArray(value)) return hasType(node, 'array')
  if (value === null || typeof value === 'object') return hasType(node, 'object')
  if (typeof value === 'number') return hasType(node, 'number') || (hasType(node, 'integer') && Number.isInteger(value))
  return hasType(node, typeof value as JsonType)
}

/** Errors that only say that another one happened. */
const ECHOES = new Set(['if', 'propertyNames', 'allOf', 'anyOf', 'oneOf'])

function translate(errors: readonly SchemaError[], doc: ConfigDocument, shapes: ChannelShapes): readonly Diagnostic[] {
  const channels = mapAt(doc.value, 'channels')
  const typeOf = (id: string): string | undefined => textAt(channels[id], 'type')
  const diagnostics = new Map<string, Diagnostic>()
  const misspelled = misspelledKeys(errors, doc, typeOf, shapes)
  const placesOf = (word: string): ReadonlySet<string> =>
    new Set(errors.filter(({ keyword }) => keyword === word).map(({ instancePath }) => instancePath))
  const [mistyped, empty] = [placesOf('type'), placesOf('minLength')]
  for (const error of errors) {
    if (ECHOES.has(error.keyword) && error.keyword !== 'propertyNames') continue
    const path = typedPath(error.instancePath, doc.value)
    // The key's own mistake comes twice; the one without the key's name says nothing.
    if (error.schemaPath.startsWith('#/pattern') && error.keyword === 'pattern' && valueAt(doc.value, path) instanceof Object)
      continue
    if (['minLength', 'maxLength'].includes(error.keyword) && isMap(valueAt(doc.value, path))) continue
    // Of a wrong type is never one of the values, nor of the form; nor is what is too short.
    if (['enum', 'const', 'pattern'].includes(error.keyword) && mistyped.has(error.instancePath)) continue
    if (error.keyword === 'pattern' && empty.has(error.instancePath)) continue
    // A misspelled key was told as such; that its right form is missing is the same mistake.
    if (error.keyword === 'required' && misspelled.has(`${error.instancePath}/${String(error.params['missingProperty'])}`))
      continue
    const shape = shapeAt(path, typeOf, shapes)
    const made = translateOne(error, path, shape, doc, shapes)
    if (made === null) continue
    const key = `${made.code} ${made.path} ${made.line}:${made.column} ${made.message}`
    if (!diagnostics.has(key)) diagnostics.set(key, made)
  }
  return [...diagnostics.values()]
}

/** Pointers of the keys that unknown ones were meant to be. */
function misspelledKeys(
  errors: readonly SchemaError[],
  doc: ConfigDocument,
  typeOf: (id: string) => string | undefined,
  shapes: ChannelShapes,
): ReadonlySet<string> {
  const meant = new Set<string>()
  for (const { keyword, instancePath, params } of errors) {
    if (keyword !== 'additionalProperties') continue
    const known = Object.keys(shapeAt(typedPath(instancePath, doc.value), typeOf, shapes)?.properties ?? {})
    const near = nearest(String(params['additionalProperty']), known)
    if (near !== undefined) meant.add(`${instancePath}/${near}`)
  }
  return meant
}

function translateOne(
  error: SchemaError,
  path: Path,
  shape: SchemaNode | undefined,
  doc: ConfigDocument,
  shapes: ChannelShapes,
): Diagnostic | null {
  const name = nameOf(path)
  const value = valueAt(doc.value, path)
  const { params } = error
  switch (error.keyword) {
    case 'additionalProperties':
      return unknownKey(String(params['additionalProperty']), path, shape, doc)
    case 'required':
      return missingKey(String(params['missingProperty']), path, shape, doc, shapes)
    case 'type':
      return wrongType(value, path, shape, doc)
    case 'enum':
    case 'const':
      return notAllowed(value, path, error, doc, shapes)
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
    case 'exclusiveMaximum': {
      const words = { '>=': 'at least', '<=': 'at most', '>': 'more than', '<': 'less than' }[String(params['comparison'])]
      return doc.problem('CLAW105', `${name} must be ${words} ${params['limit']}.`, path)
    }
    case 'minItems':
      return doc.problem('CLAW105', `${name} must not be empty.`, path, {
        spot: 'key',
        hint: 'List at least one, or take it out.',
      })
    case 'minLength': {
      const least = Number(params['limit'])
      return least > 1
        ? doc.problem('CLAW106', `${name} is too short.`, path, { hint: `Write at least ${least} characters.` })
        : doc.problem('CLAW106', `${name} must not be empty.`, path, { hint: 'Write a text, or take it out.' })
    }
    case 'maxLength':
      return doc.problem('CLAW106', `${name} is too long.`, path, { hint: `Write at most ${params['limit']} characters.` })
    case 'pattern':
      return malformed(path, shape, doc)
    case 'uniqueItems': {
      const index = Math.max(Number(params['i']), Number(params['j']))
      return doc.problem('CLAW306', `${name} holds the same entry twice.`, [...path, index], { hint: 'Remove one of them.' })
    }
    case 'propertyNames': {
      const key = String(params['propertyName'])
      return doc.problem('CLAW106', `"${key}" is not a name.`, [...path, key], { spot: 'key', hint: NAME_HINT })
    }
    default:
      return doc.problem('CLAW106', `${name} does not fit the schema (${error.keyword}).`, path)
  }
}

/** A pointer of ajv's as a path; numbers are indexes where a list stands. */
function typedPath(pointer: string, root: Value): Path {
  const path: (string | number)[] = []
  let at: Value | undefined = root
  for (const key of pathOf(pointer)) {
    if (Array.isArray(at)) {
      path.push(Number(key))
      at = (at as readonly Value[])[Number(key)]
    } else {
      path.push(key)
      at = mapAt(at)[key]
    }
  }
  return path
}

function valueAt(root: Value, path: Path): Value | undefined {
  let at: Value | undefined = root
  for (const part of path) at = typeof part === 'number' ? (at as readonly Value[] | undefined)?.[part] : mapAt(at)[part]
  return at
}
