// Whatever asks the file about a plugin goes by its manifest: no code of it runs.

import { existsSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { builtinRegistry } from '../../src/builtin.ts'
import { loadPlan } from '../../src/config/load-plan.ts'
import { engineFiles } from '../../src/permissions/engine-files.ts'
import { createPathGate } from '../../src/permissions/paths.ts'
import { startClaw } from '../../src/start.ts'
import { CONFIGURATION, demoFiles, MANIFEST } from '../support/demo-plugin.ts'
import { runCli } from '../support/run-cli.ts'
import { testdir } from '../support/testdir.ts'

const folderOf = (t: Test, manifest?: unknown, yaml = CONFIGURATION): string =>
  testdir(t, { 'openclaw.yaml': yaml, plugins: { demo: demoFiles(manifest) } })

t.test('every verb that asks knows what the plugin brings and runs none of it; run alone loads it', async (t) => {
  const folder = folderOf(t)
  const marker = join(folder, 'plugins/demo/marker')
  for (const argv of [
    ['validate'],
    ['plan'],
    ['route', '--channel', 'beeper', '--user', 'ann', '--text', 'hi'],
    ['access'],
    ['permit', '--agent', 'main', '--', 'ls'],
    ['config', 'print', '--resolved'],
    ['test', '--coverage'],
    ['doctor'],
  ]) {
    const { code, out, err } = await runCli(folder, ...argv)
    if (argv[0] !== 'doctor') t.equal(code, 0, `${argv.join(' ')}\n${out}${err}`)
    t.notOk(existsSync(marker), argv.join(' '))
  }
  const claw = await startClaw({ file: join(folder, 'openclaw.yaml'), env: {}, watch: false })
  t.ok(existsSync(marker), 'run loads the module')
  await claw.stop()
})

t.test('what it brings is in the plan and in access, with its traits', async (t) => {
  const folder = folderOf(t)
  const { plan, registry } = await loadPlan(join(folder, 'openclaw.yaml'), { registry: builtinRegistry, env: {} })
  t.same(plan?.agents.get('main')?.tools, ['weather'])
  t.same(plan?.agents.get('main')?.model, { provider: 'wise', model: 'delphi' })
  const beeper = plan?.channels.get('beeper')
  t.equal(beeper?.type, 'lines')
  t.equal(beeper?.settings['port'], 7000, 'the default of its settings')
  t.equal(String(beeper?.settings['password']), '***', 'a secret of its settings')
  const tool = registry.tools.find(({ name }) => name === 'weather')
  t.same(tool?.traits, { sends: true, outside: true })
  t.same(tool?.inputSchema, {
    type: 'object',
    properties: { city: { type: 'string' }, days: { type: 'integer' } },
    required: ['city'],
    additionalProperties: false,
  })
  const access = (await runCli(folder, 'access', '--format', 'json')).json() as { rows: { tools: { name: string }[] }[] }
  t.ok(access.rows.every(({ tools }) => tools.some(({ name }) => name === 'weather')))
})

t.test('a tool that declares no traits may do anything', async (t) => {
  const { traits: _, ...weather } = MANIFEST.tools.weather
  const folder = folderOf(t, { ...MANIFEST, tools: { weather } })
  const { out } = await runCli(folder, 'access', '--format', 'json')
  for (const trait of ['runs', 'writes', 'sends', 'spends']) t.ok(out.includes(`"${trait}"`), trait)
})

t.test('settings of its channel are held against its manifest', async (t) => {
  const folder = folderOf(
    t,
    MANIFEST,
    CONFIGURATION.replace('password:', 'pasword:').replace('type: lines', 'type: lines, port: many'),
  )
  const { code, out } = await runCli(folder, 'validate')
  t.equal(code, 1)
  t.ok(/openclaw\.yaml:7:32 error CLAW103/.test(out), out)
  t.ok(out.includes('Did you mean "password"?'), out)
})

t.test('its folder is the engine’s: no tool writes there, whatever the workspace is', async (t) => {
  const folder = folderOf(t, MANIFEST, CONFIGURATION.replace('soul: S,', 'soul: S, workspace: .,'))
  const { plan } = await loadPlan(join(folder, 'openclaw.yaml'), { registry: builtinRegistry, env: {} })
  if (plan === null) throw new Error('no plan')
  const paths = createPathGate({ roots: plan.agents.get('main')?.workspace ?? [], protectedPaths: engineFiles(plan) })
  for (const path of [
    'plugins/demo/index.mjs',
    'plugins/demo/claw.plugin.json',
    'plugins/demo/helper.mjs',
    'plugins/demo/deep/x.mjs',
  ])
    await t.rejects(paths.writeText(path, 'x'), path)
  t.ok(await paths.writeText('plugins/other.txt', 'x'), 'beside it is the agent’s')
})

t.test('an installed package is a plugin by its name', async (t) => {
  const folder = folderOf(t, MANIFEST, CONFIGURATION.replace('./plugins/demo', '"@acme/demo"'))
  await mkdir(join(folder, 'node_modules/@acme'), { recursive: true })
  const missing = await runCli(folder, 'validate')
  t.ok(missing.out.includes('openclaw.yaml:1:11 error CLAW011: There is no package "@acme/demo" here.'), missing.out)
  t.ok(missing.out.includes('npm install @acme/demo'))
  t.notOk(missing.out.includes('There is no tool'), 'what it may bring is not told as missing')
  await rename(join(folder, 'plugins/demo'), join(folder, 'node_modules/@acme/demo'))
  t.equal((await runCli(folder, 'validate')).code, 0)
})

t.test('an edited plugin is a change', async (t) => {
  const folder = folderOf(t)
  const copy = join(folder, 'before.yaml')
  await writeFile(copy, CONFIGURATION)
  t.equal((await runCli(folder, 'plan', '--against', copy, '--exit-code')).code, 0)
  await writeFile(copy, CONFIGURATION.replace('./plugins/demo', './older'))
  await mkdir(join(folder, 'older'))
  for (const [name, text] of Object.entries(demoFiles({ ...MANIFEST, version: '0.9.0' })))
    await writeFile(join(folder, 'older', name), text)
  const { code, out } = await runCli(folder, 'plan', '--against', copy, '--exit-code')
  t.equal(code, 2)
  t.ok(out.includes('gateway plugins'), out)
})
