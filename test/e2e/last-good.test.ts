// What `claw run` does with a configuration that is bad when it starts: refuses it with 78, or stands on the one last accepted.

import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { claw, post, type RunningClaw, startClawProcess } from '../support/process.ts'
import { testdir } from '../support/testdir.ts'

const ROOT = `include: ["../shared/*.yaml", extra.yaml]
stateDir: ../state
gateway: { port: 0 }
models: { demo: { provider: scripted, script: reply.yaml } }
defaults: { model: demo }
agents: { main: { soul: SOUL.md } }
routing: { defaultAgent: main }
`

/** A bot whose files lie in three folders, its state in a fourth. */
const folders = {
  bot: {
    'openclaw.yaml': ROOT,
    'extra.yaml': 'owners: ["http:me"]\n',
    'reply.yaml': 'replies: [accepted]\n',
    'SOUL.md': 'You are kind.\n',
    '.env': 'KEY=never-copied\n',
  },
  shared: { 'team.yaml': 'agents: { scout: { soul: You find., skills: [] } }\n' },
  state: {},
}

const run = (folder: string, ...args: string[]): Promise<RunningClaw> =>
  startClawProcess(folder, {}, ['-c', 'bot/openclaw.yaml', ...args], join(folder, 'state'))

const status = async (folder: string): Promise<Record<string, unknown>> =>
  JSON.parse((await claw(['status', '-c', 'bot/openclaw.yaml', '--format', 'json'], { cwd: folder })).out)

t.test('bad at boot', async (t) => {
  const folder = testdir(t, folders)
  const at = (path: string): string => join(folder, path)
  const argv = ['run', '-c', 'bot/openclaw.yaml']

  await t.test('nothing was accepted yet: 78, whatever is asked', async (t) => {
    await writeFile(at('bot/openclaw.yaml'), `${ROOT}agentz: {}\n`)
    for (const flags of [[], ['--last-good']]) {
      const { code, err } = await claw([...argv, ...flags], { cwd: folder })
      t.equal(code, 78)
      t.match(err, /bot\/openclaw\.yaml:8:1 error CLAW101[\s\S]*agentz: \{\}[\s\S]*nothing was started/)
      t.equal(/none was accepted before \(looked in .*state\)/.test(err), flags.length === 1)
    }
  })

  await t.test('an accepted one is kept, as it lies, without its secrets', async (t) => {
    await writeFile(at('bot/openclaw.yaml'), ROOT)
    const good = await run(folder)
    t.match(await post(good.url, { user_id: 'u', message: 'hi' }), { body: { response: 'accepted' } })
    t.equal(await good.stop(), 0)
    const kept = await readdir(at('state/last-good'), { recursive: true })
    t.same(
      kept.filter((path) => /\.\w+$/.test(path)).sort(),
      ['.manifest.json', 'bot/SOUL.md', 'bot/extra.yaml', 'bot/openclaw.yaml', 'bot/reply.yaml', 'shared/team.yaml'].sort(),
    )
    t.notOk(existsSync(at('bot/.openclaw')))
  })

  // All that can go wrong at once: the root file, an include elsewhere, a text; and a file the accepted one does not know.
  const root = `${ROOT}agentz: {}\n`
  await writeFile(at('bot/openclaw.yaml'), root)
  await writeFile(at('shared/team.yaml'), 'agents: [')
  await writeFile(at('shared/unknown.yaml'), 'agents: { unknown: { soul: x } }\n')
  await rm(at('bot/SOUL.md'))
  await writeFile(at('bot/reply.yaml'), 'replies: [changed]\n')

  await t.test('without the flag: 78 and every problem', async (t) => {
    const { code, err } = await claw(argv, { cwd: folder })
    t.equal(code, 78)
    t.match(err, /shared\/team\.yaml:1:/)
  })

  await t.test('with it: it answers as accepted, and says loudly that it is degraded', async (t) => {
    const stood = await run(folder, '--last-good')
    t.teardown(() => stood.stop('SIGKILL'))
    t.match(await post(stood.url, { user_id: 'u', message: 'hi' }), { body: { response: 'accepted' } })
    for (let i = 0; i < 500 && !stood.log().includes('team.yaml'); i++) await new Promise((resolve) => setTimeout(resolve, 20))
    t.match(stood.log(), /team\.yaml:1:/, 'the problems are shown')
    t.match(stood.log(), /DEGRADED/)
    t.match(stood.log(), /last accepted/)
    const degraded = await status(folder)
    t.match(degraded, { degraded: /openclaw\.yaml is invalid/, agents: [{ id: 'main' }, { id: 'scout' }] })
    t.not(degraded['fileHash'], degraded['configHash'])
    t.match((await claw(['status', '-c', 'bot/openclaw.yaml'], { cwd: folder })).out, /degraded: .*last accepted/)
    t.equal((await fetch(`${stood.url}/readyz`)).status, 503)
    t.match(await (await fetch(`${stood.url}/metrics`)).text(), /^claw_degraded 1$/m)

    t.equal(await readFile(at('bot/openclaw.yaml'), 'utf8'), root, 'the file is the user’s')
    // Fixed piece by piece; the last save makes it whole.
    await rm(at('shared/unknown.yaml'))
    await writeFile(at('shared/team.yaml'), 'agents: { scout: { soul: You find. } }\n')
    await writeFile(at('bot/openclaw.yaml'), ROOT)
    t.equal((await claw(['reload', '--wait', '-c', 'bot/openclaw.yaml'], { cwd: folder })).code, 1, 'its soul is missing')
    await writeFile(at('bot/SOUL.md'), 'You are kind.\n')
    for (let i = 0; i < 500 && 'degraded' in (await status(folder)); i++) await new Promise((resolve) => setTimeout(resolve, 20))
    const fixed = await status(folder)
    t.notHas(fixed, { degraded: String })
    t.equal(fixed['fileHash'], fixed['configHash'])
    t.equal((await fetch(`${stood.url}/readyz`)).status, 200)
    t.match(await post(stood.url, { user_id: 'u', message: 'hi' }), { body: { response: 'changed' } })
    t.equal(await stood.stop(), 0)
  })

  await t.test('moved with its state, it still finds what was accepted', async (t) => {
    await mkdir(at('elsewhere'))
    for (const name of ['bot', 'shared', 'state']) await rename(at(name), at(`elsewhere/${name}`))
    await writeFile(at('elsewhere/bot/openclaw.yaml'), root)
    const stood = await run(at('elsewhere'), '--last-good')
    t.teardown(() => stood.stop('SIGKILL'))
    t.match(await post(stood.url, { user_id: 'u', message: 'hi' }), { body: { response: 'changed' } })
    t.equal(await stood.stop(), 0)
  })
})
