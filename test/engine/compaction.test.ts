import t from 'tap'
import { HEAD, startBot } from '../support/bot.ts'
import type { FakeReply, MessagesRequest } from '../support/fake-messages-api.ts'

const YAML = `${HEAD}agents: { main: { soul: SOUL, compaction: { contextWindow: 4000, threshold: 0.5, keepRecent: 4, chunkTokens: 1000 } } }`
const isSummary = (request: MessagesRequest): boolean =>
  JSON.stringify(request.system ?? '').includes('notes of a long conversation')
const LONG = 'a long message '.repeat(60)

t.test('a long conversation is summarised: appended, recent kept, the next request shorter and valid', async (t) => {
  const b = await startBot(YAML, { api: { reply: (request) => (isSummary(request) ? 'Facts: the user likes tea.' : 'noted') } })
  t.teardown(() => b.stop())
  for (let i = 0; i < 14; i++) {
    t.equal((await b.chat('u', `${i} ${LONG}`)).status, 200)
    // The summary is made in the background: give it its turn.
    for (let wait = 0; wait < 60 && (await b.claw.engine.status()).queues.background > 0; wait++)
      await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const lines = await b.transcript('main', 'agent:main:http:u')
  t.ok(
    lines.some((line) => line['kind'] === 'summary'),
    'a summary stands in the transcript',
  )
  t.equal(lines.filter((line) => line['role'] === 'user').length, 14, 'nothing was rewritten or removed')
  const turns = b.api.requests.filter((request) => !isSummary(request.body))
  const last = turns.at(-1)?.body
  t.match(JSON.stringify(last?.messages[0]), /likes tea/)
  t.ok((last?.messages.length ?? 99) < 27, 'shorter than the whole')
  t.match(JSON.stringify(last?.messages), /13 a long message/)
})

t.test('a summary that fails leaves the conversation usable', async (t) => {
  const b = await startBot(YAML, {
    api: { reply: (request): FakeReply | string => (isSummary(request) ? { fault: { status: 500 } } : 'noted') },
  })
  t.teardown(() => b.stop())
  for (let i = 0; i < 10; i++) t.equal((await b.chat('u', `${i} ${LONG}`)).body.response, 'noted')
})

t.test('too long for the model: summarised at once, and asked once more', async (t) => {
  let refused = 0
  const b = await startBot(`${HEAD}agents: { main: { soul: SOUL, compaction: { keepRecent: 2, chunkTokens: 1000 } } }`, {
    api: {
      reply: (request): FakeReply | string => {
        if (isSummary(request)) return 'Short.'
        if (request.messages.length > 9 && refused++ === 0) {
          return {
            fault: { status: 400, type: 'invalid_request_error', message: 'prompt is too long: 210000 tokens > 200000 maximum' },
          }
        }
        return `${request.messages.length}`
      },
    },
  })
  t.teardown(() => b.stop())
  for (let i = 0; i < 5; i++) await b.chat('u', `${i} ${LONG}`)
  const { body } = await b.chat('u', 'now')
  t.match(body.response, /^\d+$/)
  t.equal(refused, 1)
})

t.test('a summary whose room was used up by thinking is asked for once more, with more of it', async (t) => {
  const thought: FakeReply = {
    content: [{ type: 'thinking', thinking: 'Let me see …', signature: 'sig' }],
    stopReason: 'max_tokens',
  }
  const caps: number[] = []
  const b = await startBot(`${HEAD}agents: { main: { soul: SOUL, compaction: { keepRecent: 2, chunkTokens: 1000 } } }`, {
    api: {
      reply: (request): FakeReply | string => {
        if (isSummary(request)) return caps.push(request.max_tokens) % 2 === 1 ? thought : 'Facts: the user likes tea.'
        if (request.messages.length > 9 && caps.length === 0) return { fault: { status: 413 } }
        return JSON.stringify(request.messages[0])
      },
    },
  })
  t.teardown(() => b.stop())
  for (let i = 0; i < 5; i++) await b.chat('u', `${i} ${LONG}`)
  t.match((await b.chat('u', 'now')).body.response, /likes tea/)
  t.same(caps.slice(0, 2), [2000, 4000])
})

t.test(
  'a summariser that calls a tool, refuses or says nothing made no summary: the chat goes on within its window',
  async (t) => {
    const wrong: readonly FakeReply[] = [
      { text: 'Let me look.', toolCalls: [{ name: 'bash', input: { command: 'ls' } }] },
      { text: 'No.', stopReason: 'refusal' },
      { text: '' },
      { fault: { status: 400, message: 'no' } },
    ]
    let made = 0
    let longest = 0
    const b = await startBot(YAML, {
      api: {
        reply: (request): FakeReply | string => {
          if (isSummary(request)) return wrong[made++ % wrong.length] ?? ''
          longest = Math.max(longest, JSON.stringify(request.messages).length / 4)
          return 'noted'
        },
      },
    })
    t.teardown(() => b.stop())
    for (let i = 0; i < 40; i++) t.equal((await b.chat('u', `${i} ${LONG}`)).body.response, 'noted')
    t.ok(made > 8)
    t.ok(longest < 4000, `${longest} tokens`)
    const lines = await b.transcript('main', 'agent:main:http:u')
    const summaries = lines.filter(({ kind }) => kind === 'summary')
    t.ok(summaries.length > 1)
    for (const { content } of summaries) {
      t.equal(String(content).split('no summary of them could be made').length, 2, 'said once')
      t.ok(String(content).length < 4000)
    }
  },
)

t.test('a heartbeat’s session is summarised ahead, as any that goes on', async (t) => {
  const yaml = `${YAML}
heartbeats: [{ name: pulse, schedule: "0 0 1 1 *", agent: main, prompt: "look around" }]`
  const b = await startBot(yaml, { api: { reply: (request) => (isSummary(request) ? 'Facts: all is well.' : LONG) } })
  t.teardown(() => b.stop())
  for (let i = 0; i < 14; i++) {
    await b.claw.engine.runHeartbeat('pulse')
    for (let wait = 0; wait < 60 && (await b.claw.engine.status()).queues.background > 0; wait++)
      await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const lines = await b.transcript('main', 'cron:pulse')
  t.ok(lines.some(({ kind }) => kind === 'summary'))
  const last = b.api.requests.filter(({ body }) => !isSummary(body)).at(-1)
  t.ok(JSON.stringify(last?.body.messages).length / 4 < 2600)
})

t.test('a message longer than the window is answered, and so are those after it', async (t) => {
  const b = await startBot(YAML, {
    api: {
      reply: (request): FakeReply | string => {
        const tokens = Math.ceil(JSON.stringify(request.messages).length / 4)
        if (tokens + request.max_tokens > 4000)
          return { fault: { status: 400, message: `prompt is too long: ${tokens} tokens > 4000 maximum` } }
        return isSummary(request) ? 'Facts.' : 'ok'
      },
    },
  })
  t.teardown(() => b.stop())
  t.equal((await b.chat('u', `look: ${'word '.repeat(12_000)}`)).body.response, 'ok')
  t.equal((await b.chat('u', 'and now?')).body.response, 'ok')
  t.ok(
    b.api.requests.every(({ status }) => status === 200),
    'nothing had to be refused first',
  )
})

t.test('a window that is smaller than the settings say is learned from the refusal', async (t) => {
  const b = await startBot(`${HEAD}agents: { main: { soul: SOUL } }`, {
    api: {
      reply: (request): FakeReply | string => {
        const tokens = Math.ceil(JSON.stringify(request.messages).length / 4)
        if (tokens > 3000) return { fault: { status: 400, message: 'the request exceeds the available context size' } }
        return isSummary(request) ? 'Facts.' : 'ok'
      },
    },
  })
  t.teardown(() => b.stop())
  for (let i = 0; i < 30; i++) t.equal((await b.chat('u', `${i} ${LONG}`)).body.response, 'ok')
})
