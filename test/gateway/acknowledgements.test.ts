// Replies to channel programs on the real engine: delivered means taken. Lines are cut and frozen at their most awkward moments.

import t from 'tap'
import { HEAD, startBot } from '../support/bot.ts'
import { lastUserText } from '../support/fake-messages-api.ts'
import { openSocket, type SocketClient } from '../support/socket-client.ts'

const YAML = `${HEAD}
agents: { main: { soul: S } }
channels: { lines: { type: socket, secret: "bridge-secret" } }
`

type Bot = Awaited<ReturnType<typeof startBot>>
const HELLO = { channelId: 'lines', token: 'bridge-secret' }

async function bot(t: { teardown(fn: () => Promise<unknown>): void }): Promise<Bot> {
  const own = await startBot(YAML, { api: { reply: (request) => `echo: ${lastUserText(request)}` } })
  t.teardown(() => own.stop())
  return own
}

const stateOf = async (own: Bot): Promise<string | undefined> =>
  (await own.claw.engine.status()).channels.find(({ id }) => id === 'lines')?.state

/** Every reply a program was given, by key. */
function replies(client: SocketClient): readonly { key: string; content: string; repeated: boolean }[] {
  return client.frames
    .filter(({ type }) => type === 'outbound_message')
    .map(({ data }) => ({
      key: String(data['key']),
      content: String(data['content']),
      repeated: data['possiblyRepeated'] === true,
    }))
}

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  for (let n = 0; n < 500; n++) {
    if (await what()) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error('it did not come to that')
}

t.test('a program that acknowledges: what it did not take comes again, marked, and nothing else does', async (t) => {
  const own = await bot(t)
  const first = await openSocket(own.url, { hello: { ...HELLO, acks: true } })
  for (let n = 0; n < 5; n++) first.send('inbound_message', { userId: `u${n}`, content: `m${n}`, messageId: `id${n}` })
  await until(() => replies(first).length === 5)
  const taken = replies(first).slice(0, 2)
  for (const { key } of taken) first.send('ack', { key })
  await new Promise((resolve) => setTimeout(resolve, 100))
  first.ws.terminate()
  await until(async () => (await stateOf(own)) === 'waiting')
  const second = await openSocket(own.url, { hello: { ...HELLO, acks: true } })
  await until(() => replies(second).length === 3)
  await new Promise((resolve) => setTimeout(resolve, 200))
  const again = replies(second)
  t.same(
    new Set(again.map(({ key }) => key)),
    new Set(
      replies(first)
        .slice(2)
        .map(({ key }) => key),
    ),
  )
  t.ok(
    again.every(({ repeated }) => repeated),
    'each says that it may be a repeat',
  )
  t.notOk(replies(first).some(({ repeated }) => repeated))
  for (const { key } of again) second.send('ack', { key })
  await second.close()
})

t.test('a program that acknowledges nothing: a frozen line loses nothing', async (t) => {
  const own = await bot(t)
  // It answers no ping, as when the cable is pulled: frames go into buffers and nowhere else.
  const frozen = await openSocket(own.url, { hello: HELLO, autoPong: false })
  for (let n = 0; n < 3; n++) frozen.send('inbound_message', { userId: `u${n}`, content: `m${n}`, messageId: `id${n}` })
  await until(() => replies(frozen).length === 3)
  frozen.ws.terminate()
  await until(async () => (await stateOf(own)) === 'waiting')
  const alive = await openSocket(own.url, { hello: HELLO })
  await until(() => replies(alive).length === 3)
  t.ok(replies(alive).every(({ repeated }) => repeated))
  await alive.close()
  await until(async () => (await stateOf(own)) === 'waiting')
  const last = await openSocket(own.url, { hello: HELLO })
  await new Promise((resolve) => setTimeout(resolve, 200))
  t.same(replies(last), [], 'what was answered by a pong counts as taken')
  await last.close()
})

t.test('the state of a channel says whether its program is there', async (t) => {
  const own = await bot(t)
  t.equal(await stateOf(own), 'waiting')
  const one = await openSocket(own.url, { hello: HELLO })
  const two = await openSocket(own.url, { hello: HELLO })
  t.equal(await stateOf(own), 'connected')
  await one.close()
  await new Promise((resolve) => setTimeout(resolve, 50))
  t.equal(await stateOf(own), 'connected', 'the other one is there still')
  await two.close()
  await until(async () => (await stateOf(own)) === 'waiting')
})

t.test('a repeated message id gets no second answer, and an empty token is none', async (t) => {
  const own = await bot(t)
  const client = await openSocket(own.url, { hello: { ...HELLO, acks: true, receipts: true } })
  client.send('inbound_message', { userId: 'u', content: 'hi', messageId: 'once' })
  await until(() => replies(client).length === 1)
  client.send('ack', { key: replies(client)[0]?.key })
  await client.close()
  const again = await openSocket(own.url, { hello: { ...HELLO, acks: true, receipts: true } })
  again.send('inbound_message', { userId: 'u', content: 'hi', messageId: 'once' })
  t.equal((await again.next('receipt')).data['duplicate'], true)
  await new Promise((resolve) => setTimeout(resolve, 150))
  t.same(replies(again), [])
  await again.close()
  const http = await openSocket(own.url, { hello: { channelId: 'http', token: '' } }).catch((error: Error) => error)
  t.ok(!(http instanceof Error) || /unknown_channel/.test(http.message), String(http))
  if (!(http instanceof Error)) await http.close()
})
