// The core of the language and the fragments of the channels → the language. Building the schema and adding a channel that
// only the registry knows are the same step.

import type { SchemaNode, SettingsFragment } from '../../schema-node.ts'
import { fullSchema } from './full.ts'

const COMMON = '#/definitions/channelCommon'

/** The definition of a channel of this type. */
export const channelRef = (type: string): string => `#/definitions/channel-${type}`

/** Whether a key is one that every channel has. */
export const isCommonKey = (node: SchemaNode): boolean => node.$ref?.startsWith(`${COMMON}/`) === true

const commonKeys = (language: SchemaNode): readonly string[] =>
  Object.keys(language.definitions?.['channelCommon']?.properties ?? {})

/** What an agent may say, `defaults` may say for all of them; only these are an agent's own. */
const OWN_KEYS = new Set(['name', 'description'])

/** The language from its core and the fragments of the channels, by type. */
export function languageOf(core: SchemaNode, channels: Readonly<Record<string, SettingsFragment>>): SchemaNode {
  const start = withDefaults(fullSchema(core))
  return Object.entries(channels).reduce((language, [type, fragment]) => withChannel(language, type, fragment), start)
}

/** `defaults` filled in from `agent`. */
function withDefaults(core: SchemaNode): SchemaNode {
  const { agent, defaults, ...others } = core.definitions ?? {}
  if (agent === undefined || defaults === undefined) throw new Error('The core defines no agent, or no defaults.')
  const shared = Object.entries(agent.properties ?? {}).filter(([key]) => !OWN_KEYS.has(key))
  const properties = { ...Object.fromEntries(shared), ...defaults.properties }
  return { ...core, definitions: { ...others, agent, defaults: { ...defaults, properties } } }
}

/** The keys every channel has, and those of one type. */
function channelNode(language: SchemaNode, fragment: SettingsFragment): SchemaNode {
  const common = commonKeys(language).map((key) => [key, { $ref: `${COMMON}/properties/${key}` }])
  return fullSchema({ ...fragment, type: 'object', properties: { ...Object.fromEntries(common), ...fragment.properties } })
}

/** One definition where the condition holds, another where it does not. */
function either(condition: SchemaNode, ref: string, otherwise?: string): SchemaNode {
  // biome-ignore lint/suspicious/noThenProperty: JSON Schema calls it so.
  const chosen: SchemaNode = { if: condition, then: { $ref: ref } }
  return otherwise === undefined ? chosen : { ...chosen, else: { $ref: otherwise } }
}

/** The language with one more type of channel. */
export function withChannel(language: SchemaNode, type: string, fragment: SettingsFragment): SchemaNode {
  const definitions = language.definitions ?? {}
  const { channel, channelCommon } = definitions
  const channels = language.properties?.['channels']
  if (channel === undefined || channelCommon === undefined || channels === undefined)
    throw new Error('The core defines no channels.')
  const tag = channelCommon.properties?.['type'] ?? {}
  const withType: SchemaNode = { ...tag, type: 'string', enum: [...(tag.enum ?? []), type] }
  const isOfType: SchemaNode = { type: 'object', properties: { type: { const: type } }, required: ['type'] }
  // An entry named like a type is of that type unless it says another.
  const byName = either({ type: 'object', required: ['type'] }, '#/definitions/channel', channelRef(type))
  return {
    ...language,
    properties: {
      ...language.properties,
      channels: { ...channels, properties: { ...channels.properties, [type]: byName } },
    },
    definitions: {
      ...definitions,
      channelCommon: { ...channelCommon, properties: { ...channelCommon.properties, type: withType } },
      [`channel-${type}`]: channelNode(language, fragment),
      channel: {
        ...channel,
        type: 'object',
        required: ['type'],
        properties: { type: withType },
        allOf: [...(channel.allOf ?? []), either(isOfType, channelRef(type))],
      },
    },
  }
}

/** What is wrong with a fragment, each in a sentence; it may come from a manifest that nobody has checked. */
export function fragmentProblems(fragment: unknown, language: SchemaNode): readonly string[] {
  if (!isMap(fragment)) return ['It must be a map with `properties`.']
  const problems: string[] = []
  const { properties = {}, required = [] } = fragment
  for (const key of Object.keys(fragment))
    if (!['type', 'title', 'description', 'required', 'properties'].includes(key)) problems.push(`It cannot say "${key}".`)
  if (!isMap(properties)) return [...problems, '`properties` must be a map from key to schema.']
  if (!Array.isArray(required)) return [...problems, '`required` must be a list of keys.']
  const common = commonKeys(language)
  for (const [key, node] of Object.entries(properties)) {
    if (common.includes(key)) problems.push(`"${key}" is a key that every channel has.`)
    if (!isMap(node)) problems.push(`"${key}" must be described by a schema.`)
  }
  for (const key of required) if (!(String(key) in properties)) problems.push(`"${key}" is required and not described.`)
  return problems
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
