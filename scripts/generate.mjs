// Makes what follows from src/config/language/core.json and the folders of src/channels: schema/openclaw.schema.json and the pages of
// docs/ that are made, both kept in the repository; types, a validator that needs no ajv at run time and the schema without its
// prose, which are not. Writes nothing that is as it should be.

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { channelList, channelPage, pageName } from './channel-page.mjs'
import { referenceMarkdown } from './reference.mjs'

/** For people and their editors alone. */
const PROSE = new Set(['title', 'description', 'markdownDescription', 'markdownEnumDescriptions', 'examples'])

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const read = (path) => readFileSync(at(path), 'utf8')
const json = (path) => JSON.parse(read(path))

function write(path, content) {
  if (existsSync(at(path)) && read(path) === content) return
  mkdirSync(dirname(at(path)), { recursive: true })
  writeFileSync(at(path), content)
}

const OUT = 'src/config/generated'
const SETTINGS = 'src/channels/generated/settings.ts'
// A declaration file would keep tsc from copying the JavaScript, so the types stand in a file that passes it on.
const VALIDATOR = `// Generated.
import check from './validate.js'

export interface SchemaError {
  readonly instancePath: string
  readonly schemaPath: string
  readonly keyword: string
  readonly params: Readonly<Record<string, unknown>>
  readonly propertyName?: string
}
export type Validate = { (data: unknown): boolean; errors?: SchemaError[] | null }
export const validate: Validate = check
`

const channels = readdirSync(at('src/channels'))
  .filter((type) => existsSync(at(`src/channels/${type}/settings.schema.json`)))
  .sort()
const fragments = Object.fromEntries(channels.map((type) => [type, json(`src/channels/${type}/settings.schema.json`)]))
const { languageOf, writtenSchema } = await languageModule()
const full = languageOf(json('src/config/language/core.json'), fragments)

write('schema/openclaw.schema.json', `${JSON.stringify(writtenSchema(full), null, 2)}\n`)
write('docs/reference.md', referenceMarkdown(full))
for (const type of channels)
  write(`docs/channels/${pageName(type)}`, channelPage(read(`src/channels/${type}/docs.md`), type, full))
write(
  'docs/channels/README.md',
  channelList(read('docs/channels/README.md'), fragments, (type) => read(`src/channels/${type}/docs.md`)),
)

const stamp = createHash('sha256').update(JSON.stringify(full)).update(read('scripts/generate.mjs')).digest('hex')
const made = [
  ...['config.ts', 'validate.js', 'validator.ts', 'shape-data.ts', 'defaults.ts'].map((name) => `${OUT}/${name}`),
  SETTINGS,
]
const stampFile = at(`${OUT}/.stamp`)
if (!(existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp && made.every((path) => existsSync(at(path))))) {
  write(`${OUT}/config.ts`, await types(full))
  write(`${OUT}/validate.js`, await validator(full))
  write(`${OUT}/validator.ts`, VALIDATOR)
  const data = JSON.stringify(JSON.stringify(slim(full)))
  write(
    `${OUT}/shape-data.ts`,
    `// Generated.\nimport type { SchemaNode } from '../../schema-node.ts'\nexport const SHAPE: SchemaNode = JSON.parse(${data})\n`,
  )
  write(`${OUT}/defaults.ts`, defaultsModule(full))
  write(SETTINGS, await settingsTypes())
  writeFileSync(stampFile, stamp)
}

/** The merging of the language is part of the product, since plugins bring fragments too; here it is needed before it is built. */
async function languageModule() {
  const options = { bundle: true, write: false, format: 'esm', platform: 'node', absWorkingDir: at(''), logLevel: 'warning' }
  const { outputFiles } = await build({ ...options, entryPoints: ['src/config/language/index.ts'] })
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`)
}

async function types(schema) {
  const { compile } = await import('json-schema-to-typescript')
  const code = await compile(structuredClone(schema), 'Config', {
    bannerComment: '// Generated from the language by scripts/generate.mjs.',
    format: false,
    declareExternallyReferenced: true,
    unknownAny: true,
    additionalProperties: false,
    customName: (node) => (node.$id?.endsWith('openclaw.schema.json') ? 'Config' : undefined),
  })
  return code
}

/** What each channel finds in `spec.settings`: secrets are `Secret`, durations milliseconds, defaults filled in. */
async function settingsTypes() {
  const { compile } = await import('json-schema-to-typescript')
  const parts = []
  for (const [type, fragment] of Object.entries(fragments)) {
    const name = `${type.charAt(0).toUpperCase()}${type.slice(1)}Settings`
    const schema = asSettings({ type: 'object', ...fragment, title: name })
    parts.push(await compile(schema, name, { bannerComment: '', format: false, unknownAny: true, additionalProperties: false }))
  }
  const code = parts.join('\n').replace(/^(\s*)(["\w-]+\??: )/gm, '$1readonly $2')
  return `// Generated from the settings.schema.json of each channel by scripts/generate.mjs.\n\nimport type { Secret } from '../../plan/plan.ts'\n\n${code}`
}

/** A fragment's node as the value that the code gets. */
function asSettings(node) {
  if (node['x-secret']) return { description: node.description, tsType: 'Secret' }
  if (node['x-duration']) return { description: node.description, type: 'integer' }
  if (node['x-id'] && node.type === undefined) return { description: node.description, type: 'string' }
  const out = { ...node }
  if (node.items !== undefined) out.items = asSettings(node.items)
  if (node.properties !== undefined) {
    out.properties = Object.fromEntries(Object.entries(node.properties).map(([key, child]) => [key, asSettings(child)]))
    const filled = Object.entries(node.properties).filter(([, child]) => child.default !== undefined)
    out.required = [...new Set([...(node.required ?? []), ...filled.map(([key]) => key)])]
  }
  return out
}

async function validator(schema) {
  const { default: Ajv } = await import('ajv')
  const { default: standalone } = await import('ajv/dist/standalone/index.js')
  const ajv = new Ajv.default({
    allErrors: true,
    allowUnionTypes: true,
    strict: true,
    strictTypes: false,
    strictRequired: false,
    messages: false,
    inlineRefs: false,
    unicodeRegExp: false,
    code: { source: true, esm: true, lines: false },
  })
  for (const keyword of ['x-id', 'x-secret', 'x-duration', 'x-pattern', 'x-name', 'markdownEnumDescriptions'])
    ajv.addKeyword(keyword)
  const code = standalone.default(ajv, ajv.compile(slim(schema)))
  // The two helpers ajv would require are replaced by imports of what they are, so that nothing is loaded at start.
  const bare = code
    .replace(/const (\w+) = require\("ajv\/dist\/runtime\/ucs2length"\)\.default;?/g, 'const $1 = (text) => [...text].length;')
    .replace(/const (\w+) = require\("ajv\/dist\/runtime\/equal"\)\.default;?/g, 'const $1 = (a, b) => a === b;')
  const left = bare.match(/require\([^)]*\)/)
  if (left) throw new Error(`The generated validator still loads ${left[0]}`)
  return `// Generated.\n${bare}`
}

/** Every default of the language, by section and key, as the code that compiles a file uses them: a default is written once. */
function defaultsModule({ properties, definitions }) {
  const follow = (node) => (node.$ref === undefined ? node : follow(definitionOf(node.$ref, definitions)))
  const defaultsOf = (node) => {
    const entries = Object.entries(follow(node).properties ?? {}).flatMap(([key, child]) => {
      const value = child.default ?? follow(child).default
      if (value !== undefined) return [[key, value]]
      const inner = follow(child).type === 'object' ? defaultsOf(child) : {}
      return Object.keys(inner).length === 0 ? [] : [[key, inner]]
    })
    return Object.fromEntries(entries)
  }
  const { agent, model, mcpServer, channelCommon: channel, rule, heartbeat } = definitions
  const { defaults: _, ...root } = properties
  const nodes = { root: { properties: root }, agent, model, mcpServer, channel, rule, heartbeat }
  const all = Object.fromEntries(Object.entries(nodes).map(([name, node]) => [name, defaultsOf(node)]))
  return `// Generated from the language by scripts/generate.mjs.\n\nexport const DEFAULTS = ${JSON.stringify(all, null, 2)} as const\n`
}

/** Refs may name a definition, or a key of one. */
function definitionOf(ref, definitions) {
  const path = ref.slice('#/definitions/'.length).split('/')
  return path.reduce((node, part) => node[part], definitions)
}

/** The schema without prose. */
function slim(node) {
  if (Array.isArray(node)) return node.map(slim)
  if (typeof node !== 'object' || node === null) return node
  const out = {}
  for (const [key, value] of Object.entries(node)) {
    if (key === 'properties' || key === 'definitions' || key === 'patternProperties')
      out[key] = Object.fromEntries(Object.entries(value).map(([name, child]) => [name, slim(child)]))
    else if (!PROSE.has(key)) out[key] = slim(value)
  }
  return out
}
