import { execFileSync } from 'node:child_process'
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { loadPlan } from '../../src/config/load-plan.ts'
import { renderHuman } from '../../src/config/render.ts'
import { HEAD, startBot } from '../support/bot.ts'
import { testdir } from '../support/testdir.ts'
import { registry } from './registry.ts'

// A pipe, a socket or a device where a file is read: a clear diagnostic, and no waiting for somebody who writes into it.

const FILES = {
  'openclaw.yaml': `include: [teams/*.yaml, more.yaml]
channels: { telegram: { token: { file: token.txt } } }
models: { demo: { provider: scripted, script: demo.yaml } }
agents:
  main: { soul: SOUL.md, model: demo, skills: [mine] }
routing: { defaultAgent: main }
`,
  'more.yaml': 'owners: ["http:me"]\n',
  'teams/one.yaml': '',
  'SOUL.md': 'You are S.\n',
  'token.txt': '123:abc\n',
  'demo.yaml': 'replies: [{ text: hello }]\n',
  '.env': 'A=1\n',
  'skills/mine/SKILL.md': '---\nname: mine\ndescription: d\n---\nBody\n',
} as const

const KINDS: Readonly<Record<string, (path: string, t: Test) => Promise<unknown>>> = {
  pipe: async (path) => execFileSync('mkfifo', [path]),
  socket: async (path, t) => {
    const server = createServer()
    t.teardown(() => server.close())
    // Paths of sockets are short: it is bound where that is so, then moved.
    const short = `/tmp/claw-${process.pid}.sock`
    await new Promise<void>((done) => server.listen(short, done))
    await rename(short, path)
  },
  'endless device': (path) => symlink('/dev/zero', path),
  'device that waits': (path) => symlink('/dev/tty', path),
}

async function world(t: Test): Promise<string> {
  const folder = testdir(t, {})
  for (const [name, text] of Object.entries(FILES)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  return folder
}

t.test('the files are fine as they are', async (t) => {
  const { plan, diagnostics } = await loadPlan(join(await world(t), 'openclaw.yaml'), { registry, env: {} })
  t.same(
    diagnostics.filter(({ severity }) => severity === 'error'),
    [],
  )
  t.ok(plan)
})

for (const [kind, make] of Object.entries(KINDS))
  t.test(kind, async (t) => {
    for (const name of Object.keys(FILES)) {
      await t.test(name, async (t) => {
        const folder = await world(t)
        await rm(join(folder, name))
        await make(join(folder, name), t)
        const { diagnostics } = await loadPlan(join(folder, 'openclaw.yaml'), { registry, env: {} })
        const text = renderHuman(diagnostics, { cwd: folder, color: false })
        const named = name === 'skills/mine/SKILL.md' ? /mine/ : new RegExp(name.replace('.', '\\.'))
        t.match(text, named, 'the message names it')
        if (name !== 'skills/mine/SKILL.md') t.match(text, /not an ordinary file|cannot be read/)
      })
    }
  })

t.test('a soul that becomes a pipe while the bot runs', async (t) => {
  const folder = testdir(t, { 'SOUL.md': 'You are S.' })
  const b = await startBot(`${HEAD}agents: { main: { soul: SOUL.md } }`, { folder, api: { reply: () => 'still here' } })
  t.teardown(() => b.stop())
  await rm(join(folder, 'SOUL.md'))
  execFileSync('mkfifo', [join(folder, 'SOUL.md')])
  t.equal((await b.claw.engine.reload()).ok, false)
  t.equal((await b.chat('u', 'hi')).body.response, 'still here')
})
