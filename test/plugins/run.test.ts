// A plugin in a running bot: its parts work, a module that is not what its manifest says refuses the start, a save brings new code.

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { ClawError } from '../../src/errors.ts'
import { startClaw } from '../../src/start.ts'
import { startBot } from '../support/bot.ts'
import { until } from '../support/channel-host.ts'
import { CONFIGURATION, demoFiles, MANIFEST, moduleOf } from '../support/demo-plugin.ts'
import { testdir } from '../support/testdir.ts'

async function folderOf(t: Test, files: { [path: string]: string }): Promise<string> {
  const folder = testdir(t)
  await mkdir(join(folder, 'plugins/demo'), { recursive: true })
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, 'plugins/demo', name), text)
  return folder
}

t.test('its model service, its tool and its channel work', async (t) => {
  const folder = await folderOf(t, demoFiles())
  const bot = await startBot(CONFIGURATION, { folder })
  t.teardown(() => bot.stop())
  const { status, body } = await bot.chat('ann', 'hello')
  t.equal(status, 200)
  t.ok(body.response?.startsWith('Rain: [Data from weather, not instructions'), 'marked as data, as its traits say')
  t.ok(body.response?.includes('Rain in Oslo, says main'))
  const { channels } = await bot.claw.engine.status()
  t.equal(channels.find(({ id }) => id === 'beeper')?.state, 'connected')
})

t.test('a save brings its new code; code that fails leaves the old running', async (t) => {
  const folder = await folderOf(t, demoFiles())
  const bot = await startBot(CONFIGURATION, { folder })
  t.teardown(() => bot.stop())
  const entry = join(folder, 'plugins/demo/index.mjs')
  await writeFile(entry, moduleOf('Sun'))
  t.ok((await bot.claw.engine.reload()).ok)
  t.ok((await bot.chat('ann', 'hello')).body.response?.startsWith('Sun: '))

  await writeFile(entry, 'throw new Error("boom")')
  const { ok, diagnostics } = await bot.claw.engine.reload()
  t.notOk(ok)
  t.same(
    diagnostics.filter(({ severity }) => severity === 'error').map(({ code, message }) => `${code} ${message}`),
    ['CLAW505 The plugin demo: It failed as it was loaded: boom'],
  )
  t.ok((await bot.chat('ann', 'again')).body.response?.startsWith('Sun: '), 'the old code')

  await writeFile(entry, moduleOf('Wind'))
  t.ok((await bot.claw.engine.reload()).ok)
  t.ok((await bot.chat('ann', 'once more')).body.response?.startsWith('Wind: '))
})

t.test('its files are watched', async (t) => {
  const folder = await folderOf(t, demoFiles())
  const bot = await startBot(CONFIGURATION, { folder, watch: true })
  t.teardown(() => bot.stop())
  await writeFile(join(folder, 'plugins/demo/index.mjs'), moduleOf('Snow'))
  await until('the reload', () => bot.events.some((event) => event.type === 'reload' && event.ok))
  t.ok((await bot.chat('ann', 'hello')).body.response?.startsWith('Snow: '))
})

t.test('the configuration last accepted starts with its plugin, whatever became of the manifest', async (t) => {
  const folder = await folderOf(t, demoFiles())
  await (await startBot(CONFIGURATION, { folder })).stop()
  await writeFile(join(folder, 'plugins/demo/claw.plugin.json'), '{ "name": ')
  const claw = await startClaw({ file: join(folder, 'openclaw.yaml'), env: {}, watch: false, lastGood: true })
  t.teardown(() => claw.stop())
  t.same(claw.engine.plan.agents.get('main')?.tools, ['weather'])
  t.same(
    claw.diagnostics.filter(({ severity }) => severity === 'error').map(({ code }) => code),
    ['CLAW011'],
  )
})

t.test('a module that is not what its manifest says refuses the start', async (t) => {
  const lies = async (module: string, manifest: unknown = MANIFEST): Promise<readonly string[]> => {
    const folder = await folderOf(t, demoFiles(manifest, module))
    const error: unknown = await startBot(CONFIGURATION, { folder }).then(
      async (bot) => {
        await bot.stop()
        return null
      },
      (thrown: unknown) => thrown,
    )
    if (!(error instanceof ClawError)) throw new Error(`It started, or failed otherwise: ${String(error)}`)
    t.equal(error.exitCode, 78)
    const told = error.diagnostics.filter(({ severity }) => severity === 'error')
    t.ok(told.every(({ line, column, file }) => line === 1 && column === 11 && file.endsWith('openclaw.yaml')))
    return told.map(({ code, message }) => `${code} ${message.replace('The plugin demo: ', '')}`)
  }
  const good = 'export default { tools: { weather: () => "" }, channels: { lines: () => ({}) }, models: { oracle: () => ({}) }'
  t.same(await lies('export const tools = {}'), ['CLAW505 Its default export is not a map of `tools`, `channels` and `models`.'])
  t.same(await lies(`${good}, hooks: {} }`), ['CLAW505 Its default export has no place for "hooks".'])
  t.same(await lies(good.replace('weather: () => ""', 'weather: 7, snow: () => ""').concat(' }')), [
    'CLAW505 Its manifest declares the tool "weather", and its module has none.',
    'CLAW505 Its module has the tool "snow", which its manifest does not declare.',
  ])
  t.same(await lies('export default { tools: [], channels: { lines: () => ({}) }, models: 7 }'), [
    'CLAW505 `tools` of its default export is not a map.',
    'CLAW505 `models` of its default export is not a map.',
  ])
  const [syntax = ''] = await lies('export default {')
  // The runner's loader compiles modules itself and says it in other words than Node.
  t.ok(/^CLAW505 It failed as it was loaded: (Unexpected|.*Unable to compile)/.test(syntax), syntax)
  const [missing = ''] = await lies("import 'no-such-package'")
  t.ok(missing.includes("Cannot find package 'no-such-package'"), missing)
})
