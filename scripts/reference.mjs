// The language in, docs/reference.md out: every key of the configuration language, in the schema's order.

import { stringify } from 'yaml'

/** How a level of names is written in a path. */
const NAMED = { models: '<id>', agents: '<id>', channels: '<id>' }

/** Sections told by a sentence rather than by repeating what stands elsewhere. */
const SAME_AS = {
  defaults: ['agents.<id>', 'What every agent starts from: the same keys, save `name` and `description`.'],
}

export const referenceMarkdown = (schema) => createReference(schema).page()

/** Rows of a channel's own keys, as the reference has them. */
export const channelRows = (schema, type) => createReference(schema).ownRows(type)

function createReference(schema) {
  const sections = []
  const told = new Map()
  const follow = (node) => {
    if (node.$ref === undefined) return node
    const target = node.$ref
      .slice(2)
      .split('/')
      .reduce((at, part) => at[part], schema)
    const { $ref: _, ...own } = node
    return { ...follow(target), ...own }
  }

  /** A section for the keys of a map, then one for each map or list of maps below it. */
  function section(path, given) {
    const node = follow(given)
    const lines = [`## ${path === '' ? 'Top level' : code(path)}`, '', node.description ?? '', '']
    sections.push(lines)
    if (SAME_AS[path] !== undefined) {
      const [other, words] = SAME_AS[path]
      lines.splice(2, 2, `${words} See ${link(other)}.`, '')
      return
    }
    const rows = Object.entries(node.properties ?? {}).map(([key, child]) => row(path, key, child, node.required ?? []))
    lines.push(...TABLE, ...rows, '')
    for (const [key, child] of Object.entries(node.properties ?? {})) below(join(path, key), child)
  }

  function below(path, given) {
    const node = follow(given)
    if (path === 'channels') return channels()
    const name = given.$ref ?? given.items?.$ref
    if (name !== undefined && told.has(name)) return
    if (name !== undefined) told.set(name, path)
    if (isSecret(node)) return
    if (isMapOf(node)) section(`${path}.${NAMED[path] ?? '<name>'}`, node.additionalProperties)
    else if (node.properties !== undefined) section(path, node)
    else if (node.items !== undefined && follow(node.items).properties !== undefined) section(`${path}[]`, node.items)
  }

  function channels() {
    const common = schema.definitions.channelCommon
    section('channels.<id>', { ...common, description: `${schema.definitions.channel.description} Every type has these keys.` })
    for (const type of schema.definitions.channel.properties.type.enum) {
      const { description } = schema.definitions[`channel-${type}`]
      const rows = ownRows(type)
      const more = rows.length === 0 ? ' It has no keys of its own.' : ''
      const lines = [`## ${code(`channels.<id> with type: ${type}`)}`, '', `${description}${more}`, '']
      sections.push(lines)
      if (rows.length > 0) lines.push(...TABLE, ...rows, '')
    }
  }

  function ownRows(type) {
    const { properties, required = [] } = schema.definitions[`channel-${type}`]
    const own = Object.entries(properties).filter(([, child]) => !child.$ref?.startsWith('#/definitions/channelCommon'))
    return own.map(([key, child]) => row('channels.<id>', key, child, required))
  }

  function row(path, key, given, required) {
    const node = follow(given)
    const at = join(path, key)
    const fallback = required.includes(key) ? '**required**' : node.default === undefined ? '' : code(flow(node.default))
    const cells = [
      code(at),
      typeOf(node),
      fallback,
      words(node, told.get(given.$ref) ?? at),
      (node.examples ?? [])
        .slice(0, 2)
        .map((one) => code(flow(one)))
        .join(' or '),
    ]
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  }

  function words(node, path) {
    const parts = [node.description ?? '']
    const values = node.enum ?? []
    const docs = node.markdownEnumDescriptions ?? []
    if (docs.some((text) => text !== '')) parts.push(values.map((value, i) => `${code(flow(value))}: ${docs[i]}`).join(' '))
    const bounds = boundsOf(node)
    if (bounds !== '') parts.push(bounds)
    const more = hasSection(node, path)
    if (more !== null) parts.push(`See ${link(more)}.`)
    return parts.filter((part) => part !== '').join(' ')
  }

  function hasSection(node, path) {
    if (isSecret(node)) return null
    if (isMapOf(node)) return `${path}.${NAMED[path] ?? '<name>'}`
    if (node.properties !== undefined) return path
    return node.items !== undefined && follow(node.items).properties !== undefined ? `${path}[]` : null
  }

  const isMapOf = (node) =>
    typeof node.additionalProperties === 'object' &&
    follow(node.additionalProperties).properties !== undefined &&
    !isSecret(follow(node.additionalProperties))

  function typeOf(node) {
    if (isSecret(node)) return 'secret'
    if (node['x-duration']) return 'duration'
    if (node['x-pattern']) return 'pattern'
    if (node.enum !== undefined) return node.enum.map((value) => code(flow(value))).join(' | ')
    const types = [node.type ?? 'object'].flat()
    return types.map((type) => (type === 'array' ? `list of ${plural(node.items)}` : (WORDS[type] ?? type))).join(' or ')
  }

  const plural = (items) => {
    const node = items === undefined ? {} : follow(items)
    return [node.type ?? 'string']
      .flat()
      .map((type) => PLURALS[type] ?? 'values')
      .join(' or ')
  }

  function page() {
    section('', schema)
    const contents = sections.map(([heading]) => `- ${linkTo(heading.slice(3))}`)
    return [...HEAD, ...contents, '', ...sections.flat()].join('\n')
  }
  return { page, ownRows }
}

export const TABLE = ['| key | type | default | what it is | example |', '| --- | --- | --- | --- | --- |']

const HEAD = [
  '# Reference: every key of openclaw.yaml',
  '',
  '<!-- Made by scripts/generate.mjs; edit the descriptions in src/config/language/core.json and src/channels/<type>/settings.schema.json. -->',
  '',
  'In the order of the schema. `<id>` stands for a name you choose, `[]` for each item of a list. A **duration** is a number with',
  '`ms`, `s`, `m`, `h` or `d`; a **pattern** a linear-time regular expression; a **secret** a text, usually `${VARIABLE}`, or',
  '`{ file: path }`, and never printed. Paths are relative to the file that names them. Keys that begin with `x-` are yours and',
  'allowed everywhere. `claw explain` tells of problems, [errors.md](errors.md) lists them.',
  '',
]

const WORDS = { string: 'text', integer: 'whole number', number: 'number', boolean: 'true or false', object: 'map', null: 'null' }
const PLURALS = { string: 'texts', integer: 'whole numbers', object: 'maps', array: 'lists' }

const isSecret = (node) => node['x-secret'] === true
const join = (path, key) => (path === '' ? key : `${path}.${key}`)
const code = (text) => `\`${text}\``
/** A heading's anchor, as GitHub makes it. */
const anchor = (heading) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
const linkTo = (heading) => `[${heading}](#${anchor(heading)})`
const link = (path) => linkTo(code(path))
const flow = (value) =>
  stringify(value, { collectionStyle: 'flow', lineWidth: 0, defaultStringType: 'PLAIN' }).trim().replaceAll('\n', ' ')

function boundsOf({ minimum, maximum, exclusiveMinimum, maxItems }) {
  const parts = []
  if (exclusiveMinimum !== undefined) parts.push(`more than ${exclusiveMinimum}`)
  if (minimum !== undefined && minimum !== 0) parts.push(`at least ${minimum}`)
  if (maximum !== undefined) parts.push(`at most ${maximum}`)
  if (maxItems !== undefined) parts.push(`at most ${maxItems} items`)
  if (parts.length === 0) return ''
  const text = parts.join(', ')
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}
