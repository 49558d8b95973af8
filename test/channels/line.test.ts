// LINE beyond the kit: free replies, retry keys, signatures, buttons, kinds of messages.

import t, { type Test } from 'tap'
import { createHooksServer } from '../../src/channels/kit/hooks-server.ts'
import { createFakeLine } from '../../src/channels/line/fake/server.ts'
import { readEvent } from '../../src/channels/line/intake.ts'
import { line } from '../../src/channels/registry.ts'
import { Secret } from '../../src/plan/plan.ts'
import { createChannelHost, deliver, fastClock } from '../support/channel-host.ts'
import { makePlan } from '../support/make-plan.ts'
import { testdir } from '../support/testdir.ts'

const ANN = `U${'a'.repeat(32)}`

async function trial(test: Test) {
  const [fake, hooks] = [await createFakeLine(), await createHooksServer()]
  fake.target(`${hooks.url}/hooks/line`)
  const settings = { channelAccessToken: new Secret(fake.token), channelSecret: new Secret(fake.secret) }
  const host = createChannelHost({
    type: 'line',
    clock: fastClock(50),
    apiRoot: fake.url,
    stateFolder: testdir(test, {}),
    settings,
  })
  const channel = (await line.load())(host)
  hooks.channel = channel
  test.teardown(async () => {
    await channel.stop()
    await fake.stop()
    await hooks.stop()
  })
  await channel.start()
  await host.until('connected', () => host.state.state === 'connected')
  return { fake, host, channel }
}

t.test('the first part of an answer is the free reply, the rest is pushed; a used token falls back', async (t) => {
  const { fake, host, channel } = await trial(t)
  fake.say({ from: ANN, text: 'tell me' })
  await host.until('it', () => host.received.length === 1)
  t.match(host.received, [{ userId: ANN, content: 'tell me', displayName: `name of ${ANN}` }])
  const replyTo = host.received[0]?.messageId as string
  await deliver(channel, host, { content: `${'a '.repeat(2000)}\n\n${'b '.repeat(2000)}`, userId: ANN, replyTo })
  t.same(
    fake.sent(ANN).map(({ byReply }) => byReply),
    [true, false],
  )
  fake.say({ from: ANN, text: 'and now' })
  await host.until('it', () => host.received.length === 2)
  fake.endTokens()
  await deliver(channel, host, { content: 'late', userId: ANN, replyTo: host.received[1]?.messageId as string })
  t.match(fake.sent(ANN).at(-1), { text: 'late', byReply: false })
})

t.test('a push whose answer is lost arrives once', async (t) => {
  const { fake, host, channel } = await trial(t)
  fake.fail({ path: /push/, after: true })
  await deliver(channel, host, { content: 'hello', userId: ANN })
  t.equal(fake.sent(ANN).length, 1)
})

t.test('a forged call is refused; an approval is pressed', async (t) => {
  const { fake, host, channel } = await trial(t)
  t.equal(await fake.call({ events: [] }, 'another secret'), 401)
  t.equal(await fake.call({ events: [] }), 200)
  const prompt = { id: 'q1', agentId: 'main', toolName: 'bash', text: 'ls', expiresAt: Date.now() + 1000, canRemember: true }
  t.equal(await channel.askApproval?.({ channelId: host.spec.id, userId: ANN }, prompt), true)
  const [question] = fake.sent(ANN)
  t.same(
    question?.buttons.map(({ label }) => label),
    ['Allow once', 'Always allow', 'Deny'],
  )
  fake.press(ANN, question?.buttons[0]?.data as string)
  await host.until('the answer', () => fake.sent(ANN).length === 2)
  t.match(host.answers, [{ id: 'q1', decision: 'once', userId: ANN }])
})

t.test('what cannot be read arrives as a note', async (t) => {
  const read = (message: object) =>
    readEvent({ type: 'message', source: { userId: ANN }, message: { id: '1', ...message } }, makePlan({}), 'line')?.message
      .content
  t.equal(read({ type: 'sticker', keywords: ['happy', 'cat'] }), '[sticker] happy, cat')
  t.equal(read({ type: 'location', title: 'Home', address: '1 Street' }), '[location] Home, 1 Street')
  t.equal(read({ type: 'something new' }), '[something new]')
  t.equal(read({ type: 'text', text: '@claw  hi', mention: { mentionees: [{ index: 0, length: 5, isSelf: true }] } }), 'hi')
})
