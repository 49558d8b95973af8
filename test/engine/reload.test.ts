import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { builtinRegistry } from '../../src/builtin.ts'
import type { ReloadResult } from '../../src/engine/port.ts'
import type { ToolDefinition } from '../../src/tools/port.ts'
import { type Bot, HEAD, startBot } from '../support/bot.ts'
import { lastUserText } from '../support/fake-messages-api.ts'
import { testdir } from '../support/testdir.ts'

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
  const fixed = await b.claw.engine.status()
  t.equal(fixed.fileHash, fixed.configHash)
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

t.test('what a reload did stands in status and metrics', async (t) => {
  const b = await startBot(`${HEAD}agents: { a: { soul: A }, b: { soul: B } }\nrouting: { defaultAgent: a }`)
  t.teardown(() => b.stop())
  const metrics = async (): Promise<ReadonlyMap<string, number>> => {
    const lines = (await (await fetch(`${b.url}/metrics`)).text()).split('\n').filter((line) => /^claw/.test(line))
    return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]))
  }
  const before = await metrics()
  t.equal(before.get('claw_last_reload_ok'), 1)
  t.equal(before.get('claw_generation'), 1)
  t.equal(before.get('claw_degraded'), 0)

  const heartbeat = '{ name: h, schedule: "0 7 * * *", agent: a, prompt: hi }'
  const good = `${HEAD}agents: { a: { soul: A2 }, c: { soul: C } }\nrouting: { defaultAgent: a }\nheartbeats: [${heartbeat}]`
  await b.save(good)
  const startedAt = Date.now()
  t.equal((await b.claw.engine.reload()).ok, true)
  await b.save(`${good}\nagentz: {}`)
  t.equal((await b.claw.engine.reload()).ok, false)
  const after = await metrics()
  t.equal(after.get('claw_last_reload_ok'), 0)
  t.equal(after.get('claw_config_in_step'), 0)
  t.equal(after.get('claw_generation'), 2)
  t.equal(after.get('claw_reloads_total{ok="true"}'), 1)
  t.equal(after.get('claw_reloads_total{ok="false"}'), 1)
  t.ok(after.get('claw_last_reload_at_seconds')! >= Math.floor(startedAt / 1000))
  t.ok(after.get('claw_last_reload_seconds')! < 60)
  for (const [labels, count] of Object.entries({
    'kind="agent",action="change"': 1,
    'kind="agent",action="add"': 1,
    'kind="agent",action="remove"': 1,
    'kind="heartbeat",action="add"': 1,
  }))
    t.equal(after.get(`claw_reload_objects_total{${labels}}`), count, labels)
  const { lastReload, generation } = await b.claw.engine.status()
  t.match(lastReload, { ok: false, diagnostics: [{ code: 'CLAW101' }] })
  t.ok(Date.parse(lastReload!.at) >= startedAt)
  t.equal(generation, 2)
})

t.test('asked for by a tool within a turn: done while the turn goes on, several asks in turn', async (t) => {
  let b: Bot
  const inTurn: ReloadResult[] = []
  const tool: ToolDefinition = {
    name: 'reload_now',
    description: 'Saves and loads the configuration.',
    inputSchema: { type: 'object', properties: {} },
    traits: {},
    async run() {
      // As `claw reload` would from a command: over the gateway, and several times at once.
      const owner = { authorization: `Bearer ${b.claw.ownerSecret}`, 'content-type': 'application/json' }
      const ask = async (): Promise<ReloadResult> => {
        const response = await fetch(`${b.url}/api/reload`, { method: 'POST', headers: owner, body: '{}' })
        return (await response.json()) as ReloadResult
      }
      await b.save(yaml('TWO', 90))
      const asks = [ask(), ask(), ask()]
      // Whole at once, as a reload may read it at any moment.
      await writeFile(join(b.folder, 'next'), yaml('THREE', 120).replaceAll('$API', b.api.url))
      await rename(join(b.folder, 'next'), b.file)
      inTurn.push(...(await Promise.all(asks)), await ask())
      return { content: 'reloaded' }
    },
  }
  const yaml = (soul: string, timeout: number): string =>
    HEAD.replace('maxRetries: 0', `maxRetries: 0, timeout: ${timeout}s`) +
    `agents: { main: { soul: ${soul}, tools: [reload_now] } }`
  b = await startBot(yaml('ONE', 60), {
    registry: { ...builtinRegistry, tools: [...builtinRegistry.tools, tool] },
    api: {
      reply: (request, i) => (i === 0 ? { toolCalls: [{ name: 'reload_now', input: {} }] } : soulOf(request.system)),
    },
  })
  t.teardown(() => b.stop())
  t.match((await b.chat('u', 'go')).body.response, /ONE/, 'the turn keeps its plan, though its model was built again')
  t.same(
    inTurn.map(({ ok }) => ok),
    [true, true, true, true],
  )
  const generations = inTurn.map(({ generation }) => generation)
  t.same(
    generations,
    [...generations].sort((x, y) => x - y),
    'one after another',
  )
  t.equal(b.claw.engine.generation, generations.at(-1))
  const { configHash, fileHash } = await b.claw.engine.status()
  t.equal(configHash, fileHash)
  t.match((await b.chat('u', 'again')).body.response, /THREE/)
})

t.test('a .env that comes later is noticed, and the environment still wins', async (t) => {
  const b = await startBot(`${HEAD}agents: { main: { soul: "\${WHO:-nobody} \${FIXED:-unset}" } }`, {
    watch: true,
    env: { FIXED: 'environment' },
    api: { reply: (request) => soulOf(request.system) },
  })
  t.teardown(() => b.stop())
  t.match((await b.chat('u', 'hi')).body.response, /nobody environment/)
  await writeFile(join(b.folder, '.env'), 'WHO=somebody\nFIXED=file\n')
  await generation(b, 2)
  t.match((await b.chat('u', 'hi')).body.response, /somebody environment/)
  await rm(join(b.folder, '.env'))
  await generation(b, 3)
  t.match((await b.chat('u', 'hi')).body.response, /nobody environment/)
})

t.test('a soul that is missing is waited for', async (t) => {
  const b = await startBot(`${HEAD}agents: { main: { soul: SOUL.md } }`, {
    watch: true,
    files: { 'SOUL.md': 'FIRST' },
    api: { reply: (request) => soulOf(request.system) },
  })
  t.teardown(() => b.stop())
  await rm(join(b.folder, 'SOUL.md'))
  while (b.claw.engine.reloadHistory().at(-1)?.ok !== false) await new Promise((resolve) => setTimeout(resolve, 10))
  await writeFile(join(b.folder, 'SOUL.md'), 'SECOND')
  await generation(b, 2)
  t.match((await b.chat('u', 'hi')).body.response, /SECOND/)
})

t.test('stopped in the middle of a reload: nothing comes up again, nothing is written after', async (t) => {
  const folder = testdir(t, {})
  for (let n = 0; n < 6; n++) {
    const b = await startBot(`${HEAD}agents: { main: { soul: ONE } }\nchannels: { http: {}, webhook: { secret: "\${S:-s}" } }`, {
      folder,
    })
    await b.save(`${HEAD}agents: { main: { soul: TWO${n} } }\nchannels: { http: {}, webhook: { secret: "\${S:-t}" } }`)
    const reload = b.claw.engine.reload()
    await new Promise((resolve) => setTimeout(resolve, n * 2))
    await b.stop()
    const after = await readdir(join(folder, '.openclaw'))
    t.notOk(after.includes('gateway.json'))
    t.notOk(after.some((name) => name.endsWith('.new')))
    const result = await reload
    t.equal(result.configHash === b.claw.engine.plan.configHash, true)
    t.same(await readdir(join(folder, '.openclaw')), after)
    t.match((await b.claw.engine.reload()).diagnostics, [{ code: 'CLAW504', message: /stopping/ }])
  }
})

t.test('another stateDir is refused at its line', async (t) => {
  const b = await startBot(`${HEAD}agents: { main: { soul: S } }`)
  t.teardown(() => b.stop())
  await b.save(`${HEAD}agents: { main: { soul: S } }\nstateDir: elsewhere\n`)
  const { ok, diagnostics } = await b.claw.engine.reload()
  t.equal(ok, false)
  t.match(diagnostics, [
    { code: 'CLAW504', message: /stateDir changed/, hint: /put stateDir back/, file: b.file, path: '/stateDir' },
  ])
  t.match(await readFile(b.file, 'utf8').then((text) => text.split('\n')[(diagnostics[0]?.line ?? 0) - 1]), /^stateDir/)
})

t.test('a save that the audit log cannot take is not live', async (t) => {
  const b = await startBot(`${HEAD}agents: { main: { soul: OLD } }`, { api: { reply: (request) => soulOf(request.system) } })
  t.teardown(() => b.stop())
  const audit = join(b.claw.engine.plan.stateDir, 'audit.jsonl')
  const kept = await readFile(audit, 'utf8').catch(() => '')
  await rm(audit, { force: true })
  // A folder in its place cannot be written.
  await mkdir(audit)
  await b.save(`${HEAD}agents: { main: { soul: NEW } }`)
  t.equal((await b.claw.engine.reload()).ok, false)
  t.equal(b.claw.engine.generation, 1)
  t.match((await b.chat('u', 'hi')).body.response, /OLD/)
  await rm(audit, { recursive: true })
  await writeFile(audit, kept)
  t.equal((await b.claw.engine.reload()).ok, true)
  t.match((await b.chat('u', 'hi')).body.response, /NEW/)
})
