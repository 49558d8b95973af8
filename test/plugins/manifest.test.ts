// What is wrong with a manifest is told at its place, with a hint.

import { join } from 'node:path'
import t, { type Test } from 'tap'
import { builtinRegistry } from '../../src/builtin.ts'
import { loadPlan } from '../../src/config/load-plan.ts'
import { MANIFEST } from '../support/demo-plugin.ts'
import { testdir } from '../support/testdir.ts'

const lineOf = (text: string, part: string): string => {
  const before = text.slice(0, text.indexOf(part)).split('\n')
  return `${before.length}:${(before.at(-1) ?? '').length + 1}`
}

async function problemsOf(
  t: Test,
  manifest: unknown,
  yaml = 'plugins: [./demo]\nagents: { main: { soul: S } }',
): Promise<readonly string[]> {
  const text = typeof manifest === 'string' ? manifest : JSON.stringify(manifest, null, 2)
  const folder = testdir(t, { 'openclaw.yaml': yaml, demo: { 'claw.plugin.json': text, 'index.mjs': '' } })
  const { diagnostics } = await loadPlan(join(folder, 'openclaw.yaml'), { registry: builtinRegistry, env: {} })
  const told = diagnostics.filter(({ severity }) => severity === 'error')
  for (const { code, hint } of told) t.ok(hint, `${code} has a hint`)
  return told.map(({ code, file, line, column, message }) => {
    const name = file.endsWith('.json') ? 'manifest' : 'yaml'
    return `${name}:${line}:${column} ${code} ${message.replaceAll(folder, '')}`
  })
}

t.test('a manifest that is missing or no JSON', async (t) => {
  t.same(await problemsOf(t, MANIFEST, 'plugins: [./other]\nagents: { main: { soul: S } }'), [
    'yaml:1:11 CLAW011 There is no /other/claw.plugin.json.',
  ])
  t.same(await problemsOf(t, MANIFEST, 'plugins: [demo]\nagents: { main: { soul: S } }'), [
    'yaml:1:11 CLAW011 There is no package "demo" here.',
  ])
  t.same(
    await problemsOf(t, MANIFEST, 'plugins: ["./${DEMO}"]\nagents: { main: { soul: S } }'.replace('$', '$')),
    [
      'yaml:1:11 CLAW011 A plugin is named in full: no variable can stand here.',
      'yaml:1:11 CLAW007 The variable DEMO is not set.',
    ].sort(),
  )
  const [broken = ''] = await problemsOf(t, '{\n  "name": "x",\n}')
  t.ok(broken.startsWith('manifest:3:1 CLAW011 The manifest is not JSON'), broken)
  t.same(await problemsOf(t, '[]'), ['manifest:1:1 CLAW107 A manifest is a map.'])
  t.same(await problemsOf(t, MANIFEST, 'plugins: ./demo\nagents: { main: { soul: S } }'), [
    'yaml:1:10 CLAW103 plugins must be a list, not a text.',
  ])
})

t.test('keys that are missing, unknown or of another kind', async (t) => {
  const text = JSON.stringify({ ...MANIFEST, version: 3, entri: 'x', entry: 'gone.mjs' }, null, 2)
  t.same(await problemsOf(t, text), [
    `manifest:${lineOf(text, '3,')} CLAW107 "version" must be a text that is not empty.`,
    `manifest:${lineOf(text, '"entri"')} CLAW107 The manifest has no key "entri".`,
  ])
  const gone = JSON.stringify({ ...MANIFEST, entry: 'gone.mjs' }, null, 2)
  t.same(await problemsOf(t, gone), [`manifest:${lineOf(gone, '"gone')} CLAW107 There is no module gone.mjs.`])
  const outside = JSON.stringify({ ...MANIFEST, entry: '../openclaw.yaml' }, null, 2)
  t.same(await problemsOf(t, outside), [`manifest:${lineOf(outside, '"../')} CLAW107 There is no module ../openclaw.yaml.`])
})

t.test('tools, channels and model services', async (t) => {
  const bad = {
    name: 'demo',
    version: '1',
    entry: 'index.mjs',
    tools: {
      'two words': {},
      silent: { input: 7 },
      wrong: { description: 'd', input: { city: 4 }, traits: ['send', true] },
      schema: { description: 'd', input: { city: { type: 'strng' } } },
    },
    channels: {
      lines: { settings: { properties: { type: {} } }, traits: { maxChars: 0, groups: 'yes' } },
    },
    models: { oracle: { environment: { url: 'a b' }, traits: ['free'] } },
  }
  const text = JSON.stringify(bad, null, 2)
  const at = (part: string): string => `manifest:${lineOf(text, part)} CLAW107`
  t.same(await problemsOf(t, text), [
    `${at('"two words"')} "two words" is not a name.`,
    `${at('"silent"')} "tools.silent" has no "description".`,
    `${at('7')} "tools.silent.input" must be a map.`,
    `${at('4\n')} "city" must be a type or a schema.`,
    `${at('"send"')} There is no trait "send".`,
    `${at('true\n')} There is no trait true.`,
    `${at('"settings"')} "type" is a key that every channel has.`,
    `${at('0,\n')} "maxChars" must be a whole number above 0.`,
    `${at('"yes"')} "channels.lines.traits.groups" must be true or false.`,
    `${at('"environment"')} "models.oracle.environment" has no "key".`,
    `${at('"a b"')} "a b" is not the name of a variable.`,
    `${at('"free"')} There is no trait "free".`,
  ])
  const schema = JSON.stringify({ ...bad, tools: { schema: bad.tools.schema }, channels: {}, models: {} }, null, 2)
  const [told = ''] = await problemsOf(t, schema)
  t.equal(
    told,
    `manifest:${lineOf(schema, '"input"')} CLAW107 This is no JSON Schema: properties/city/type must be equal to one of the allowed values.`,
  )
})

t.test('names that something else has', async (t) => {
  const { tools, channels, models } = MANIFEST
  const taken = {
    ...MANIFEST,
    tools: { ...tools, read_file: tools.weather },
    channels: { ...channels, irc: {} },
    models: { ...models, openai: {} },
  }
  t.same([...(await problemsOf(t, taken))].sort(), [
    'yaml:1:11 CLAW301 The plugin demo brings a kind of channel "irc", which claw has itself.',
    'yaml:1:11 CLAW301 The plugin demo brings a kind of model service "openai", which claw has itself.',
    'yaml:1:11 CLAW301 The plugin demo brings a tool "read_file", which claw has itself.',
  ])
  const twice = 'plugins: [./demo, ../demo/./]\nagents: { main: { soul: S } }'.replace('../demo/./', './demo/.')
  t.same(await problemsOf(t, MANIFEST, twice), ['yaml:1:19 CLAW301 Two plugins are called "demo".'])
})
