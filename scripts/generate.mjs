// Makes src/config/generated/ from schema/openclaw.schema.json: types, a validator that needs no ajv at run time, and the
// schema without its prose for walks over a document; and docs/reference.md. Writes nothing that is as it should be.

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { resolvedSchema } from './language.mjs'
import { referenceMarkdown } from './reference.mjs'

/** For people and their editors alone. */
const PROSE = new Set(['title', 'description', 'markdownDescription', 'markdownEnumDescriptions', 'examples'])

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const OUT = 'src/config/generated'
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
export const validate = check as unknown as { (data: unknown): boolean; errors?: SchemaError[] | null }
`
const FILES = ['config.ts', 'validate.js', 'validator.ts', 'shape-data.ts']
const text = readFileSync(at('schema/openclaw.schema.json'), 'utf8')
const stamp = createHash('sha256')
  .update(text)
  .update(readFileSync(fileURLToPath(import.meta.url)))
  .update(readFileSync(at('scripts/language.mjs')))
  .digest('hex')
const stampFile = at(`${OUT}/.stamp`)
const fresh =
  existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp && FILES.every((name) => existsSync(at(`${OUT}/${name}`)))
const reference = referenceMarkdown(JSON.parse(text))
const page = at('docs/reference.md')
if (!existsSync(page) || readFileSync(page, 'utf8') !== reference) writeFileSync(page, reference)
if (!fresh) {
  mkdirSync(at(OUT), { recursive: true })
  const schema = resolvedSchema(JSON.parse(text))
  const write = (name, content) => writeFileSync(at(`${OUT}/${name}`), content)
  write('config.ts', await types(schema))
  write('validate.js', await validator(schema))
  write('validator.ts', VALIDATOR)
  const data = JSON.stringify(JSON.stringify(slim(schema)))
  write(
    'shape-data.ts',
    `// Generated.\nimport type { SchemaNode } from '../shape.ts'\nexport const SHAPE: SchemaNode = JSON.parse(${data})\n`,
  )
  writeFileSync(stampFile, stamp)
}

async function types(schema) {
  const { compile } = await import('json-schema-to-typescript')
  const code = await compile(structuredClone(schema), 'Config', {
    bannerComment: '// Generated from schema/openclaw.schema.json by scripts/generate.mjs.',
    format: false,
    declareExternallyReferenced: true,
    unknownAny: true,
    additionalProperties: false,
    customName: (node) => (node.$id?.endsWith('openclaw.schema.json') ? 'Config' : undefined),
  })
  return code
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
  for (const keyword of ['x-id', 'x-secret', 'x-duration', 'x-pattern', 'markdownEnumDescriptions']) ajv.addKeyword(keyword)
  const code = standalone.default(ajv, ajv.compile(slim(schema)))
  // The two helpers ajv would require are replaced by imports of what they are, so that nothing is loaded at start.
  const bare = code
    .replace(/const (\w+) = require\("ajv\/dist\/runtime\/ucs2length"\)\.default;?/g, 'const $1 = (text) => [...text].length;')
    .replace(/const (\w+) = require\("ajv\/dist\/runtime\/equal"\)\.default;?/g, 'const $1 = (a, b) => a === b;')
  const left = bare.match(/require\([^)]*\)/)
  if (left) throw new Error(`The generated validator still loads ${left[0]}`)
  return `// Generated.\n${bare}`
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
