// What stands in a claw.plugin.json in, what the plugin says it brings out, or what is wrong with it, each with its place. Nobody
// has checked the file before.

import type { PluginPlan } from '../../plan/plan.ts'
import type { ChannelTraits, ToolTraits } from '../../plan/traits.ts'
import type { SettingsFragment } from '../../schema-node.ts'
import { inputSchema } from '../../tools/input-fields.ts'
import { isMap } from '../document.ts'
import type { Value } from '../fill.ts'
import { fragmentProblems } from '../language/index.ts'
import { optional } from '../optional.ts'
import { type Path, rootShape } from '../shape.ts'
import { suggestion } from '../suggest.ts'

export type Manifest = Pick<PluginPlan, 'name' | 'version' | 'entry' | 'tools' | 'channels' | 'models'>

export interface ManifestProblem {
  readonly message: string
  readonly path: Path
  readonly spot?: 'key'
  readonly hint: string
}

const KEYS = ['$schema', 'name', 'version', 'description', 'entry', 'tools', 'channels', 'models']
const TOOL_TRAITS = ['runs', 'writes', 'sends', 'spends', 'asks', 'idempotent', 'outside', 'private'] as const
const CHANNEL_TRAITS = ['groups', 'threads', 'edits', 'buttons', 'media', 'idempotentSend'] as const
const SHORTEST_MESSAGE = 1
const DEFAULT_MAX_CHARS = 4000

const TOOL_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/
const TYPE_NAME = /^[a-z][a-z0-9-]{0,31}$/
const VARIABLE_NAME = /^[A-Z_][A-Z0-9_]*$/

/** `entry` is as written. */
export function readManifest(value: Value): { readonly manifest: Manifest; readonly problems: readonly ManifestProblem[] } {
  const problems: ManifestProblem[] = []
  const reader = createReader(problems)
  const root = reader.map(value, [], KEYS)
  const manifest: Manifest = {
    name: reader.text(root, [], 'name'),
    version: reader.text(root, [], 'version'),
    entry: reader.text(root, [], 'entry'),
    tools: reader.entries(root['tools'], ['tools'], TOOL_NAME).map(([name, tool, path]) => readTool(name, tool, path, reader)),
    channels: reader
      .entries(root['channels'], ['channels'], TYPE_NAME)
      .map(([type, channel, path]) => readChannel(type, channel, path, reader)),
    models: reader
      .entries(root['models'], ['models'], TYPE_NAME)
      .map(([type, service, path]) => readService(type, service, path, reader)),
  }
  return { manifest, problems }
}

type Map = { readonly [key: string]: Value }
type Reader = ReturnType<typeof createReader>

function createReader(problems: ManifestProblem[]) {
  const problem = (message: string, path: Path, hint: string, spot?: 'key'): void =>
    void problems.push(spot === undefined ? { message, path, hint } : { message, path, hint, spot })
  const nameOf = (path: Path): string => (path.length === 0 ? 'The manifest' : `"${path.join('.')}"`)

  return {
    problem,
    /** A map with no other keys than these. */
    map(value: Value | undefined, path: Path, keys: readonly string[]): Map {
      if (value === undefined) return {}
      if (!isMap(value)) {
        problem(`${nameOf(path)} must be a map.`, path, 'Write it as { … }.')
        return {}
      }
      for (const key of Object.keys(value))
        if (!keys.includes(key))
          problem(`${nameOf(path)} has no key "${key}".`, [...path, key], suggestion(key, keys, 'Remove it.', 'Keys'), 'key')
      return value
    },
    /** A text that must be there. */
    text(map: Map, path: Path, key: string): string {
      const value = map[key]
      if (typeof value === 'string' && value.trim() !== '') return value
      if (value === undefined) problem(`${nameOf(path)} has no "${key}".`, path, `Add "${key}", a text.`, 'key')
      else problem(`${nameOf([...path, key])} must be a text that is not empty.`, [...path, key], 'Write a text.')
      return ''
    },
    /** Named maps. */
    entries(value: Value | undefined, path: Path, names: RegExp): readonly (readonly [string, Value, Path])[] {
      if (value === undefined) return []
      if (!isMap(value)) {
        problem(`${nameOf(path)} must be a map from name to what it is.`, path, 'Write it as { NAME: { … } }.')
        return []
      }
      return Object.entries(value).flatMap(([name, inner]) => {
        if (names.test(name)) return [[name, inner, [...path, name]] as const]
        problem(`"${name}" is not a name.`, [...path, name], `A name here matches ${names.source}.`, 'key')
        return []
      })
    },
    /** A list of traits, or a map that sets them. Absent: null. */
    traits(value: Value | undefined, path: Path, known: readonly string[]): readonly string[] | null {
      if (value === undefined) return null
      const named = Array.isArray(value)
        ? (value as readonly Value[]).map((trait) => [trait, true] as const)
        : isMap(value)
          ? Object.entries(value)
          : null
      if (named === null) {
        problem(`${nameOf(path)} must be a list of traits.`, path, `Traits: ${known.join(', ')}.`)
        return null
      }
      return named.flatMap(([trait, isSet], index) => {
        const at = [...path, Array.isArray(value) ? index : String(trait)]
        if (typeof trait !== 'string' || !known.includes(trait))
          problem(`There is no trait ${JSON.stringify(trait)}.`, at, suggestion(String(trait), known, '', 'Traits'))
        else if (typeof isSet !== 'boolean') problem(`${nameOf(at)} must be true or false.`, at, 'Write true or false.')
        else if (isSet) return [trait]
        return []
      })
    },
  }
}

function readTool(name: string, value: Value, path: Path, reader: Reader): Manifest['tools'][number] {
  const tool = reader.map(value, path, ['description', 'input', 'traits'])
  const description = reader.text(tool, path, 'description')
  const input = tool['input'] ?? {}
  if (!isMap(input)) {
    const hint = 'Write a JSON Schema, or fields as { "city": "string" }.'
    reader.problem(`"${[...path, 'input'].join('.')}" must be a map.`, [...path, 'input'], hint)
  } else {
    for (const [field, schema] of input['type'] === 'object' ? [] : Object.entries(input))
      if (typeof schema !== 'string' && !isMap(schema))
        reader.problem(`"${field}" must be a type or a schema.`, [...path, 'input', field], 'Such as "string".')
  }
  const traits = reader.traits(tool['traits'], [...path, 'traits'], TOOL_TRAITS)
  const schema = inputSchema(isMap(input) ? input : {})
  const set: ToolTraits | undefined = traits === null ? undefined : Object.fromEntries(traits.map((trait) => [trait, true]))
  return { name, description, inputSchema: schema, ...optional('traits', set) }
}

function readChannel(type: string, value: Value, path: Path, reader: Reader): Manifest['channels'][number] {
  const channel = reader.map(value, path, ['description', 'settings', 'traits'])
  const settings = channel['settings'] ?? {}
  for (const message of fragmentProblems(settings, rootShape))
    reader.problem(message, [...path, 'settings'], 'See docs/writing-a-channel.md for the form of settings.')
  const { maxChars = DEFAULT_MAX_CHARS, ...flags } = isMap(channel['traits']) ? channel['traits'] : {}
  if (typeof maxChars !== 'number' || !Number.isInteger(maxChars) || maxChars < SHORTEST_MESSAGE)
    reader.problem(
      '"maxChars" must be a whole number above 0.',
      [...path, 'traits', 'maxChars'],
      `It is ${DEFAULT_MAX_CHARS} unless given.`,
    )
  const written = isMap(channel['traits']) ? flags : channel['traits']
  const can = reader.traits(written, [...path, 'traits'], CHANNEL_TRAITS) ?? []
  const traits: ChannelTraits = {
    groups: can.includes('groups'),
    threads: can.includes('threads'),
    edits: can.includes('edits'),
    buttons: can.includes('buttons'),
    media: can.includes('media'),
    idempotentSend: can.includes('idempotentSend'),
    maxChars: Number(maxChars),
  }
  return { type, settings: settings as SettingsFragment, traits }
}

function readService(type: string, value: Value, path: Path, reader: Reader): Manifest['models'][number] {
  const service = reader.map(value, path, ['description', 'defaultModel', 'environment', 'traits'])
  const traits = reader.traits(service['traits'], [...path, 'traits'], ['keyless']) ?? []
  const defaultModel = service['defaultModel'] === undefined ? undefined : reader.text(service, path, 'defaultModel')
  const at = [...path, 'environment']
  const named = reader.map(service['environment'], at, ['key', 'url'])
  const variables = Object.keys(named).map((key) => {
    const name = reader.text(named, at, key)
    if (name !== '' && !VARIABLE_NAME.test(name))
      reader.problem(`"${name}" is not the name of a variable.`, [...at, key], 'Such as ACME_API_KEY.')
    return [key, name]
  })
  if (variables.length > 0 && named['key'] === undefined) reader.text(named, at, 'key')
  return {
    type,
    ...optional('defaultModel', defaultModel),
    ...optional('environment', variables.length === 0 ? undefined : (Object.fromEntries(variables) as { key: string })),
    traits: traits.includes('keyless') ? { keyless: true } : {},
  }
}
