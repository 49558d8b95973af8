// The language as it is kept → the two schemas made of it. Enters: nodes that say only what is particular to them. Leaves: the
// schema of a resolved file, which the engine checks, and the schema of a file as it is written, which editors read.

import type { JsonType, SchemaNode } from '../../schema-node.ts'

/** Matches a text with a variable in it; in front of a pattern, or alone beside a number or a boolean. */
const VARIABLE = '\\$\\{'
const DURATION = '^[0-9]+(ms|s|m|h|d)$'
/** For anyone who is about to edit the result. */
const MADE = 'Made by scripts/generate.mjs from src/config/language/core.json and src/channels/*/settings.schema.json.'
const FREE = { description: 'Free for your own use; ignored.' }

const MAPS = new Set(['properties', 'definitions', 'patternProperties'])
/** Values of these are data, not schemas. */
const DATA = new Set(['default', 'examples', 'enum', 'const', 'required', 'type', 'markdownEnumDescriptions'])

/** Every schema in a schema, innermost first. */
function mapNodes(node: SchemaNode, change: (node: SchemaNode) => SchemaNode): SchemaNode {
  const inner = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(inner)
    return typeof value === 'object' && value !== null ? mapNodes(value as SchemaNode, change) : value
  }
  const entries = Object.entries(node).map(([key, value]) => {
    if (DATA.has(key)) return [key, value]
    if (!MAPS.has(key)) return [key, inner(value)]
    return [key, Object.fromEntries(Object.entries(value as object).map(([name, child]) => [name, inner(child)]))]
  })
  return change(Object.fromEntries(entries) as SchemaNode)
}

const typesOf = ({ type }: SchemaNode): readonly JsonType[] => (type === undefined ? [] : [type].flat())
const isObject = (node: SchemaNode): boolean => typesOf(node).includes('object')
const isDefinitionOfSecret = (node: SchemaNode): boolean => node['x-secret'] === true && node.properties !== undefined

/** The schema of a file whose variables are put in and whose empty sections are gone. */
export const fullSchema = (language: SchemaNode): SchemaNode =>
  mapNodes(language, (node) => {
    if (node['x-secret'] === true && !isDefinitionOfSecret(node)) {
      const { 'x-secret': _, type: __, ...rest } = node
      return { $ref: '#/definitions/secret', ...rest }
    }
    if (node['x-duration'] === true) return { type: 'string', pattern: DURATION, ...node }
    if (node['x-id'] === true && node.type === undefined) return { type: 'string', minLength: 1, ...node }
    if (node.enum !== undefined && node.type === undefined) return { type: 'string', ...node }
    if (!isObject(node) || node.properties === undefined || node.additionalProperties !== undefined) return node
    return { ...node, additionalProperties: false, patternProperties: { '^x-': FREE } }
  })

/** The schema of a file as it is written: a bare number as an id, nothing after a section's key, `${NAME}` as a number. */
export function writtenSchema(full: SchemaNode): SchemaNode {
  const nodes = mapNodes(full, (node) => spoken(emptied(variable(node))))
  const sections = Object.entries(nodes.properties ?? {}).map(([key, section]) => [key, nullable(section as SchemaNode)])
  return { $comment: MADE, ...nodes, properties: Object.fromEntries(sections) }
}

function variable(node: SchemaNode): SchemaNode {
  if (node['x-id'] === true) return withType(node, 'number')
  if (node.const !== undefined) return node
  const types = typesOf(node)
  if (types.some((type) => type === 'integer' || type === 'number' || type === 'boolean'))
    return types.includes('string') ? node : { ...withType(node, 'string'), pattern: VARIABLE }
  if (typeof node.pattern !== 'string' || node['x-name'] === true) return node
  return { ...node, pattern: `${VARIABLE}|${node.pattern}` }
}

/** What needs nothing may have nothing after its key. */
function emptied(node: SchemaNode): SchemaNode {
  const needs = (node.required?.length ?? 0) > 0 || (node.minItems ?? 0) > 0 || isDefinitionOfSecret(node)
  return needs || typesOf(node).includes('string') ? node : nullable(node)
}

const nullable = (node: SchemaNode): SchemaNode =>
  typesOf(node).some((type) => type === 'object' || type === 'array') ? withType(node, 'null') : node

const withType = (node: SchemaNode, type: JsonType): SchemaNode =>
  typesOf(node).includes(type) ? node : { ...node, type: [...typesOf(node), type] }

/** Editors that read Markdown get the same words. */
const spoken = (node: SchemaNode): SchemaNode =>
  node.description?.includes('`') ? { ...node, markdownDescription: node.description } : node
