import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { builtinRegistry } from '../../src/builtin.ts'
import { createFakeTelegram } from '../../src/channels/telegram/fake/server.ts'
import type { Registry } from '../../src/registry.ts'
import type { ToolDefinition } from '../../src/tools/port.ts'
import { type Bot, type BotOptions, HEAD, startBot } from '../support/bot.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { type FakeReply, lastUserText, type MessagesRequest } from '../support/fake-messages-api.ts'
import { asKilled } from '../support/killed.ts'
import { inboxRow, openStorage } from '../support/storage-world.ts'
import { testdir } from '../support/testdir.ts'

const SESSION = 'agent:main:http:u'
const until = async (what: () => boolean | Promise<boolean>): Promise<void> => {
  for (let i = 0; i < 1000; i++) {
    if (await what()) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error('it did not come to that')
}
const bot = async (t: Test, yaml: string, options: BotOptions = {}): Promise<Bot> => {
  const started = await startBot(HEAD + yaml, options)
  t.teardown(() => started.stop())
  return started
}
/** Something that hangs until the test lets it go. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open: () => void = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

/** Asks for a tool, then says what it was told. */
const asks =
  (name: string, input: unknown) =>
  (request: MessagesRequest): FakeReply => {
    const last = lastUserText(request)
    return request.messages.length % 2 === 1 && last.endsWith('go') ? { toolCalls: [{ name, input }] } : { text: `told: ${last}` }
  }

/** A tool that counts its calls and hangs until it is let go. */
function countingTool(traits: ToolDefinition['traits']): { registry: Registry; calls: string[]; release(): void } {
  const calls: string[] = []
  const { opened, open } = gate()
  const tool: ToolDefinition = {
    name: 'count_calls',
    description: 'Counts.',
    inputSchema: { type: 'object', additionalProperties: false },
    traits: traits ?? {},
    async run(_, { idempotencyKey }) {
      calls.push(idempotencyKey)
      await opened
      return { content: 'counted' }
    },
  }
  return { registry: { ...builtinRegistry, tools: [...builtinRegistry.tools, tool] }, calls, release: open }
}

const COUNTS = 'agents: { main: { soul: S, tools: [count_calls], permissions: { mode: ignore } } }'

t.test('killed while a tool ran', async (t) => {
  for (const [name, traits, told, times] of [
    ['one that may be repeated runs again, under the same key', { idempotent: true }, 'told: counted', 2],
    ['of another the model is told that nobody knows', { sends: true }, /may or may not have happened/, 1],
  ] as const) {
    await t.test(name, async (t) => {
      const { registry, calls, release } = countingTool(traits)
      const reply = asks('count_calls', {})
      const first = await bot(t, COUNTS, { registry, api: { reply } })
      void first.chat('u', 'go', { message_id: 'm1' })
      await until(() => calls.length === 1)
      const folder = await asKilled(t, first.folder)
      release()
      const second = await bot(t, COUNTS, { registry, folder, api: { reply } })
      const { body } = await second.chat('u', 'go', { message_id: 'm1' })
      t.match(body.response, told)
      t.equal(calls.length, times)
      t.equal(new Set(calls).size, 1)
      t.equal(second.api.requests.length, 1, 'the model call before it was not made again')
    })
  }
})

t.test('killed while a tool ran: the message is sent again as it was, however late it is by then', async (t) => {
  const { registry, calls, release } = countingTool({ idempotent: true })
  const yaml = COUNTS.replace('soul: S', 'soul: S, context: on')
  const clock = createFakeClock(Date.UTC(2026, 0, 5))
  const first = await bot(t, yaml, { registry, clock, api: { reply: asks('count_calls', {}) } })
  void first.chat('u', 'go', { message_id: 'm1' })
  await until(() => calls.length === 1)
  const folder = await asKilled(t, first.folder)
  release()
  const later = createFakeClock(Date.UTC(2026, 0, 6))
  const second = await bot(t, yaml, { registry, folder, clock: later, api: { reply: asks('count_calls', {}) } })
  await second.chat('u', 'go', { message_id: 'm1' })
  const message = (b: typeof first) => b.api.requests[0]?.body.messages[0]?.content
  t.match(JSON.stringify(message(first)), /Context Monday 2026-01-05 /)
  t.match(JSON.stringify(message(second)), /Context Monday 2026-01-05 /)
  t.equal(textOf(message(second)), textOf(message(first)))
  t.same(second.api.requests[0]?.body.system, first.api.requests[0]?.body.system)
})

const textOf = (content: unknown): string =>
  typeof content === 'string' ? content : (content as { text: string }[]).map(({ text }) => text).join('')

t.test('killed after a tool ended: it is not run again, nor the model asked again', async (t) => {
  const { registry, calls, release } = countingTool({ sends: true })
  release()
  const { opened, open } = gate()
  const reply = asks('count_calls', {})
  const first = await bot(t, COUNTS, {
    registry,
    api: {
      reply: async (request) => {
        if (lastUserText(request) !== 'go') await opened
        return reply(request)
      },
    },
  })
  void first.chat('u', 'go', { message_id: 'm1' })
  await until(async () => (await first.transcript('main', SESSION).catch(() => [])).length === 3)
  const folder = await asKilled(t, first.folder)
  open()
  const second = await bot(t, COUNTS, { registry, folder, api: { reply } })
  t.equal((await second.chat('u', 'go', { message_id: 'm1' })).body.response, 'told: counted')
  t.equal(calls.length, 1)
  t.equal(second.api.requests.length, 1)
  const lines = await second.transcript('main', SESSION)
  t.same(
    lines.map(({ role }) => role),
    ['user', 'assistant', 'user', 'assistant'],
  )
})

t.test('a turn that ends every process is given up after 25 starts, and the session goes on', async (t) => {
  for (const [starts, expected] of [
    [24, 'told: m1'],
    [25, /could not finish this, however often I tried/],
  ] as const) {
    const folder = testdir(t, {})
    const stateDir = join(folder, '.openclaw')
    for (let i = 0; i < starts; i++) {
      const storage = await openStorage(stateDir)
      if (i === 0) await storage.inbox.post(inboxRow(SESSION, 'm1', { content: 'm1' }), `message:${SESSION}:m1`)
      const claim = await storage.inbox.claimNext(SESSION)
      t.equal(claim?.rows[0]?.attempts, i + 1)
      await storage.close()
    }
    const b = await bot(t, 'agents: { main: { soul: S } }', { folder, api: { reply: asks('none', {}) } })
    t.match((await b.claw.engine.waitForAnswer(SESSION, 'm1')).response, expected)
    t.equal((await b.chat('u', 'still there?')).body.response, 'told: still there?')
    await b.stop()
  }
})

t.test('a turn goes on under today’s plan', async (t) => {
  const yaml = (agents: string) => `agents: { ${agents} }\nrouting: { defaultAgent: main }`
  const main = (more: string) => `main: { soul: S, ${more} permissions: { mode: ignore } }, other: { soul: O }`
  /** Killed while the model thought: nothing but the message stands. */
  async function begun(t: Test): Promise<string> {
    const { opened, open } = gate()
    const reply = () => opened.then(() => 'too late')
    const b = await bot(t, yaml(main('tools: [write_file],')), { api: { reply } })
    void b.chat('u', 'go', { message_id: 'm1' })
    await until(async () => (await b.transcript('main', SESSION).catch(() => [])).length === 1)
    const folder = await asKilled(t, b.folder)
    open()
    return folder
  }
  const write = asks('write_file', { path: 'x.txt', content: 'x' })

  await t.test('its agent was removed: anyone who asks is told', async (t) => {
    const folder = await begun(t)
    const b = await bot(t, 'agents: { other: { soul: O } }', { folder })
    const answer = await b.claw.engine.waitForAnswer(SESSION, 'm1')
    t.match(answer, { response: /no longer here/, isError: true })
    t.equal(b.api.requests.length, 0)
  })
  await t.test('a tool was taken away: the call the model had asked for is not run', async (t) => {
    const folder = await begun(t)
    const b = await bot(t, yaml(main('tools: [read_file],')), { folder, api: { reply: write } })
    t.match((await b.claw.engine.waitForAnswer(SESSION, 'm1')).response, /There is no tool "write_file" here/)
    await t.rejects(readFile(join(folder, 'workspace/main/x.txt')))
  })
  await t.test('asked for before the kill, refused after it', async (t) => {
    const { registry, calls, release } = countingTool({ sends: true })
    const first = await bot(t, COUNTS, { registry, api: { reply: asks('count_calls', {}) } })
    void first.chat('u', 'go', { message_id: 'm1' })
    await until(() => calls.length === 1)
    const folder = await asKilled(t, first.folder)
    release()
    const b = await bot(t, yaml(main('')), { registry, folder, api: { reply: asks('count_calls', {}) } })
    t.match((await b.claw.engine.waitForAnswer(SESSION, 'm1')).response, /There is no tool "count_calls" here/)
    t.equal(calls.length, 1)
  })
  await t.test('its model is another one', async (t) => {
    const folder = await begun(t)
    const b = await bot(t, yaml(main('model: api/newer,')), { folder, api: { reply: (request) => ({ text: request.model }) } })
    t.equal((await b.claw.engine.waitForAnswer(SESSION, 'm1')).response, 'newer')
  })
})

/** Two commands in one answer of the model, then what it was told. */
const twoCalls =
  (one: string, two: string) =>
  (request: MessagesRequest): FakeReply => {
    const last = lastUserText(request)
    const text = JSON.stringify(request.messages.at(-1)?.content)
    if (last !== 'go') return { text: `told: ${text}` }
    return { toolCalls: [one, two].map((command) => ({ name: 'bash', input: { command } })) }
  }

t.test('killed in a turn of which one question was answered late: what was approved runs once', async (t) => {
  const clock = createFakeClock(Date.UTC(2026, 0, 5))
  const yaml = `
owners: ["webchat:boss"]
agents: { main: { soul: S, sandbox: "off", tools: [bash], workspace: "${testdir(t, {})}", permissions: { approvalWait: 29s, timeout: 1h } } }`
  const reply = twoCalls('echo ran >> once.txt && cat once.txt', 'touch second.txt')
  const first = await bot(t, yaml, { clock, api: { reply } })
  void first.chat('u', 'go', { message_id: 'm1' })
  await until(async () => (await first.claw.engine.approvals()).length === 1)
  const [asked] = await first.claw.engine.approvals()
  await clock.armed(29_000)
  await clock.advance(31_000)
  await until(async () => (await first.claw.engine.approvals()).length === 2)
  await first.claw.engine.decide(asked?.id ?? '', 'once', { caller: { kind: 'owner' } })
  const folder = await asKilled(t, first.folder)

  // The first, which was not really killed, must not come to the message too.
  await first.claw.engine.halt(undefined, 'the test')
  const later = createFakeClock(clock.now())
  const second = await bot(t, yaml, { folder, clock: later, api: { reply } })
  await until(async () => (await second.claw.engine.approvals()).length === 1)
  await later.armed(29_000)
  await later.advance(31_000)
  const told = (await second.claw.engine.waitForAnswer(SESSION, 'm1')).response
  t.match(told, new RegExp(`${asked?.id} is pending`), 'as it was told before')
  const late = (await second.claw.engine.waitForAnswer(SESSION, `approval:${asked?.id}`)).response
  t.match(late, /granted/)
  t.equal(late.match(/ran\\n/g)?.length, 1, late)
})

t.test('killed between a late decision and the audit line of it: the message of it stands already', async (t) => {
  const clock = createFakeClock(Date.UTC(2026, 0, 5))
  const yaml = `
owners: ["webchat:boss"]
agents: { main: { soul: S, sandbox: "off", tools: [bash], workspace: work, permissions: { approvalWait: 29s, timeout: 1h } } }`
  const folder = testdir(t, {})
  const first = await bot(t, yaml, { folder, clock, api: { reply: asks('bash', { command: 'touch made.txt && echo made' }) } })
  void first.chat('u', 'go', { message_id: 'm1' })
  await until(async () => (await first.claw.engine.approvals()).length === 1)
  const [asked] = await first.claw.engine.approvals()
  await clock.armed(29_000)
  await clock.advance(31_000)
  await first.claw.engine.waitForAnswer(SESSION, 'm1')
  await first.stop()
  const storage = await openStorage(join(folder, '.openclaw'))
  const posted = { ...inboxRow(SESSION, `approval:${asked?.id}`), kind: 'approval', payload: { approvalId: asked?.id } } as const
  t.match(await storage.approvals.settle(asked?.id ?? '', 'once', 'owner', clock.now(), () => posted), { state: 'once' })
  await storage.close()

  const second = await bot(t, yaml, { folder, clock, api: { reply: asks('bash', {}) } })
  t.match((await second.claw.engine.waitForAnswer(SESSION, `approval:${asked?.id}`)).response, /granted[\s\S]*made/)
})

t.test('killed after an approved command changed its own file: what it said stands', async (t) => {
  const workspace = testdir(t, { 'build.sh': 'echo "# built" >> build.sh; echo BUILT' })
  const yaml = `
owners: ["webchat:boss"]
agents: { main: { soul: S, sandbox: "off", tools: [bash], workspace: "${workspace}", permissions: { approvalWait: 29s } } }`
  const reply = twoCalls('bash build.sh', 'touch second.txt')
  const first = await bot(t, yaml, { api: { reply } })
  void first.chat('u', 'go', { message_id: 'm1' })
  await until(async () => (await first.claw.engine.approvals()).length === 1)
  const [asked] = await first.claw.engine.approvals()
  await first.claw.engine.decide(asked?.id ?? '', 'once', { caller: { kind: 'owner' } })
  await until(async () => (await first.claw.engine.approvals()).some(({ id }) => id !== asked?.id))
  const folder = await asKilled(t, first.folder)
  await first.claw.engine.halt(undefined, 'the test')

  const second = await bot(t, yaml, { folder, api: { reply } })
  await until(async () => (await second.claw.engine.approvals()).length === 1)
  const [other] = await second.claw.engine.approvals()
  await second.claw.engine.decide(other?.id ?? '', 'deny', { caller: { kind: 'owner' } })
  const { response } = await second.claw.engine.waitForAnswer(SESSION, 'm1')
  t.match(response, /BUILT[\s\S]*an approver denied it/)
  t.equal(await readFile(join(workspace, 'build.sh'), 'utf8'), 'echo "# built" >> build.sh; echo BUILT# built\n')
})

t.test('killed while it waited for an approval: the same question stands, and its answer still counts', async (t) => {
  const yaml = `
owners: ["webchat:boss"]
agents: { main: { soul: S, sandbox: "off", tools: [bash], workspace: "${testdir(t, {})}", permissions: { approvalWait: 29s, timeout: 1h } } }`
  const reply = asks('bash', { command: 'touch made.txt && echo made' })
  for (const [decision, told] of [
    ['once', /made/],
    ['deny', /denied/],
  ] as const) {
    const first = await bot(t, yaml, { api: { reply } })
    void first.chat('u', 'go', { message_id: 'm1' })
    await until(async () => (await first.claw.engine.approvals()).length === 1)
    const [asked] = await first.claw.engine.approvals()
    const folder = await asKilled(t, first.folder)
    await first.claw.engine.decide(asked?.id ?? '', 'deny', { caller: { kind: 'owner' } })

    const second = await bot(t, yaml, { folder, api: { reply } })
    t.same(
      (await second.claw.engine.approvals()).map(({ id }) => id),
      [asked?.id],
    )
    t.match(await second.claw.engine.decide(asked?.id ?? '', decision, { caller: { kind: 'owner' } }), { ok: true })
    t.match((await second.claw.engine.waitForAnswer(SESSION, 'm1')).response, told)
    t.equal(second.events.filter(({ type }) => type === 'approval_request').length, 0, 'it is not asked again')
    t.equal(second.api.requests.length, 1, 'nor is the model')
  }
})

t.test('an engine that is stopped before a turn ends leaves it to the next', async (t) => {
  const clock = createFakeClock(Date.UTC(2026, 0, 5))
  const folder = testdir(t, {})
  const first = await startBot(`${HEAD}agents: { main: { soul: S } }`, {
    folder,
    clock,
    api: { reply: () => new Promise(() => {}) },
  })
  void first.chat('u', 'go', { message_id: 'm1' }).catch(() => undefined)
  await until(() => first.api.requests.length > 0 || first.events.some(({ type }) => type === 'turn_start'))
  const stopped = first.stop()
  await until(async () => {
    await clock.advance(30_000)
    return await Promise.race([stopped.then(() => true), new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 20))])
  })
  const second = await bot(t, 'agents: { main: { soul: S } }', { folder, api: { reply: () => 'finished' } })
  t.equal((await second.chat('u', 'go', { message_id: 'm1' })).body.response, 'finished')
  t.same(
    (await second.transcript('main', SESSION)).map(({ role }) => role),
    ['user', 'assistant'],
  )
})

t.test('an engine that is stopped while a tool runs', async (t) => {
  for (const [name, traits, told, times] of [
    ['one that may be repeated runs again', { idempotent: true }, 'told: counted', 2],
    ['of another the model is told how it ended', { sends: true }, /stopped before it ended/, 1],
  ] as const) {
    await t.test(name, async (t) => {
      const { registry, calls, release } = countingTool(traits)
      const clock = createFakeClock(Date.UTC(2026, 0, 5))
      const folder = testdir(t, {})
      const reply = asks('count_calls', {})
      const first = await startBot(HEAD + COUNTS, { registry, folder, clock, api: { reply } })
      void first.chat('u', 'go', { message_id: 'm1' }).catch(() => undefined)
      await until(() => calls.length === 1)
      const stopped = first.stop().then(() => true)
      await until(async () => {
        await clock.advance(30_000)
        return await Promise.race([stopped, new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 20))])
      })
      release()
      const second = await bot(t, COUNTS, { registry, folder, api: { reply } })
      t.match((await second.chat('u', 'go', { message_id: 'm1' })).body.response, told)
      t.equal(calls.length, times)
    })
  }
})

t.test('a reply that was stored and not sent', async (t) => {
  const yaml = (url: string) => `
agents: { main: { soul: S } }
channels: { telegram: { token: "1:T", apiRoot: "${url}", allowFrom: ["telegram:7"] } }`
  for (const [name, fault, expected] of [
    ['surely not sent: once, without a word', { code: 429, retryAfter: 60 }, ['told: hello']],
    [
      'perhaps sent: again, and it says so',
      { code: 0, cut: 'after' },
      ['told: hello', /may be a repeat[\s\S]*told: hello|told: hello[\s\S]*may be a repeat/],
    ],
  ] as const) {
    await t.test(name, async (t) => {
      const telegram = await createFakeTelegram({ token: '1:T' })
      t.teardown(() => telegram.stop())
      const start = Date.UTC(2026, 0, 5)
      const reply = asks('none', {})
      telegram.fail({ method: 'sendMessage', ...fault })
      const first = await startBot(HEAD + yaml(telegram.url), { clock: createFakeClock(start), api: { reply } })
      telegram.say({ from: 7, text: 'hello' })
      await until(() => telegram.calls.some(({ method }) => method === 'sendmessage'))
      await until(async () => first.events.some(({ type }) => type === 'turn_end'))
      await new Promise((resolve) => setTimeout(resolve, 50))
      const folder = await asKilled(t, first.folder)
      await first.stop()

      const clock = createFakeClock(start + 500)
      const second = await bot(t, yaml(telegram.url), { folder, clock, api: { reply } })
      const texts = (): readonly string[] =>
        telegram
          .chat(7)
          .filter(({ fromBot }) => fromBot)
          .map(({ text }) => text)
      t.ok(texts().length < expected.length, 'not before its time')
      await until(async () => {
        await clock.advance(5_000)
        return texts().length === expected.length
      })
      t.match(texts(), expected)
      t.equal(second.api.requests.length, 0, 'the model is not asked again')
      await clock.advance(600_000)
      t.equal(texts().length, expected.length)
    })
  }
})

t.test('a stop lets the running turn end and its reply go out; what comes meanwhile is for the next process', async (t) => {
  const telegram = await createFakeTelegram({ token: '1:T' })
  t.teardown(() => telegram.stop())
  const folder = testdir(t, {})
  const yaml = `
agents: { main: { soul: S } }
channels: { telegram: { token: "1:T", apiRoot: "${telegram.url}", allowFrom: ["telegram:7"] } }`
  const { opened, open } = gate()
  const heard = (): (string | undefined)[] => telegram.chat(7).flatMap((one) => (one.fromBot ? [one.text] : []))
  const first = await bot(t, yaml, { folder, api: { reply: () => opened.then(() => 'first answer') } })
  telegram.say({ from: 7, text: 'one' })
  await until(() => first.events.some(({ type }) => type === 'turn_start'))
  const stopped = first.stop()
  telegram.say({ from: 7, text: 'two' })
  await new Promise((resolve) => setTimeout(resolve, 100))
  open()
  await stopped
  t.same(heard(), ['first answer'])
  await bot(t, yaml, { folder, api: { reply: () => 'second answer' } })
  await until(() => heard().length === 2)
  t.same(heard(), ['first answer', 'second answer'])
})
