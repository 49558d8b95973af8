// The schema as editors read it: over the text as written, before our own loader fills anything in.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Ajv } from 'ajv'
import t from 'tap'
import { parse } from 'yaml'
import { fragmentProblems, fullSchema, writtenSchema } from '../../src/config/language/index.ts'
import { packageRoot } from '../../src/resources.ts'
import type { SchemaNode } from '../../src/schema-node.ts'
import { core, fragments, language, readJson } from './language.ts'

type Node = SchemaNode & { readonly [key: string]: unknown }
const root = packageRoot()
const types = Object.keys(fragments)
const schema = readJson('schema/openclaw.schema.json') as Node
const validate = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false }).compile(schema)

/** `/path keyword` of each problem; what an `if` alone says is left out. */
function problems(yaml: string): readonly string[] {
  validate(parse(yaml, { merge: true }))
  return (validate.errors ?? [])
    .filter(({ keyword }) => keyword !== 'if')
    .map((error) => `${error.instancePath} ${error.keyword}`)
}

t.test('the configurations that ship have no problem', async (t) => {
  const examples = readdirSync(join(root, 'examples'), { recursive: true, encoding: 'utf8' })
  const files = ['openclaw.yaml', ...examples.filter((name) => name.endsWith('openclaw.yaml')).map((name) => `examples/${name}`)]
  t.ok(files.length > 8)
  for (const file of files) t.same(problems(readFileSync(join(root, file), 'utf8')), [], file)
})

t.test('a channel’s key is its type, unless it says another', async (t) => {
  t.same(problems('channels: { http: {}, webchat: { x-note: 1 }, telegram: { token: "${T}", mode: webhook } }'), [])
  t.same(problems('channels: { telegram: { type: slack, botToken: b, appToken: a }, work: { type: http } }'), [])
  t.same(problems('channels: { work: {} }'), ['/channels/work required'])
  t.same(problems('channels: { telegram: {} }'), ['/channels/telegram required'])
  t.same(problems('channels: { telegram: { token: t, tokn: t } }'), ['/channels/telegram additionalProperties'])
  t.same(problems('channels: { telegram: { type: http, token: t } }'), ['/channels/telegram additionalProperties'])
  t.same(problems('channels:\n  http:\n  webchat:\n'), [], 'nothing after a key of a channel that needs nothing')
  t.same(problems('channels:\n  telegram:\n'), ['/channels/telegram type'], 'one problem, not one for each type')
})

t.test('a file as it is written: bare ids, variables, empty sections', async (t) => {
  for (const yaml of [
    'channels: { telegram: { token: t, allowFrom: [90071992547409931234, +49123] } }\nowners: [telegram:1, 5]',
    'routing: { defaultAgent: 7, rules: [{ userId: 90071992547409931234, groupId: [1, 2], agentId: 7 }] }',
    'tests: [{ name: a, message: { channelId: http, userId: 007, content: x }, expect: { agentId: null } }]',
    'agents: { main: { maxTurns: "${N:-20}", replyPrefix: "${B}", permissions: { timeout: "${T}" } } }\ngateway: { port: "${P}" }',
    'models: { local: { provider: anthropic, baseURL: "${URL}" } }',
    'agents:\n  main:\nchannels:\nrouting:\n  rules:\nheartbeats:\nsearch:\ntests:\nidentityLinks:\nowners:\ngateway:\n  auth:\n',
  ])
    t.same(problems(yaml), [], yaml)
  t.same(problems('agents: { main: { maxTurns: ten, permissions: { timeout: ten } } }'), [
    '/agents/main/permissions/timeout pattern',
    '/agents/main/maxTurns pattern',
  ])
})

t.test('the schema that is published is made from the core and the folders of the channels in the registry', async (t) => {
  t.same(schema, writtenSchema(language), 'run npm run generate')
  const folders = readdirSync(join(root, 'src/channels')).filter((name) =>
    existsSync(join(root, 'src/channels', name, 'index.ts')),
  )
  t.same(folders.filter((name) => name !== 'kit').sort(), types, 'a folder for each line, a line for each folder')
  for (const type of types) t.same(fragmentProblems(fragments[type], fullSchema(core)), [], type)
})

t.test('what an agent may say, defaults say for all, and each default stands once', async (t) => {
  const written = core.definitions ?? {}
  const { agent, defaults } = language.definitions ?? {}
  const own = ['name', 'description']
  t.same(
    Object.keys(defaults?.properties ?? {}).sort(),
    Object.keys(agent?.properties ?? {})
      .filter((key) => !own.includes(key))
      .sort(),
  )
  t.same(Object.keys(written['defaults']?.properties ?? {}), ['soul'], 'only what has other words is written twice')
  t.equal(written['defaults']?.properties?.['soul']?.default, undefined)
  t.same(problems('defaults: { maxTurns: 3, maxTurn: 3 }'), ['/defaults additionalProperties'])
  const folder = join(root, 'src/config')
  const files = ['compile.ts', ...readdirSync(join(folder, 'compile')).map((name) => `compile/${name}`)]
  for (const file of files) {
    const [second] =
      /(?<!\w)(?!description)\w+ \?\? (?!'')('[^']+'|\d[\d_.]*|true|false)/.exec(readFileSync(join(folder, file), 'utf8')) ?? []
    t.equal(second, undefined, `${file} writes no default again`)
  }
})

t.test('what is wrong with a fragment is said', async (t) => {
  const said = (fragment: unknown): string => fragmentProblems(fragment, language).join(' ')
  t.match(said([]), /must be a map/)
  t.match(said({ properties: { allowFrom: { type: 'array' } } }), /"allowFrom" is a key that every channel has/)
  t.match(said({ properties: { port: 7000 } }), /"port" must be described/)
  t.match(said({ required: ['port'] }), /"port" is required and not described/)
  t.match(said({ proprties: {} }), /cannot say "proprties"/)
  t.equal(said({ type: 'object', properties: { port: { type: 'integer' } }, required: ['port'] }), '')
})

t.test('of a file that is resolved, types are strict again', async (t) => {
  const strict = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false }).compile(language)
  for (const yaml of [
    'channels:',
    'channels: { http: }',
    'owners: [5]',
    'gateway: { port: "${P}" }',
    'models: { m: { provider: anthropic, baseURL: "${U}" } }',
  ])
    t.notOk(strict(parse(yaml)), yaml)
  t.ok(strict(parse('tests: [{ name: a, message: { channelId: http, userId: u, content: x }, expect: { agentId: null } }]')))
})

t.test('every key is described with an example, also to editors that read Markdown', async (t) => {
  let keys = 0
  const visit = (node: Node, path: string): void => {
    if (node.description?.includes('`') || node.markdownDescription !== undefined)
      t.equal(node.markdownDescription, node.description, `${path} says the same twice`)
    const choices = node['enum'] as readonly string[] | undefined
    const said = node['markdownEnumDescriptions'] as readonly string[] | undefined
    if (said !== undefined)
      t.same([said.length, said.filter(Boolean).length], [choices?.length, choices?.length], `${path} choices`)
    for (const [key, value] of Object.entries(node)) {
      if (typeof value !== 'object' || value === null) continue
      if (key === 'properties') {
        for (const [name, child] of Object.entries(value as Record<string, Node>)) {
          keys++
          const described = child.description ?? child['$ref'] ?? (path.endsWith('/if') || child['if'])
          if (!described) t.fail(`${path}/${name} is not described`)
          const shown = child['examples'] ?? child['$ref'] ?? (path.endsWith('/if') || child['if'])
          if (!shown) t.fail(`${path}/${name} has no example`)
          visit(child, `${path}/${name}`)
        }
      } else if (key !== 'examples' && key !== 'default') visit(value as Node, `${path}/${key}`)
    }
  }
  visit(schema, '')
  t.ok(keys > 200)
})

t.test('docs/reference.md is made from it', async (t) => {
  const { referenceMarkdown } = (await import(pathToFileURL(join(root, 'scripts/reference.mjs')).href)) as {
    referenceMarkdown(schema: unknown): string
  }
  const page = readFileSync(join(root, 'docs/reference.md'), 'utf8')
  t.equal(page, referenceMarkdown(language), 'run npm run generate')
  for (const key of [
    'agents.<id>.permissions.mode',
    'channels.<id>.webhookUrl',
    'heartbeats[].catchUp',
    'tests[].steps[].advance',
  ])
    t.ok(page.includes(`| \`${key}\` |`), key)
  const headings = new Set([...page.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading))
  for (const [, linked] of page.matchAll(/\[([^\]]+)\]\(#/g)) t.ok(headings.has(linked), `${linked} leads somewhere`)
})
