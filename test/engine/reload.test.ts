import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { type Bot, HEAD, startBot } from '../support/bot.ts'
import { lastUserText } from '../support/fake-messages-api.ts'

const soulOf = (system: unknown): string => JSON.stringify(system)

async function generation(b: Bot, wanted: number): Promise<void> {
  const last = () => b.claw.engine.reloadHistory().at(-1)
  for (let i = 0; i < 600 && (last()?.generation ?? 1) < wanted; i++) await new Promise((resolve) => setTimeout(resolve, 10))
}

t.test('a save is live, an invalid one changes nothing and says where', async (t) => {
  const b = await startBot(`${HEAD}agents: { main: { soul: OLD } }`, {
    watch: true,
    api: { reply: (request) => soulOf(request.system) },
  })
  t.teardown(() => b.stop())
  t.match((await b.chat('u', 'hi')).body.response, /OLD/)
  await b.save(`${HEAD}agents: { main: { soul: NEW } }`)
  await generation(b, 2)
  t.match((await b.chat('u', 'hi')).body.response, /NEW/)

  const reloads = b.claw.engine.reloadHistory().length
  await b.save(`${HEAD}agents:\n  main: { sole: BROKEN }`)
  while (b.claw.engine.reloadHistory().length === reloads) await new Promise((resolve) => setTimeout(resolve, 10))
  const status = await b.claw.engine.status()
  t.equal(status.generation, 2)
  t.equal(status.lastReload?.ok, false)
  t.not(status.fileHash, status.configHash)
  t.match(status.lastReload?.diagnostics[0], { code: 'CLAW101', line: 7 })
  t.match((await b.chat('u', 'hi')).body.response, /NEW/)

  await b.save(`${HEAD}agents: { main: { soul: NEW } }`)
  while ((await b.claw.engine.status()).lastReload?.ok !== true) await new Promise((resolve) => setTimeout(resolve, 10))
  const mended = await b.claw.engine.status()
  t.equal(mended.fileHash, mended.configHash)
})

t.test('a soul file, a rename-save and an include are watched', async (t) => {
  const b = await startBot(
    `${HEAD}include: "*.team.yaml"\nagents: { main: { soul: SOUL.md } }\nrouting: { defaultAgent: main }`,
    {
      watch: true,
      files: { 'SOUL.md': 'FIRST' },
      api: { reply: (request) => soulOf(request.system) },
    },
  )
  t.teardown(() => b.stop())
  await writeFile(join(b.folder, 'SOUL.md'), 'SECOND')
  await generation(b, 2)
  t.match((await b.chat('u', 'hi')).body.response, /SECOND/)

  await writeFile(join(b.folder, 'SOUL.md.tmp'), 'THIRD')
  await rename(join(b.folder, 'SOUL.md.tmp'), join(b.folder, 'SOUL.md'))
  await generation(b, 3)
  t.match((await b.chat('u', 'hi')).body.response, /THIRD/)

  await writeFile(join(b.folder, 'x.team.yaml'), 'agents: { extra: { soul: EXTRA } }')
  await generation(b, 4)
  t.ok(b.claw.engine.plan.agents.has('extra'))
})

t.test('a turn keeps the plan it began with; a tool taken away meanwhile is refused', async (t) => {
  let release: () => void = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const b = await startBot(`${HEAD}agents: { main: { soul: OLD, tools: [write_file] } }`, {
    api: {
      reply: async (request, i) => {
        if (i > 0) return `${soulOf(request.system)} ${JSON.stringify(request.messages.at(-1))}`
        await held
        return { toolCalls: [{ name: 'write_file', input: { path: 'x', content: 'y' } }] }
      },
    },
  })
  t.teardown(() => b.stop())
  const reply = b.chat('u', 'go')
  while (!b.events.some((event) => event.type === 'turn_start')) await new Promise((resolve) => setTimeout(resolve, 5))
  await b.save(`${HEAD}agents: { main: { soul: NEW } }`)
  t.equal((await b.claw.engine.reload()).ok, true)
  release()
  const { body } = await reply
  t.match(body.response, /OLD/)
  t.match(body.response, /taken away/)
  t.match((await b.chat('u', 'again')).body.response, /NEW/)
})

t.test('what did not change is not touched', async (t) => {
  const b = await startBot(`${HEAD}agents: { a: { soul: A }, b: { soul: B } }\nrouting: { defaultAgent: a }`, {
    api: { reply: (request) => lastUserText(request) },
  })
  t.teardown(() => b.stop())
  const states: string[] = []
  b.claw.engine.on((event) => event.type === 'channel' && states.push(event.channelId))
  await b.save(`${HEAD}# a comment\nrouting: { defaultAgent: a }\nagents: { b: { soul: B }, a: { soul: A2 } }`)
  const result = await b.claw.engine.reload()
  t.match(result.changes, [{ action: 'change', kind: 'agent', id: 'a', fields: ['soul'] }])
  t.equal(result.changes.length, 1)
  t.strictSame(states, [], 'no channel was restarted')
})

t.test('reloads under load lose no turn', async (t) => {
  const yaml = (n: number) => `${HEAD}agents: { main: { soul: S${n} } }`
  const b = await startBot(yaml(0), { api: { reply: (request) => lastUserText(request) } })
  t.teardown(() => b.stop())
  let done = false
  const load = (async () => {
    let n = 0
    while (!done) {
      const texts = Array.from({ length: 8 }, () => `m${n++}`)
      const replies = await Promise.all(texts.map((text, i) => b.chat(`u${i}`, text)))
      t.strictSame(
        replies.map((reply) => reply.body.response),
        texts,
      )
    }
  })()
  for (let n = 1; n <= 30; n++) {
    await b.save(yaml(n))
    t.equal((await b.claw.engine.reload()).ok, true)
  }
  done = true
  await load
  t.equal(b.claw.engine.generation, 31)
})
