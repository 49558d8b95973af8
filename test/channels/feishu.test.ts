// Feishu beyond the kit: encryption, the first call, tokens that end, kinds of messages.

import t, { type Test } from 'tap'
import { createFakeFeishu } from '../../src/channels/feishu/fake/server.ts'
import { readContent } from '../../src/channels/feishu/intake.ts'
import { createHooksServer } from '../../src/channels/kit/hooks-server.ts'
import { feishu } from '../../src/channels/registry.ts'
import { Secret } from '../../src/plan/plan.ts'
import { createChannelHost, deliver, fastClock } from '../support/channel-host.ts'
import { testdir } from '../support/testdir.ts'

async function trial(test: Test, withKey = true) {
  const [fake, hooks] = [await createFakeFeishu(), await createHooksServer()]
  fake.target(`${hooks.url}/hooks/feishu`)
  const settings = {
    appId: fake.appId,
    appSecret: new Secret(fake.appSecret),
    verificationToken: new Secret(fake.verificationToken),
    ...(withKey ? { encryptKey: new Secret(fake.encryptKey) } : {}),
    domain: 'feishu',
  }
  const host = createChannelHost({
    type: 'feishu',
    clock: fastClock(50),
    apiRoot: fake.url,
    stateFolder: testdir(test, {}),
    settings,
  })
  const channel = (await feishu.load())(host)
  hooks.channel = channel
  test.teardown(async () => {
    await channel.stop()
    await fake.stop()
    await hooks.stop()
  })
  await channel.start()
  await host.until('connected', () => host.state.state === 'connected')
  const post = async (value: object): Promise<{ status: number; text: string }> => {
    const response = await fetch(`${hooks.url}/hooks/feishu`, { method: 'POST', body: JSON.stringify(value) })
    return { status: response.status, text: await response.text() }
  }
  return { fake, host, channel, post }
}

t.test('the address is proved, encrypted or plain; a wrong token is refused', async (t) => {
  const { fake } = await trial(t)
  const proof = { type: 'url_verification', challenge: 'xyz', token: fake.verificationToken }
  t.match(await fake.call(proof), { status: 200, answer: { challenge: 'xyz' } })
  t.match(await fake.call({ ...proof, token: 'wrong' }), { status: 401 })
  const plain = await trial(t, false)
  t.match(await plain.post(proof), { status: 200, text: '{"challenge":"xyz"}' })
  t.match(await plain.post({ ...proof, token: 'wrong' }), { status: 401 })
})

t.test('with an encrypt key a plain call is refused, though it has the token', async (t) => {
  const { fake, post, host } = await trial(t)
  const message = { message_id: 'm', chat_id: 'c', chat_type: 'p2p', message_type: 'text', content: '{"text":"hi"}' }
  const sender = { sender_id: { open_id: 'ou_ann' }, sender_type: 'user' }
  t.match(await post(fake.event('im.message.receive_v1', { sender, message })), { status: 401 })
  t.same(host.received, [])
})

t.test('a token that ended is asked for again', async (t) => {
  const { fake, host, channel } = await trial(t)
  t.equal(fake.tokens(), 1)
  fake.fail({ path: /messages/, status: 400, code: 99991663 })
  await deliver(channel, host, { content: 'hello', userId: 'ou_ann' })
  t.equal(fake.tokens(), 2)
  t.equal(fake.sent('ou_ann').length, 1)
})

t.test('kinds of messages', async (t) => {
  const text = (type: string, content: unknown): string =>
    readContent({ message_id: 'm', message_type: type, content: JSON.stringify(content) }).text
  t.equal(
    text('post', {
      title: 'T',
      content: [
        [
          { tag: 'text', text: 'see ' },
          { tag: 'a', text: 'here', href: 'https://x.test' },
        ],
      ],
    }),
    'T\nsee here (https://x.test)',
  )
  t.equal(text('share_chat', {}), '[share chat]')
  t.equal(text('interactive', { elements: [[{ tag: 'text', text: 'a' }], [{ tag: 'text', text: 'b' }]] }), 'a\nb')
  t.equal(text('audio', { file_key: 'k' }), '[voice message]')
  t.equal(readContent({ message_type: 'text', content: '{' }).text, '')
})
