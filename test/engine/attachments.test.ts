// Files of replies, from a tool's result to people: copied when the tool ends, told of where they cannot go, there after a kill.

import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { builtinRegistry } from '../../src/builtin.ts'
import { createFakeTelegram } from '../../src/channels/telegram/fake/server.ts'
import type { ToolDefinition } from '../../src/tools/port.ts'
import { type Bot, HEAD, startBot } from '../support/bot.ts'
import { until } from '../support/channel-host.ts'
import type { FakeReply, lastUserText } from '../support/fake-messages-api.ts'
import { testdir } from '../support/testdir.ts'

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

const attach: ToolDefinition<{ files: { path: string; name?: string }[] }> = {
  name: 'attach',
  description: 'Attach files to the reply.',
  inputSchema: { type: 'object', properties: { files: { type: 'array' } }, required: ['files'] },
  traits: { idempotent: true },
  run: async ({ files }) => ({ content: 'Attached.', attachments: files }),
}
const registry = { ...builtinRegistry, tools: [...builtinRegistry.tools, attach] }
const AGENT = `${HEAD}
agents: { main: { soul: S, tools: [attach], workspace: ./work } }
`

interface Answer {
  readonly response: string
  readonly attachments?: readonly { name: string; mimeType: string; bytes: number; url: string }[]
}

/** A model that attaches the files, then says `text`. */
const attaching = (files: readonly object[], text: string | FakeReply): readonly (FakeReply | string)[] => [
  { toolCalls: [{ name: 'attach', input: { files } }] },
  text,
]

async function bot(yaml: string, files: Readonly<Record<string, string | Buffer>>, options: object = {}): Promise<Bot> {
  const folder = testdir(t)
  await mkdir(join(folder, 'work'), { recursive: true })
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, 'work', name), content)
  return await startBot(yaml, { registry, folder, ...options })
}

const results = (b: Bot): string => JSON.stringify(b.api.requests.at(-1)?.body.messages.at(-1))

t.test('POST /chat answers with addresses of the files, again when it is asked again', async (t) => {
  const b = await bot(AGENT, { 'dot.png': PNG, 'page.html': '<script>alert(1)</script>' })
  t.teardown(() => b.stop())
  b.api.enqueue(...attaching([{ path: 'dot.png' }, { path: 'page.html', name: 'Seite “1”.html' }], 'Here.'))
  const ask = async () => (await b.chat('u', 'show', { message_id: 'm1' })).body as unknown as Answer
  const { response, attachments = [] } = await ask()
  t.equal(response, 'Here.')
  t.match(attachments, [
    { name: 'dot.png', mimeType: 'image/png', bytes: PNG.length, url: /^\/files\/[0-9a-z]{26}\/dot\.png$/ },
    { name: 'Seite “1”.html', mimeType: 'text/html' },
  ])
  t.same((await ask()).attachments, attachments, 'asking again gives the same')
  const [picture, page] = await Promise.all(attachments.map(({ url }) => fetch(`${b.url}${url}`)))
  t.ok(Buffer.from((await picture?.arrayBuffer()) ?? new ArrayBuffer(0)).equals(PNG))
  t.equal(picture?.headers.get('content-type'), 'image/png')
  t.match(page?.headers.get('content-disposition'), /^attachment; filename\*=UTF-8''Seite/)
  t.equal(page?.headers.get('content-type'), 'application/octet-stream', 'a page of others is never shown as one of ours')
  t.match(page?.headers.get('content-security-policy'), /sandbox/)
  t.equal((await fetch(`${b.url}/files/${'0'.repeat(26)}/dot.png`)).status, 404)
  t.equal((await fetch(`${b.url}/files/..%2Fstate.db/x`)).status, 404)
})

t.test('streams and clients of /v1 get them, too', async (t) => {
  const b = await bot(AGENT, { 'dot.png': PNG })
  t.teardown(() => b.stop())
  b.api.enqueue(...attaching([{ path: 'dot.png' }], 'Here.'))
  const headers = { 'content-type': 'application/json', accept: 'text/event-stream' }
  const stream = await fetch(`${b.url}/chat`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ user_id: 'u', message: 'show' }),
  })
  t.match(await stream.text(), /event: outbound_message\ndata: .*"attachments":\[\{"name":"dot\.png"/)
  b.api.enqueue(...attaching([{ path: 'dot.png' }], 'Here.'))
  const completion = await fetch(`${b.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'main', messages: [{ role: 'user', content: 'show' }] }),
  })
  const { choices } = (await completion.json()) as { choices: { message: { content: string } }[] }
  t.match(choices[0]?.message.content, /^Here\.\n\n!\[dot\.png\]\(http:\/\/127\.0\.0\.1:\d+\/files\/\w+\/dot\.png\)$/)
})

t.test('what cannot be attached is said to the model, file by file', async (t) => {
  const big = Buffer.alloc(2000, 'x')
  const yaml = `${AGENT}channels: { http: { media: { maxBytes: 1000 } } }\n`.replace('apiKey: none', 'apiKey: "${KEY}"')
  const b = await bot(
    yaml,
    { big: big, empty: '', token: 'the key is very-secret-key-1234', ok: 'fine' },
    { env: { KEY: 'very-secret-key-1234' } },
  )
  t.teardown(() => b.stop())
  const files = ['big', 'empty', 'token', 'gone', '../openclaw.yaml', 'ok'].map((path) => ({ path }))
  b.api.enqueue(...attaching(files, 'Some of them.'))
  const { attachments = [] } = (await b.chat('u', 'send all')).body as unknown as Answer
  t.same(
    attachments.map(({ name }) => name),
    ['ok'],
  )
  const said = results(b)
  for (const words of [
    /big was not attached: The file is larger than 1000 bytes/,
    /empty was not attached: The file is empty/,
    /token was not attached: It holds a secret/,
    /gone was not attached: There is no such file/,
    /openclaw\.yaml was not attached/,
  ])
    t.match(said, words)
  t.match(said, /"is_error":true/)
})

t.test('no more than twenty files go with one reply', async (t) => {
  const b = await bot(AGENT, { a: 'a' })
  t.teardown(() => b.stop())
  b.api.enqueue(
    ...attaching(
      Array.from({ length: 22 }, (_, i) => ({ path: 'a', name: `a${i}.txt` })),
      'Many.',
    ),
  )
  const { attachments = [] } = (await b.chat('u', 'flood')).body as unknown as Answer
  t.equal(attachments.length, 20)
  t.match(results(b), /a20\.txt was not attached: at most 20/)
})

t.test('a file alone is an answer, and the next request is valid', async (t) => {
  const b = await bot(AGENT, { 'dot.png': PNG })
  t.teardown(() => b.stop())
  b.api.enqueue(...attaching([{ path: 'dot.png' }], { text: '' }))
  const { response, attachments = [] } = (await b.chat('u', 'just the picture')).body as unknown as Answer
  t.equal(response, '')
  t.equal(attachments.length, 1)
  t.equal(b.api.requests.length, 2, 'an answer without words is not asked for again')
  b.api.enqueue('fine')
  t.equal(((await b.chat('u', 'and?')).body as unknown as Answer).response, 'fine')
  t.match(JSON.stringify(b.api.requests.at(-1)?.body.messages), /\[sent dot\.png\]/)
})

t.test('a reply is what it was when the tool ended, whatever happens to the file or the process', async (t) => {
  const telegram = await createFakeTelegram({ token: '1:T' })
  t.teardown(() => telegram.stop())
  const yaml = `${AGENT}channels: { telegram: { token: "1:T", apiRoot: "${telegram.url}" } }\n`
  const first = await bot(yaml, { 'dot.png': PNG })
  first.api.enqueue(...attaching([{ path: 'dot.png' }], 'Here it is.'))
  telegram.fail({ method: '*', code: 500, times: Number.POSITIVE_INFINITY })
  await first.claw.engine.receive(
    { channelId: 'telegram', userId: '123', messageId: '1', content: 'show me' },
    { kind: 'trusted' },
  )
  await until('the end of the turn', () => first.events.some(({ type }) => type === 'turn_end'))
  await first.stop()
  t.same(telegram.chat(123), [], 'nothing was delivered')
  await writeFile(join(first.folder, 'work/dot.png'), 'overwritten meanwhile')
  telegram.heal()
  const second = await startBot(yaml, { registry, folder: first.folder })
  t.teardown(() => second.stop())
  await until('text and picture', () => telegram.chat(123).length === 2)
  const [text, picture] = telegram.chat(123)
  t.match(text?.text, /Here it is\.$/)
  t.ok(picture?.file?.data.equals(PNG), 'the bytes of then')
  const kept = join(first.folder, '.openclaw/files')
  t.equal((await readdir(kept)).length, 1)
})

t.test('a copy that is gone is said in its place', async (t) => {
  const telegram = await createFakeTelegram({ token: '1:T' })
  t.teardown(() => telegram.stop())
  const yaml = `${AGENT}channels: { telegram: { token: "1:T", apiRoot: "${telegram.url}" } }\n`
  const first = await bot(yaml, { 'dot.png': PNG })
  first.api.enqueue(...attaching([{ path: 'dot.png' }], 'Here it is.'))
  telegram.fail({ method: '*', code: 500, times: Number.POSITIVE_INFINITY })
  await first.claw.engine.receive({ channelId: 'telegram', userId: '9', messageId: '1', content: 'show' }, { kind: 'trusted' })
  await until('the end of the turn', () => first.events.some(({ type }) => type === 'turn_end'))
  await first.stop()
  await rm(join(first.folder, '.openclaw/files'), { recursive: true })
  telegram.heal()
  const second = await startBot(yaml, { registry, folder: first.folder })
  t.teardown(() => second.stop())
  await until('the reply', () => telegram.chat(9).length === 1)
  t.match(telegram.chat(9)[0]?.text, /Here it is\.\n\n\(The file dot\.png is no longer kept/)
})

t.test('a growing reply keeps its message, and the files follow it', async (t) => {
  const telegram = await createFakeTelegram({ token: '1:T' })
  t.teardown(() => telegram.stop())
  const yaml = `${AGENT}channels: { telegram: { token: "1:T", apiRoot: "${telegram.url}", streaming: edit } }\n`
  const b = await bot(yaml, { 'dot.png': PNG })
  t.teardown(() => b.stop())
  b.api.enqueue(...attaching([{ path: 'dot.png' }], 'Here it is, in some more words than one.'))
  telegram.say({ from: { id: 5 }, text: 'show' })
  const own = () => telegram.chat(5).filter(({ fromBot }) => fromBot)
  await until('text and picture', () => own().some(({ file }) => file !== undefined))
  t.match(own(), [{ text: 'Here it is, in some more words than one.' }, { file: { name: 'dot.png' } }])
  t.equal(own().length, 2, 'the text is there once')
})

t.test('what a sub-agent attaches comes with the answer of the one that asked', async (t) => {
  const yaml = `${HEAD}
agents:
  main: { soul: Boss, tools: [sessions_spawn], subagents: [artist], workspace: ./main }
  artist: { soul: Artist, tools: [attach], workspace: ./work }
routing: { defaultAgent: main }
`
  const b = await bot(
    yaml,
    { 'dot.png': PNG },
    {
      api: {
        reply: (request: Parameters<typeof lastUserText>[0]) => {
          const said = JSON.stringify(request.messages.at(-1))
          if (said.includes('paint')) return { toolCalls: [{ name: 'attach', input: { files: [{ path: 'dot.png' }] } }] }
          if (said.includes('Attached.')) return 'Painted.'
          if (said.includes('Painted.')) return 'My artist made this.'
          return { toolCalls: [{ name: 'sessions_spawn', input: { agent: 'artist', prompt: 'paint' } }] }
        },
      },
    },
  )
  t.teardown(() => b.stop())
  const { response, attachments = [] } = (await b.chat('u', 'a picture, please')).body as unknown as Answer
  t.equal(response, 'My artist made this.')
  t.same(
    attachments.map(({ name }) => name),
    ['dot.png'],
  )
})

t.test('files that come in lie in the inbox, none in place of another', async (t) => {
  const b = await bot(AGENT, {})
  t.teardown(() => b.stop())
  const send = async (name: string, text: string): Promise<string> => {
    const media = [{ kind: 'document', mediaType: 'text/plain', name, data: Buffer.from(text).toString('base64') }] as const
    const taken = await b.claw.engine.receive({ channelId: 'http', userId: 'u', content: 'keep', media }, { kind: 'trusted' })
    if (!taken.accepted) throw new Error(taken.reason)
    await b.claw.engine.waitForAnswer(taken.sessionKey, taken.messageId)
    return /saved as (inbox\/[^\]"]+)\]/.exec(JSON.stringify(b.api.requests.at(-1)?.body.messages.at(-1)))?.[1] ?? ''
  }
  t.equal(await send('notes.txt', 'one'), 'inbox/notes.txt')
  t.equal(await send('notes.txt', 'two'), 'inbox/notes-2.txt')
  t.equal(await send('notes.txt', 'one'), 'inbox/notes.txt', 'the same file is one file')
  t.equal(await send('../../etc/pass\u202ewd', 'three'), 'inbox/pass wd.txt', 'a name is a name, no path')
  t.equal(await send('.env', 'four'), 'inbox/env.txt')
  t.equal(await readFile(join(b.folder, 'work/inbox/notes.txt'), 'utf8'), 'one')
  t.equal(await readFile(join(b.folder, 'work/inbox/notes-2.txt'), 'utf8'), 'two')
})
