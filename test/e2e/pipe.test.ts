// Output that nobody reads any more: `claw schema | head -1` is no failure, and a running bot goes on.

import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { CLAW, post, startClawProcess } from '../support/process.ts'
import { testdir } from '../support/testdir.ts'

const YAML = 'gateway: { port: 0 }\nmodels: { demo: { provider: scripted } }\nagents: { main: { soul: S, model: demo } }\n'

t.test('a reader that has seen enough', async (t) => {
  const agents = Array.from({ length: 3000 }, (_, n) => `  a${n}: { soul: You are number ${n} of many., model: demo }`).join('\n')
  const cwd = testdir(t, {
    'openclaw.yaml': `${YAML}${agents}\n`.replace('agents: {', 'x-agents: {').replace('  a0', 'agents:\n  a0'),
  })
  for (const args of [['schema'], ['config', 'print', '--resolved'], ['config', 'print', '--origin']]) {
    const child = spawn(process.execPath, [CLAW, ...args], { cwd, env: { PATH: process.env['PATH'] ?? '' } })
    child.stdout.once('data', () => child.stdout.destroy())
    let err = ''
    child.stderr.on('data', (data) => {
      err += data
    })
    const code = await new Promise((resolve) => child.on('close', resolve))
    t.equal(code, 0, `claw ${args.join(' ')}`)
    t.equal(err, '')
  }
})

t.test('a bot whose log nobody reads', async (t) => {
  const cwd = testdir(t, { 'openclaw.yaml': YAML })
  const bot = await startClawProcess(cwd)
  t.teardown(() => bot.stop('SIGKILL'))
  bot.child.stdout?.destroy()
  bot.child.stderr?.destroy()
  await writeFile(join(cwd, 'openclaw.yaml'), `${YAML}agentz: {}\n`)
  const headers = { authorization: `Bearer ${bot.ownerSecret}` }
  const status = async () =>
    (await (await fetch(`${bot.url}/status`, { headers })).json()) as { lastReload: { ok: boolean } | null }
  for (let i = 0; i < 500 && (await status()).lastReload?.ok !== false; i++)
    await new Promise((resolve) => setTimeout(resolve, 20))
  t.match(await status(), { lastReload: { ok: false } }, 'it was told on the log')
  t.match(await post(bot.url, { user_id: 'u', message: 'hi' }), { status: 200 })
  t.equal(await bot.stop(), 0)
})
