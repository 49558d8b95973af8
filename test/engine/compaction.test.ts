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
