import t from 'tap'
import { type Bot, HEAD, startBot } from '../support/bot.ts'
import { type FakeReply, lastUserText } from '../support/fake-messages-api.ts'

const bot = async (
  test: { teardown(handler: () => unknown): void },
  yaml: string,
  options: Parameters<typeof startBot>[1] = {},
): Promise<Bot> => {
  const started = await startBot(HEAD + yaml, options)
  test.teardown(() => started.stop())
  return started
}

t.test('a message is answered and kept as JSONL', async (t) => {
  const b = await bot(t, 'agents: { main: { name: Jarvis, soul: You are terse. } }', { api: { reply: () => 'Hi there.' } })
  const { status, body } = await b.chat('u1', 'hello')
  t.equal(status, 200)
  t.match(body, { agent: 'Jarvis', response: 'Hi there.', session_key: 'agent:main:http:u1' })
  const lines = await b.transcript('main', 'agent:main:http:u1')
  t.match(lines, [
    { role: 'user', content: 'hello' },
    { role: 'assistant', content: [{ type: 'text', text: 'Hi there.' }] },
  ])
  for (const line of lines) t.ok(line['id'] !== undefined && !Number.isNaN(Date.parse(String(line['timestamp']))))
  t.equal(b.api.requests[0]?.body.system === undefined, false)
})

t.test('the conversation goes on, and its prefix stays the same to the byte', async (t) => {
  const b = await bot(t, 'agents: { main: { soul: S, tools: [bash, read_file] } }', {
    api: { reply: (request) => `saw ${request.messages.length}` },
  })
  for (const n of [1, 2, 3]) t.equal((await b.chat('u', `m${n}`)).body.response, `saw ${n * 2 - 1}`)
  const prefixes = b.api.requests.map(({ body }) => JSON.stringify([body.system, body.tools]))
  t.equal(new Set(prefixes).size, 1)
})

t.test('replyPrefix says who answers', async (t) => {
  const b = await bot(t, 'agents: { main: { name: Jarvis, soul: S, replyPrefix: true } }', { api: { reply: () => 'Yes.' } })
  t.equal((await b.chat('u', 'hello')).body.response, '[Jarvis] Yes.')
})

t.test('what a sub-agent says goes to a model, without the prefix a chat sees', async (t) => {
  const b = await bot(
    t,
    `agents:
  main: { name: Jarvis, soul: S, replyPrefix: true, tools: [sessions_spawn], subagents: [scout], permissions: { mode: ignore } }
  scout: { name: Scout, soul: S, replyPrefix: true }
routing: { defaultAgent: main }`,
    {
      api: {
        reply: (request, i) =>
          i === 0
            ? { toolCalls: [{ name: 'sessions_spawn', input: { agent: 'scout', prompt: 'look' } }] }
            : i === 1
              ? 'Found it.'
              : `prefixed: ${JSON.stringify(request.messages).includes('[Scout]')}`,
      },
    },
  )
  t.equal((await b.chat('u', 'go')).body.response, '[Jarvis] prefixed: false')
})

t.test('tools run and their results go back, also when several are called at once', async (t) => {
  const replies: FakeReply[] = [
    {
      toolCalls: [
        { name: 'write_file', input: { path: 'a.txt', content: 'alpha' } },
        { name: 'read_file', input: { path: 'missing.txt' } },
      ],
    },
    { toolCalls: [{ name: 'read_file', input: { path: 'a.txt' } }] },
    { text: 'done' },
  ]
  const b = await bot(t, 'agents: { main: { soul: S, tools: [read_file, write_file] } }', {
    api: { reply: (_, i) => replies[i] as FakeReply },
  })
  t.equal((await b.chat('u', 'go')).body.response, 'done')
  const last = b.api.requests[2]?.body.messages.at(-1)?.content as unknown as { content: unknown }[]
  t.match(JSON.stringify(last), /alpha/)
  const first = b.api.requests[1]?.body.messages.at(-1)?.content as unknown as { is_error?: boolean; tool_use_id: string }[]
  t.equal(first.length, 2, 'one result for each call')
  t.equal(first[1]?.is_error, true)
})

t.test('a tool that is not there, wrong input and an unknown path are errors the model sees', async (t) => {
  const replies: FakeReply[] = [
    {
      toolCalls: [
        { name: 'no_such_tool', input: {} },
        { name: 'read_file', input: { paht: 'x' } },
        { name: 'read_file', input: { path: '../../../etc/passwd' } },
      ],
    },
    { text: 'I see.' },
  ]
  const b = await bot(t, 'agents: { main: { soul: S, tools: [read_file] } }', {
    api: { reply: (_, i) => replies[i] as FakeReply },
  })
  t.equal((await b.chat('u', 'go')).body.response, 'I see.')
  const results = b.api.requests[1]?.body.messages.at(-1)?.content as unknown as { is_error?: boolean }[]
  t.strictSame(
    results.map((result) => result.is_error),
    [true, true, true],
  )
})

t.test('stop reasons', async (t) => {
  const cases: readonly [string, FakeReply, RegExp][] = [
    ['max_tokens', { text: 'half an ans', stopReason: 'max_tokens' }, /half an ans[\s\S]*cut/],
    ['refusal', { text: '', stopReason: 'refusal' }, /can.t help/],
    ['an unknown one', { text: 'fine', stopReason: 'moon_phase' }, /^fine$/],
  ]
  for (const [name, reply, expected] of cases) {
    await t.test(name, async (t) => {
      const b = await bot(t, 'agents: { main: { soul: S } }', { api: { reply: (_, i) => (i === 0 ? reply : 'next') } })
      t.match((await b.chat('u', 'go')).body.response, expected)
      t.equal((await b.chat('u', 'again')).body.response, 'next', 'the transcript is still valid')
    })
  }
  await t.test('pause_turn goes on', async (t) => {
    const b = await bot(t, 'agents: { main: { soul: S } }', {
      api: { reply: (_, i) => (i === 0 ? { text: 'thinking ', stopReason: 'pause_turn' } : 'done') },
    })
    t.equal((await b.chat('u', 'go')).body.response, 'done')
    t.equal(b.api.requests.length, 2)
  })
  await t.test('a call cut by the length limit is dropped, not run', async (t) => {
    const b = await bot(t, 'agents: { main: { soul: S, tools: [write_file] } }', {
      api: {
        reply: (_, i) =>
          i === 0 ? { toolCalls: [{ name: 'write_file', input: { path: 'x', content: 'y' } }], stopReason: 'max_tokens' } : 'ok',
      },
    })
    t.match((await b.chat('u', 'go')).body.response, /cut/)
    t.equal((await b.chat('u', 'again')).body.response, 'ok')
  })
})

t.test('a model that never stops calling tools is stopped', async (t) => {
  const b = await bot(t, 'agents: { main: { soul: S, tools: [read_file], maxTurns: 3 } }', {
    api: { reply: () => ({ toolCalls: [{ name: 'read_file', input: { path: 'x' } }] }) },
  })
  t.match((await b.chat('u', 'go')).body.response, /stopped after 3 steps/)
  t.equal(b.api.requests.length, 3)
})

t.test('trouble with the model is one plain sentence, and the next turn works', async (t) => {
  for (const fault of [
    { status: 401 },
    { status: 429 },
    { status: 529 },
    { status: 500 },
    { cut: true, after: 2 },
    { garbage: '<html>' },
  ] as const) {
    await t.test(JSON.stringify(fault), async (t) => {
      const b = await bot(t, 'agents: { main: { soul: S } }', {
        api: { reply: (_, i) => (i === 0 ? { text: 'x'.repeat(64), fault } : 'back') },
      })
      const first = await b.chat('u', 'go')
      t.equal(first.status, 200)
      t.match(first.body.response, /^[A-Z].*\.$/)
      t.notMatch(first.body.response, /http|key-|Error:/)
      t.equal((await b.chat('u', 'again')).body.response, 'back')
    })
  }
})

t.test('fallbacks answer when the model is out', async (t) => {
  const b = await bot(t, 'agents: { main: { soul: S, model: api/first, fallbacks: [api/second] } }', {
    api: { reply: (request) => (request.model === 'first' ? { fault: { status: 529 } } : `from ${request.model}`) },
  })
  t.equal((await b.chat('u', 'go')).body.response, 'from second')
})

t.test('one person across channels: told here, recalled there', async (t) => {
  const b = await bot(
    t,
    `
agents: { main: { soul: S, sessionScope: per-peer } }
channels: { http: {}, webchat: {} }
identityLinks: { mehdi: ["webchat:w1", "http:123"] }`,
    {
      api: {
        reply: (request) =>
          lastUserText(request) === 'What is my name?' && JSON.stringify(request.messages).includes('Mehdi') ? 'Mehdi' : 'ok',
      },
    },
  )
  await b.chat('w1', 'My name is Mehdi', { channel_id: 'webchat' })
  const { body } = await b.chat('123', 'What is my name?')
  t.match(body, { response: 'Mehdi', session_key: 'agent:main:mehdi' })
})

t.test('one turn at a time in a session, many sessions side by side', async (t) => {
  let running = 0
  let most = 0
  const perSession = new Map<string, number>()
  const b = await bot(t, 'agents: { main: { soul: S } }', {
    api: {
      reply: async (request) => {
        const user = lastUserText(request).split(' ')[0] ?? ''
        perSession.set(user, (perSession.get(user) ?? 0) + 1)
        running++
        most = Math.max(most, running)
        t.equal(perSession.get(user), 1, 'never two of one session')
        await new Promise((resolve) => setTimeout(resolve, 20))
        running--
        perSession.set(user, (perSession.get(user) ?? 1) - 1)
        return 'ok'
      },
    },
  })
  await Promise.all([1, 2, 3].flatMap((n) => ['a', 'b', 'c'].map((user) => b.chat(user, `${user} ${n}`))))
  t.ok(most > 1, 'sessions run side by side')
  const texts = (await b.transcript('main', 'agent:main:http:a')).filter((line) => line['role'] === 'user')
  t.equal(texts.length, 3)
})

t.test('the same message_id runs once and gives the first answer again', async (t) => {
  const b = await bot(t, 'agents: { main: { soul: S } }', { api: { reply: (_, i) => `answer ${i}` } })
  const first = await b.chat('u', 'hello', { message_id: 'm1' })
  const second = await b.chat('u', 'hello', { message_id: 'm1' })
  t.equal(first.body.response, 'answer 0')
  t.same(second.body, first.body)
  t.equal(b.api.requests.length, 1)
})

t.test('sub-agents answer their parent, with at most its rights', async (t) => {
  const b = await bot(
    t,
    `
agents:
  main: { soul: BOSS, tools: [sessions_spawn, memory_search], subagents: [helper] }
  helper: { soul: HELPER, tools: [bash, memory_search] }
routing: { defaultAgent: main }`,
    {
      api: {
        reply: (request, i) => {
          if (JSON.stringify(request.system).includes('HELPER'))
            return `helper has ${(request.tools ?? []).map((tool) => tool.name).join(',')}`
          return i === 0
            ? { toolCalls: [{ name: 'sessions_spawn', input: { agent: 'helper', prompt: 'help' } }] }
            : JSON.stringify(request.messages.at(-1)?.content)
        },
      },
    },
  )
  const { body } = await b.chat('u', 'go')
  t.match(body.response, /helper has memory_search/)
  t.notMatch(body.response, /helper has bash/)
})

t.test('limits: refused with words once in a window, counted across a reload', async (t) => {
  const yaml = `agents: { main: { soul: S, rateLimit: { maxMessagesPerHour: 2 } } }`
  const b = await bot(t, yaml, { api: { reply: () => 'ok' } })
  await b.chat('u', '1')
  await b.chat('u', '2')
  const third = await b.chat('u', '3')
  t.equal(third.status, 429)
  await b.save(`${HEAD}${yaml}\nx-note: changed\nowners: ["http:u"]`)
  t.equal((await b.claw.engine.reload()).ok, true)
  t.equal((await b.chat('u', '4')).status, 429)
  t.equal(b.api.requests.length, 2)
})

t.test('no route is a refusal, never a guess', async (t) => {
  const b = await bot(t, 'agents: { a: { soul: S }, b: { soul: S } }\nrouting: { rules: [{ prefix: /a, agentId: a }] }', {
    api: { reply: () => 'ok' },
  })
  t.equal((await b.chat('u', 'hello')).status, 404)
  t.equal((await b.chat('u', '/a hello')).status, 200)
})

t.test('chat commands', async (t) => {
  const b = await bot(t, 'agents: { main: { soul: S } }', { api: { reply: (request) => `saw ${request.messages.length}` } })
  await b.chat('u', 'one')
  t.match((await b.chat('u', '/status')).body.response, /agent:main:http:u/)
  t.match((await b.chat('u', '/new')).body.response, /fresh/)
  t.equal((await b.chat('u', 'two')).body.response, 'saw 1', 'what was before is not sent')
  t.match((await b.chat('u', '/Reset')).body.response, /fresh/)
  t.equal((await b.chat('u', 'two')).body.response, 'saw 1')
  t.match((await b.chat('u', '/stop all')).body.response, /owner/, 'a claim is no owner')
  t.equal((await b.chat('u', 'three')).status, 200)
})

t.test('/stop ends a running turn; the session goes on', async (t) => {
  const b = await bot(t, 'agents: { main: { soul: S } }', {
    api: { reply: (_, i) => (i === 0 ? { text: 'never', delayMs: 1_500 } : 'next') },
  })
  const running = b.chat('u', 'long')
  while (b.api.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  t.equal((await b.chat('u', '/stop')).body.response, 'Stopped.')
  t.match((await running).body.response, /stopped/)
  t.equal((await b.chat('u', 'again')).body.response, 'next')
})
