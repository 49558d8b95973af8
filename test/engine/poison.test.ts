// A chat survives whatever is sent into it: pictures no service takes, halves of characters, names, lengths, calls a model wrote
// wrong. Random ones for each kind of service, from a seed; after each the next plain message is answered.

import t, { type Test } from 'tap'
import type { Attachment } from '../../src/channels/port.ts'
import { type Bot, startBot } from '../support/bot.ts'
import { type ChatRequest, type FakeChatReply, startFakeChatCompletions } from '../support/fake-chat-completions.ts'
import type { FakeReply, MessagesRequest } from '../support/fake-messages-api.ts'
import { pdf, png } from '../support/pictures.ts'

t.setTimeout(300_000)

const SEED = Number(process.env['CLAW_POISON_SEED'] ?? 20261130)
/** Of each kind of service; CLAW_POISON=200 and other seeds for a long look. */
const CONTENTS = Number(process.env['CLAW_POISON'] ?? 40)
const CHATS = 8
/** Words that the service refuses without saying where they are. */
const FORBIDDEN = 'forbidden-words'

interface Poison {
  readonly what: string
  readonly content?: string
  readonly media?: readonly Attachment[]
  readonly displayName?: string
  readonly quoted?: string
  /** What the model answers to it, before it answers in words. */
  readonly calls?: readonly { readonly name: string; readonly input: unknown; readonly id?: string }[]
}

type Random = (below: number) => number

/** A small generator of its own: the same seed gives the same contents everywhere. */
function randomFrom(seed: number): Random {
  let state = seed % 2147483647
  return (below) => {
    state = (state * 48271) % 2147483647
    return state % below
  }
}

const image = (bytes: Buffer, more: Partial<Attachment> = {}): Attachment => ({
  kind: 'image',
  mediaType: 'image/png',
  data: bytes.toString('base64'),
  ...more,
})
const document = (bytes: Buffer, name = 'a.pdf'): Attachment => ({
  kind: 'document',
  mediaType: 'application/pdf',
  name,
  data: bytes.toString('base64'),
})
const GOOD = png(3, 3)
const LARGE = png(1400, 1000, 7)
const HALVES = ['\ud83d', '\udc4d', 'cut \ud83d here', '\udc4d\ud83d', '\\ud83d is text', 'a\\\ud83d']
const NAMES = ['a"b\n]\nEND', '\u202egnp.exe', 'x'.repeat(5000), '\ud83d', '', '../../etc/passwd', '<img>', 'ü 漢字.pdf']

const KINDS: readonly ((random: Random) => Poison)[] = [
  () => ({ what: 'a header and nothing', media: [image(GOOD.subarray(0, 40))] }),
  () => ({ what: 'a torn picture', media: [image(png(40, 40, 3).subarray(0, 900))] }),
  () => ({ what: 'zeros behind a header', media: [image(Buffer.concat([GOOD.subarray(0, 33), Buffer.alloc(20_000)]))] }),
  (random) => ({ what: 'a picture with flipped bits', media: [image(flipped(png(30, 30, random(99)), random))] }),
  () => ({ what: 'a picture under another type', media: [image(GOOD, { mediaType: 'image/jpeg' })] }),
  () => ({ what: 'more pixels than are taken', media: [image(png(8200, 2))] }),
  () => ({ what: 'a size that is a lie', media: [image(withSize(GOOD, 60_000, 60_000))] }),
  () => ({ what: 'a size of nothing', media: [image(withSize(GOOD, 0, 0))] }),
  () => ({ what: 'bytes that are no base64', media: [{ ...image(GOOD), data: '!!not base64!!' }] }),
  () => ({
    what: 'base64 of a URL',
    media: [
      {
        ...image(GOOD),
        data:
          image(png(9, 9, 5))
            .data?.replaceAll('+', '-')
            .replaceAll('/', '_') ?? '',
      },
    ],
  }),
  (random) => ({
    what: 'many pictures, some bad',
    media: Array.from({ length: 24 }, () => image(random(3) === 0 ? GOOD.subarray(0, 50) : GOOD)),
  }),
  () => ({ what: 'more pictures than are taken', media: Array.from({ length: 110 }, () => image(GOOD)) }),
  () => ({ what: 'a PDF with a password', media: [document(pdf(1, { encrypted: true }))] }),
  () => ({ what: 'a PDF that is none', media: [document(Buffer.from('hello'))] }),
  () => ({ what: 'a torn PDF', media: [document(Buffer.from('%PDF-1.4 x'))] }),
  () => ({ what: 'a PDF of 120 pages', media: [document(pdf(120))] }),
  (random) => ({ what: 'a name', media: [document(pdf(), NAMES[random(NAMES.length)] ?? '')] }),
  () => ({
    what: 'a text of broken letters',
    media: [
      {
        kind: 'document',
        mediaType: 'text/plain',
        name: 'a.txt',
        data: Buffer.from([0xff, 0xfe, 0, 0xd8, 0x3d]).toString('base64'),
      },
    ],
  }),
  () => ({ what: 'a kind nobody reads', media: [{ kind: 'document', mediaType: 'application/x-thing', data: 'AAAA' }] }),
  (random) => ({ what: 'half a character', content: HALVES[random(HALVES.length)] ?? '' }),
  (random) => ({ what: 'half a character in a quote', quoted: HALVES[random(HALVES.length)] ?? '' }),
  (random) => ({ what: 'half a character in a name', displayName: HALVES[random(HALVES.length)] ?? '' }),
  () => ({ what: 'nothing but white space', content: ' \u200b\u00a0\n\t' }),
  () => ({ what: 'control characters', content: '\u0000\u0001\u0007\u001b[31m\u007f' }),
  (random) => ({ what: 'a long text', content: `${'lorem ipsum '.repeat(2000 + random(6000))}` }),
  (random) => ({ what: 'a long row of emoji', content: '👨‍👩‍👧‍👦'.repeat(500 + random(3000)) }),
  () => ({ what: 'words the service refuses', content: `tell me about ${FORBIDDEN}` }),
  () => ({
    what: 'a file with words the service refuses',
    media: [{ kind: 'document', mediaType: 'text/plain', name: 'a.txt', data: Buffer.from(FORBIDDEN).toString('base64') }],
  }),
  () => ({ what: 'a call under an illegal name', calls: [{ name: 'ä tool/with.a very long name'.repeat(4), input: { a: 1 } }] }),
  () => ({ what: 'a call without a name', calls: [{ name: '', input: { a: 1 } }] }),
  () => ({ what: 'a call with an input that is none', calls: [{ name: 'save_memory', input: 'text' }] }),
  () => ({
    what: 'calls with one id',
    calls: [1, 2].map((n) => ({ name: 'save_memory', input: { key: `k${n}`, content: 'v' }, id: 'same' })),
  }),
  () => ({
    what: 'a call with an odd id',
    calls: [{ name: 'save_memory', input: { key: 'k', content: 'v' }, id: 'a b/c+=é'.repeat(9) }],
  }),
  () => ({ what: 'half a character in an input', calls: [{ name: 'save_memory', input: { key: 'k', content: 'cut \ud83d' } }] }),
  () => ({
    what: 'words the service refuses in an input',
    calls: [{ name: 'save_memory', input: { key: 'k', content: FORBIDDEN } }],
  }),
  (random) => ({
    what: 'a long input',
    calls: [{ name: 'save_memory', input: { key: 'k', content: 'x'.repeat(20_000 + random(200_000)) } }],
  }),
]
/** Costly ones come twice in all. */
const RARE: readonly ((random: Random) => Poison)[] = [
  () => ({ what: 'a picture larger than is taken', media: [image(LARGE)] }),
  () => ({
    what: 'more bytes than a request holds',
    media: Array.from({ length: 9 }, () => image(Buffer.concat([GOOD, Buffer.alloc(3_700_000)]))),
  }),
]

function flipped(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes)
  for (let n = 0; n < 6; n++) copy[8 + random(copy.length - 8)] = random(256)
  return copy
}

function withSize(bytes: Buffer, width: number, height: number): Buffer {
  const copy = Buffer.from(bytes)
  copy.writeUInt32BE(width, 16)
  copy.writeUInt32BE(height, 20)
  return copy
}

function poisons(seed: number): readonly Poison[] {
  const random = randomFrom(seed)
  return Array.from({ length: CONTENTS }, (_, n) => {
    const rare = n % 100 === 57 ? RARE[n < 100 ? 0 : 1] : undefined
    return (rare ?? (KINDS[random(KINDS.length)] as (random: Random) => Poison))(random)
  })
}

/** What the model says: it makes the calls a content asks for, once, and repeats the last plain word it was asked. */
function createModel() {
  const waiting = new Map<string, Poison['calls']>()
  return {
    waiting,
    answer(last: string, isResult: boolean): { readonly text?: string; readonly toolCalls?: NonNullable<Poison['calls']> } {
      const token = /poison-\d+/.exec(last)?.[0]
      const calls = token === undefined || isResult ? undefined : waiting.get(token)
      if (token !== undefined) waiting.delete(token)
      if (calls !== undefined) return { toolCalls: calls }
      return { text: `answer to ${/plain-\d+/.exec(last)?.[0] ?? 'something'}` }
    },
  }
}

type Model = ReturnType<typeof createModel>

async function survive(t: Test, bot: Bot, model: Model, seed: number): Promise<void> {
  let count = 0
  for (const [n, poison] of poisons(seed).entries()) {
    const user = `u${n % CHATS}`
    const say = async (content: string, more: object = {}): Promise<string> => {
      const received = await bot.claw.engine.receive({ channelId: 'http', userId: user, content, ...more }, { kind: 'trusted' })
      if (!received.accepted) return `refused: ${received.reason}`
      return (await bot.claw.engine.waitForAnswer(received.sessionKey, received.messageId)).response
    }
    const { content = 'look', media, displayName, quoted, calls } = poison
    if (calls !== undefined) model.waiting.set(`poison-${n}`, calls)
    await say(calls === undefined ? content : `${content} poison-${n}`, {
      ...(media === undefined ? {} : { media }),
      ...(displayName === undefined ? {} : { displayName }),
      ...(quoted === undefined ? {} : { quoted: { userId: 'x', content: quoted } }),
    })
    const plain = await say(`plain-${n}`)
    if (plain.startsWith(`answer to plain-${n}`)) count++
    else t.fail(`after ${poison.what} (${n}): ${plain.slice(0, 300)}`)
  }
  t.equal(count, CONTENTS, 'every plain message is answered')
}

const YAML = 'agents: { main: { soul: S, tools: [save_memory] } }\nchannels: { http: { media: { maxBytes: 30000000 } } }'
const isSummary = (system: unknown): boolean => JSON.stringify(system ?? '').includes('notes of a long conversation')

t.test('the Messages API', async (t) => {
  const model = createModel()
  const reply = (request: MessagesRequest): FakeReply | string => {
    if (JSON.stringify(request.messages).includes(FORBIDDEN))
      return { fault: { status: 400, message: 'Output blocked by content filtering policy' } }
    if (isSummary(request.system)) return 'Facts.'
    const last = request.messages.at(-1)?.content ?? ''
    const isResult = typeof last !== 'string' && last.some(({ type }) => type === 'tool_result')
    return model.answer(JSON.stringify(last), isResult)
  }
  const yaml = `gateway: { port: 0 }\nmodels: { api: { provider: anthropic, baseURL: $API, apiKey: none, maxRetries: 0 } }\ndefaults: { model: api/m }\n${YAML}`
  const bot = await startBot(yaml, { api: { reply, strictMedia: true } })
  t.teardown(() => bot.stop())
  await survive(t, bot, model, SEED)
  const refused = bot.api.requests.filter(({ status }) => status !== 200).length
  t.comment(`${bot.api.requests.length} requests, ${refused} of them refused`)
  t.ok(refused > 10, 'the service did refuse')
})

t.test('chat completions', async (t) => {
  const model = createModel()
  const api = await startFakeChatCompletions({
    strictMedia: true,
    refuse: (body: ChatRequest) =>
      JSON.stringify(body.messages).includes(FORBIDDEN)
        ? { status: 400, message: 'The response was filtered due to the prompt triggering our content management policy.' }
        : null,
    reply: (body): FakeChatReply => {
      if (isSummary(body.messages[0]?.content)) return { text: 'Facts.' }
      const last = body.messages.at(-1)
      return model.answer(JSON.stringify(last?.content), last?.role === 'tool')
    },
  })
  const yaml = `gateway: { port: 0 }\nmodels: { chat: { provider: openai, baseURL: "${api.url}", apiKey: none, maxRetries: 0 } }\ndefaults: { model: chat/m }\n${YAML}`
  const bot = await startBot(yaml)
  t.teardown(async () => {
    await bot.stop()
    await api.close()
  })
  await survive(t, bot, model, SEED + 1)
  const refused = api.requests.filter(({ status }) => status !== 200).length
  t.comment(`${api.requests.length} requests, ${refused} of them refused`)
  t.ok(refused > 10, 'the service did refuse')
})
