// What a service refuses does not stay in the way: the person is told in a sentence, the transcript keeps what is no longer sent,
// and settings that are wrong are not mistaken for contents that are.

import t, { type Test } from 'tap'
import type { Attachment } from '../../src/channels/port.ts'
import { type Bot, HEAD, startBot } from '../support/bot.ts'
import type { FakeReply, MessagesRequest } from '../support/fake-messages-api.ts'
import { pdf, TINY_PNG } from '../support/pictures.ts'

const YAML = `${HEAD}agents: { main: { soul: S, tools: [save_memory] } }`
const refused = (message: string): FakeReply => ({ fault: { status: 400, message } })
const holds = (request: MessagesRequest, what: string): boolean => JSON.stringify(request.messages).includes(what)

async function setUp(t: Test, reply: (request: MessagesRequest) => FakeReply | string): Promise<Bot> {
  const b = await startBot(YAML, { api: { reply } })
  t.teardown(() => b.stop())
  return b
}
async function say(b: Bot, content: string, media?: readonly Attachment[]): Promise<string> {
  const message = { channelId: 'http', userId: 'u', content, ...(media === undefined ? {} : { media }) }
  const received = await b.claw.engine.receive(message, { kind: 'trusted' })
  if (!received.accepted) return `refused: ${received.reason}`
  return (await b.claw.engine.waitForAnswer(received.sessionKey, received.messageId)).response
}
const picture = { kind: 'image', mediaType: 'image/png', data: TINY_PNG } as const
const KEY = 'agent:main:http:u'

t.test('a block that is named is left out, told, and stays out, also after a restart', async (t) => {
  const b = await setUp(t, (request) =>
    holds(request, '"type":"image"') ? refused('messages.0.content.2.image.source.base64.data: it shows too much') : 'ok',
  )
  const first = await say(b, 'look', [picture])
  t.match(first, /^ok\n\n\(I left out a picture, which the service of my language model did not accept\.\)$/)
  t.equal(b.api.requests.length, 2)
  t.equal(await say(b, 'and now?'), 'ok')
  t.equal(b.api.requests.length, 3, 'not tried again')
  const lines = await b.transcript('main', KEY)
  t.match(
    lines.find(({ kind }) => kind === 'replace'),
    { replaced: [{ note: /A picture was left out here/ }] },
  )
  t.ok(JSON.stringify(lines[0]).includes(TINY_PNG), 'the line itself stands')
})

t.test('where nothing is named the newest media go by halves, older ones stay', async (t) => {
  const marked = (n: number): Attachment => ({
    ...picture,
    data: Buffer.concat([Buffer.from(TINY_PNG, 'base64'), Buffer.from(`mark-${n}`)]).toString('base64'),
  })
  const isBad = (request: MessagesRequest): boolean => holds(request, marked(4).data as string)
  const b = await setUp(t, (request) => (isBad(request) ? refused('Could not process image') : 'ok'))
  for (const n of [1, 2, 3]) t.equal(await say(b, `picture ${n}`, [marked(n)]), 'ok')
  t.match(await say(b, 'picture 4', [marked(4)]), /^ok\n\n\(I left out a picture, a picture, which/)
  const last = b.api.requests.at(-1)?.body as MessagesRequest
  t.ok(holds(last, marked(1).data as string) && holds(last, marked(2).data as string))
})

t.test('a document that cannot be read is told of, and the model knows', async (t) => {
  const b = await setUp(t, () => 'ok')
  const file = {
    kind: 'document',
    mediaType: 'application/pdf',
    name: 'report.pdf',
    data: pdf(1, { encrypted: true }).toString('base64'),
  } as const
  t.equal(
    await say(b, 'read this', [file]),
    'ok\n\n(I could not look at the document “report.pdf”: it is protected by a password.)',
  )
  t.ok(holds(b.api.requests[0]?.body as MessagesRequest, 'was left out here: it is protected by a password'))
  t.equal(await say(b, 'go on'), 'ok', 'said once')
})

t.test('calls that a service no longer takes are told as text', async (t) => {
  let strict = false
  const b = await setUp(t, (request) => {
    if (strict && holds(request, '"type":"tool_use"'))
      return refused('The `reasoning_content` in the thinking mode must be passed back')
    const isNew = JSON.stringify(request.messages.at(-1)).includes('save it')
    return isNew ? { toolCalls: [{ name: 'save_memory', input: { key: 'k', content: 'v' } }] } : 'ok'
  })
  t.equal(await say(b, 'save it'), 'ok')
  strict = true
  t.match(await say(b, 'what did you save?'), /^ok\n\n\(I sent our conversation in a plainer form/)
  const sent = b.api.requests.at(-1)?.body as MessagesRequest
  t.ok(holds(sent, 'calls save_memory') && holds(sent, 'save it'))
  t.equal(await say(b, 'thanks'), 'ok')
})

t.test('words that are refused go, and the conversation before them stays', async (t) => {
  const b = await setUp(t, (request) =>
    holds(request, 'forbidden') ? refused('Output blocked by content filtering policy') : 'ok',
  )
  t.equal(await say(b, 'my name is Ann'), 'ok')
  t.match(
    await say(b, 'a forbidden thing'),
    /^ok\n\n\(The service of my language model did not accept your message, so I answered without it\.\)$/,
  )
  t.equal(await say(b, 'and now?'), 'ok')
  t.ok(holds(b.api.requests.at(-1)?.body as MessagesRequest, 'Ann'))
})

t.test('a tool that is refused is worked without', async (t) => {
  const b = await setUp(t, (request) =>
    (request.tools ?? []).length > 0 ? refused('tools.0.custom.input_schema: JSON schema is invalid') : 'ok',
  )
  t.match(await say(b, 'hi'), /^ok\n\n\(I work without save_memory, which/)
  t.equal(await say(b, 'hi'), 'ok')
  t.equal(b.api.requests.length, 3)
})

t.test('a setting that is refused is no matter of content: nothing is left out, and /new is named', async (t) => {
  const b = await setUp(t, () => refused('max_tokens: 16000 > 8192, which is the maximum allowed number of output tokens for m'))
  t.match(await say(b, 'look', [picture]), /did not accept the request; .*\/new/)
  t.equal(b.api.requests.length, 1)
  t.equal((await b.transcript('main', KEY)).filter(({ kind }) => kind === 'replace').length, 0)
})

t.test('what nothing helps against is given up after a few tries, leaves no trace, and names /new', async (t) => {
  let isBroken = true
  const b = await setUp(t, () => (isBroken ? refused('Bad Request') : 'ok'))
  t.match(await say(b, 'look', [picture, picture]), /\/new/)
  t.ok(b.api.requests.length <= 10, `${b.api.requests.length} tries`)
  t.equal((await b.transcript('main', KEY)).filter(({ kind }) => kind !== undefined).length, 0)
  isBroken = false
  t.equal(await say(b, 'again'), 'ok')
  t.ok(holds(b.api.requests.at(-1)?.body as MessagesRequest, TINY_PNG), 'what was not at fault is still there')
})

t.test('a message that does not say who wrote it is refused at the door, on every channel', async (t) => {
  const b = await setUp(t, () => 'ok')
  for (const userId of ['', ' ', '\t\n']) {
    const received = await b.claw.engine.receive({ channelId: 'http', userId, content: 'hello' }, { kind: 'channel' })
    t.match(received, { accepted: false, code: 'no_user' })
  }
})
