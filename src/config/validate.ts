// The merged document against the schema → one diagnostic for each mistake, in the words of `mistakes.ts`.

import type { Diagnostic } from '../errors.ts'
import type { SchemaNode } from '../schema-node.ts'
import { type ConfigDocument, isMap, mapAt, textAt } from './document.ts'
import type { Value } from './fill.ts'
import type { SchemaError } from './generated/validator.ts'
import { malformed, missingKey, NAME_HINT, nameOf, notAllowed, unknownKey, wrongType } from './mistakes.ts'
import { type ChannelShapes, type Path, pathOf, pointerOf, schemaChannels, shapeAt } from './shape.ts'
import { nearest } from './suggest.ts'

export async function validateShape(doc: ConfigDocument, shapes: ChannelShapes = schemaChannels): Promise<readonly Diagnostic[]> {
  const { validate } = await import('./generated/validator.ts')
  const added = Object.entries(mapAt(doc.value, 'channels')).filter(([, value]) =>
    shapes.added.includes(textAt(value, 'type') ?? ''),
  )
  const errors = added.length === 0 ? [] : await addedErrors(added, shapes)
  if (!validate(withoutAdded(doc.value, added))) errors.push(...(validate.errors ?? []))
  validate.errors = null
  return errors.length === 0 ? [] : translate(errors, doc, shapes)
}

type Entry = readonly [id: string, value: Value]

/** Channels of types that were not known when the validator was made; it gets something of their names that is right. */
function withoutAdded(value: Value, added: readonly Entry[]): Value {
  if (added.length === 0) return value
  const others = Object.fromEntries(added.map(([id]) => [id, { type: 'http' }]))
  return { ...mapAt(value), channels: { ...mapAt(value, 'channels'), ...others } }
}

async function addedErrors(added: readonly Entry[], shapes: ChannelShapes): Promise<SchemaError[]> {
  const { channelValidator } = await import('./language/compile.ts')
  return added.flatMap(([id, value]) => {
    const validate = channelValidator(shapes.root, textAt(value, 'type') ?? '')
    if (validate(value)) return []
    return (validate.errors ?? []).map((error) => ({
      ...error,
      instancePath: `${pointerOf(['channels', id])}${error.instancePath}`,
    }))
  })
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
