// What is wrong with a value, in plain words: one sentence for each kind of mistake, with a hint how to fix it.

import type { Diagnostic } from '../errors.ts'
import type { JsonType, SchemaNode } from '../schema-node.ts'
import type { ConfigDocument } from './document.ts'
import type { Value } from './fill.ts'
import type { SchemaError } from './generated/validator.ts'
import { type ChannelShapes, hasType, type Path, pointerOf } from './shape.ts'
import { nearest, suggestion } from './suggest.ts'

export function unknownKey(key: string, path: Path, shape: SchemaNode | undefined, doc: ConfigDocument): Diagnostic | null {
  const known = Object.keys(shape?.properties ?? {})
  if (key.trimStart().startsWith('//'))
    return doc.problem('CLAW101', 'A comment begins with #, not with //.', [...path, key], {
      spot: 'key',
      hint: 'Write # in place of //, on a line of its own or behind a blank.',
    })
  const where = path.length === 0 ? 'the configuration' : nameOf(path)
  const inner = nestedHome(key, path, shape, doc)
  const hint = inner ?? suggestion(key, known, 'Keys that begin with `x-` are free for your own use.')
  return doc.problem('CLAW101', `Unknown key "${key}" in ${where}.`, [...path, key], { spot: 'key', hint })
}

/** `mode` two blanks short of `permissions`, `rules` without `routing`: a key that a map of this one has. */
function nestedHome(key: string, path: Path, shape: SchemaNode | undefined, doc: ConfigDocument): string | undefined {
  const homes = Object.entries(shape?.properties ?? {}).flatMap(([name, child]) =>
    child.properties?.[key] === undefined ? [] : [name],
  )
  const written = homes.find((name) => doc.written([...path, name]))
  if (written !== undefined) return `It belongs to \`${written}\`: indent it two blanks further.`
  return homes.length === 1 && shape?.properties?.[key] === undefined
    ? `Write it below \`${homes[0]}:\`, two blanks further.`
    : undefined
}

export function missingKey(
  key: string,
  path: Path,
  shape: SchemaNode | undefined,
  doc: ConfigDocument,
  { types }: ChannelShapes,
): Diagnostic | null {
  if (key === 'type' && path[0] === 'channels' && path.length === 2) {
    const id = String(path[1])
    const near = nearest(id, types)
    const hint = near === undefined ? `Write a type: ${types.join(', ')}.` : `Did you mean "${near}"? Or write its \`type\`.`
    return doc.problem('CLAW102', `The channel ${id} has no type, and its name is none.`, path, { spot: 'key', hint })
  }
  const child = shape?.properties?.[key]
  const hint = child?.enum === undefined ? undefined : `One of: ${child.enum.join(', ')}.`
  const spot = typeof path.at(-1) === 'number' ? 'item' : 'key'
  return doc.problem('CLAW102', `${nameOf(path)} has no \`${key}\`.`, path, { spot, ...(hint === undefined ? {} : { hint }) })
}

export const NAME_HINT = 'Letters, digits, dot, dash and underscore; the first one a letter or digit.'

const TYPE_WORDS: Readonly<Record<JsonType, string>> = {
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  null: 'nothing',
  object: 'a map',
  array: 'a list',
}

const kindOf = (value: Value | undefined): string =>
  value === null || value === undefined
    ? 'nothing'
    : Array.isArray(value)
      ? 'a list'
      : typeof value === 'object'
        ? 'a map'
        : typeof value === 'string'
          ? 'a text'
          : typeof value === 'boolean'
            ? 'true or false'
            : Number.isInteger(value)
              ? 'a whole number'
              : 'a number'

export function wrongType(value: Value | undefined, path: Path, shape: SchemaNode | undefined, doc: ConfigDocument): Diagnostic {
  const types = (Array.isArray(shape?.type) ? shape.type : shape?.type === undefined ? [] : [shape.type]) as readonly JsonType[]
  const wanted = types.length === 0 ? 'a map' : types.map((type) => TYPE_WORDS[type]).join(' or ')
  const hint = typeHint(value, shape)
  const message = `${nameOf(path)} must be ${wanted}, not ${kindOf(value)}.`
  return doc.problem('CLAW103', message, path, hint === undefined ? {} : { hint })
}

function typeHint(value: Value | undefined, shape: SchemaNode | undefined): string | undefined {
  if (shape === undefined) return undefined
  if (value === null || value === undefined) {
    if (hasType(shape, 'string'))
      return 'Write a text; one that begins with # or & must be in quotes, as they mean something else.'
  }
  if (shape.enum !== undefined) return `One of: ${shape.enum.join(', ')}.`
  if (hasType(shape, 'boolean') && typeof value === 'string' && /^(yes|on)$/i.test(value)) return 'Write true.'
  if (hasType(shape, 'boolean') && typeof value === 'string' && /^(no|off)$/i.test(value)) return 'Write false.'
  if (hasType(shape, 'array') && typeof value === 'string' && /^-\S/.test(value)) return 'A blank is missing after the dash.'
  if (hasType(shape, 'array') && typeof value === 'string')
    return value.length > 60 ? 'Put it in brackets: [ … ].' : `Put it in brackets: [${value}].`
  if (hasType(shape, 'integer') && typeof value === 'string' && /^\d+$/.test(value)) return 'Leave out the quotes.'
  if (shape['x-duration'] === true && typeof value === 'number') return 'Write a unit: 30s, 10m, 2h.'
  if (hasType(shape, 'string') && (typeof value === 'number' || typeof value === 'boolean')) return 'Put it in quotes.'
  const assignment = typeof value === 'string' ? /^([A-Za-z_]\w*)\s*=\s*(.*)$/s.exec(value) : null
  if (hasType(shape, 'object') && assignment !== null) return `A key ends with a colon: \`${assignment[1]}: ${assignment[2]}\`.`
  if (hasType(shape, 'object')) return 'Write its keys below it, indented, or in braces: { … }.'
  if (hasType(shape, 'array')) return 'Put it in brackets, or one item a line after `- `.'
  return hasType(shape, 'boolean') ? 'Write true or false, without quotes.' : undefined
}

export function notAllowed(
  value: Value | undefined,
  path: Path,
  error: SchemaError,
  doc: ConfigDocument,
  shapes: ChannelShapes,
): Diagnostic {
  const { allowedValues, allowedValue } = error.params
  const isChannelType = path[0] === 'channels' && path.length === 3 && path[2] === 'type'
  const listed = Array.isArray(allowedValues) ? allowedValues : [allowedValue]
  const allowed = (isChannelType ? shapes.types : listed).map(String)
  const fromEnvironment = doc.variables.has(pointerOf(path))
  const shown = fromEnvironment ? 'what its variable holds' : typeof value === 'object' ? kindOf(value) : `"${value}"`
  const near = fromEnvironment ? undefined : nearest(String(value), allowed)
  const hint = near === undefined ? `One of: ${allowed.join(', ')}.` : `Did you mean "${near}"? One of: ${allowed.join(', ')}.`
  const isVersion = pointerOf(path) === '/version'
  const message = isVersion ? 'This version of the language is not known.' : `${nameOf(path)} cannot be ${shown}.`
  return doc.problem('CLAW104', message, path, { hint })
}

export function malformed(path: Path, shape: SchemaNode | undefined, doc: ConfigDocument): Diagnostic {
  const name = nameOf(path)
  const pattern = shape?.pattern ?? ''
  if (shape?.['x-duration'] === true) {
    return doc.problem('CLAW106', `${name} is not a duration.`, path, {
      hint: 'Write a whole number and a unit: 500ms, 30s, 10m, 2h, 1d.',
    })
  }
  if (pattern.includes('://')) {
    const schemes = pattern.includes('irc')
      ? 'http, https, ws, wss or irc'
      : pattern.includes('ws')
        ? 'ws or wss'
        : 'http or https'
    return doc.problem('CLAW106', `${name} is not a URL.`, path, { hint: `Begin with the scheme (${schemes}) and \`://\`.` })
  }
  if (pattern.endsWith('[A-Za-z0-9._-]*$')) return doc.problem('CLAW106', `${name} is not a name.`, path, { hint: NAME_HINT })
  if (pattern.includes('[01][0-9]'))
    return doc.problem('CLAW106', `${name} is not a time of day.`, path, { hint: 'Write HH:MM, as in "04:00".' })
  return doc.problem('CLAW106', `${name} is malformed.`, path, { hint: `It must match ${pattern}.` })
}

/** The path in the words of the file: `agents.main.tools[2]`. */
export function nameOf(path: Path): string {
  if (path.length === 0) return 'The configuration'
  return path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('')
}
