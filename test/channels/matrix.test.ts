// Matrix beyond the kit: invitations, long absences, names in texts, encrypted rooms.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { createFakeHomeserver } from '../../src/channels/matrix/fake/server.ts'
import { readText } from '../../src/channels/matrix/intake.ts'
import type { Channel } from '../../src/channels/port.ts'
import { matrix } from '../../src/channels/registry.ts'
import { toMatrixHtml } from '../../src/channels/text/markdown.ts'
import { Secret } from '../../src/plan/plan.ts'
import { createChannelHost, deliver, fastClock, type TestChannelHost } from '../support/channel-host.ts'

const [ANN, BOB] = ['@ann:fake.test', '@bob:fake.test']

async function trial(test: Pick<typeof t, 'teardown'>) {
  const fake = await createFakeHomeserver()
  const folder = await mkdtemp(join(tmpdir(), 'claw-matrix-'))
  const open: Channel[] = []
  test.teardown(async () => {
    for (const channel of open) await channel.stop()
    await fake.stop()
    await rm(folder, { recursive: true, force: true })
  })
  const start = async (spec: object = {}): Promise<{ host: TestChannelHost; channel: Channel }> => {
    const settings = { homeserver: fake.url, accessToken: new Secret(fake.token), join: 'allowed' }
    const host = createChannelHost({ type: 'matrix', clock: fastClock(50), stateFolder: folder, settings, ...spec })
    const channel = (await matrix.load())(host)
    open.push(channel)
    await channel.start()
    await host.until('connected', () => host.state.state === 'connected')
    return { host, channel }
  }
  return { fake, start }
}

t.test('the name is cut where it addresses, and stays where it is talked about', async (t) => {
  const self = { userId: '@claw:fake.test', displayName: 'Claw Bot' }
  t.same(readText('Claw Bot: hi', self), { text: 'hi', mentioned: true })
  t.same(readText('claw, hi', self), { text: 'hi', mentioned: true })
  t.same(readText('hi @claw:fake.test!', self), { text: 'hi!', mentioned: true })
  for (const text of ['the claw is sharp', 'mail@claw.test', '@claw:other.test hi'])
    t.same(readText(text, self), { text, mentioned: false })
})

t.test('line ends are breaks, but not in code', async (t) => {
  t.equal(
    toMatrixHtml('a\nb **c**\n\n```js\nx\ny\n```'),
    'a<br>b <strong>c</strong><br><br><pre><code class="language-js">x\ny</code></pre>',
  )
  t.equal(toMatrixHtml('<img src=x onerror=1>').includes('<img'), false)
})

t.test('invitations of allowed people are followed, others are not', async (t) => {
  const { fake, start } = await trial(t)
  const { host } = await start({ allowFrom: [ANN] })
  const [fromAnn, fromBob] = [fake.invite(ANN), fake.invite(BOB)]
  await host.until('the first room', () => fake.isIn(fromAnn))
  t.notOk(fake.isIn(fromBob))
  fake.say(fromAnn, ANN, { msgtype: 'm.text', body: 'hello' })
  await host.until('a message', () => host.received.length === 1)
  t.match(host.received, [{ userId: ANN, content: 'hello', displayName: 'ann' }])
  t.equal(host.received[0]?.groupId, undefined, 'a room of two is a direct chat')
  await host.until('a receipt', () => fake.receipts() === 1)
})

t.test('of a long absence all is read, in order; the past before the first start is not', async (t) => {
  const { fake, start } = await trial(t)
  const room = fake.direct(ANN)
  fake.say(room, ANN, { msgtype: 'm.text', body: 'long ago' })
  const first = await start()
  fake.say(room, ANN, { msgtype: 'm.text', body: 'now' })
  await first.host.until('it', () => first.host.received.length === 1)
  await first.channel.stop()
  const said = Array.from({ length: 95 }, (_, n) => `away ${n}`)
  for (const body of said) fake.say(room, ANN, { msgtype: 'm.text', body })
  const { host } = await start()
  await host.until('all', () => host.received.length >= 95)
  t.same(
    host.received.map(({ content }) => content),
    said,
  )
})

t.test('what cannot be read arrives as a note; a caption and a file come together', async (t) => {
  const { fake, start } = await trial(t)
  const { host, channel } = await start()
  const room = fake.direct(ANN)
  fake.say(room, ANN, {}, 'm.room.encrypted')
  fake.say(room, ANN, { msgtype: 'm.location', body: 'Berlin', geo_uri: 'geo:1,2' })
  const file = { data: Buffer.from('hello'), mediaType: 'text/plain', name: 'a.txt' }
  fake.say(room, ANN, {
    msgtype: 'm.file',
    body: 'look',
    filename: 'a.txt',
    url: fake.keepFile(file),
    info: { mimetype: 'text/plain' },
  })
  await host.until('three', () => host.received.length === 3)
  t.match(host.received, [
    { content: /^\[encrypted message/ },
    { content: '[location] Berlin' },
    { content: 'look', media: [{ name: 'a.txt', data: file.data.toString('base64') }] },
  ])
  await deliver(channel, host, { content: 'to one the bot knows by no room', userId: BOB })
  t.equal(fake.sent(fake.direct(BOB)).length, 1)
})

t.test('trouble with the list of direct rooms makes no second room', async (t) => {
  const { fake, start } = await trial(t)
  const { host, channel } = await start()
  const room = fake.direct(ANN)
  fake.list(ANN, room)
  fake.fail({ path: /m\.direct$/, status: 502 })
  await deliver(channel, host, { content: 'hello', userId: ANN })
  t.equal(fake.made(), 0)
  t.equal(fake.sent(room).length, 1)
})
