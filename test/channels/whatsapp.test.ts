// WhatsApp beyond the kit: the webhook's two checks, the 24-hour window, buttons.

import t from 'tap'
import { json, serve } from '../../src/channels/kit/fake-server.ts'
import { createHooksServer } from '../../src/channels/kit/hooks-server.ts'
import { withBench } from '../../src/channels/kit/index.ts'
import { whatsapp } from '../../src/channels/registry.ts'
import { sign } from '../../src/channels/signature.ts'
import { whatsappDriver } from '../../src/channels/whatsapp/driver.ts'
import { createFakeWhatsApp } from '../../src/channels/whatsapp/fake/server.ts'
import { Secret } from '../../src/plan/plan.ts'
import { createChannelHost, deliver, fastClock, until } from '../support/channel-host.ts'
import { testdir } from '../support/testdir.ts'

t.test('only calls that Meta signed are taken, and the set-up call answers its challenge', async (t) => {
  await withBench(whatsappDriver, {}, async ({ channel, host }) => {
    const call = (method: string, headers: Record<string, string>, body = '', query = '') =>
      channel.webhook?.({ method, path: '/hooks/whatsapp', query: new URLSearchParams(query), headers, body: Buffer.from(body) })
    const asked = 'hub.mode=subscribe&hub.challenge=42&hub.verify_token='
    t.match(await call('GET', {}, '', `${asked}verify-me`), { status: 200, body: '42' })
    t.match(await call('GET', {}, '', `${asked}wrong`), { status: 403 })
    t.match(await call('POST', {}, '{}'), { status: 401 })
    t.match(await call('POST', { 'x-hub-signature-256': `sha256=${sign('wrong', '{}')}` }, '{}'), { status: 401 })
    t.match(await call('POST', { 'x-hub-signature-256': `sha256=${sign('app-secret', '{')}` }, '{'), { status: 400 })
    t.match(await call('POST', { 'x-hub-signature-256': `sha256=${sign('app-secret', '{}')}` }, '{}'), { status: 200 })
    t.match(await call('PUT', {}), { status: 405 })
    t.equal(host.received.length, 0)
  })
})

t.test('outside the window a template carries the text; without one it is given up', async (t) => {
  for (const template of ['follow_up', undefined]) {
    const fake = await createFakeWhatsApp()
    const hooks = await createHooksServer()
    fake.target(hooks.url)
    const host = createChannelHost({
      type: 'whatsapp',
      clock: fastClock(50),
      stateFolder: testdir(t),
      apiRoot: fake.url,
      settings: {
        phoneNumberId: fake.phone,
        accessToken: new Secret(fake.token),
        appSecret: new Secret(fake.secret),
        verifyToken: new Secret('v'),
        ...(template === undefined ? {} : { template }),
      },
    })
    const channel = (await whatsapp.load())(host)
    hooks.channel = channel
    await channel.start()
    await host.until('connected', () => host.state.state === 'connected')
    fake.closeWindow('49151')
    const sending = deliver(channel, host, { content: 'Good\n\nmorning', userId: '49151' })
    if (template === undefined) await t.rejects(sending, { message: /Re-engagement/ })
    else {
      await sending
      t.match(fake.sent('49151'), [{ type: 'template', text: 'Good morning' }])
    }
    const prompt = { id: '01ab', agentId: 'main', toolName: 'bash', text: 'ls', expiresAt: 0, canRemember: true }
    t.equal(await channel.askApproval?.({ channelId: 'whatsapp', userId: '49999' }, prompt), true)
    t.equal(fake.sent('49999')[0]?.buttons.length, 3)
    const [button] = fake.sent('49999')[0]?.buttons ?? []
    t.equal(await fake.press({ from: '49888', id: button?.id ?? '', title: button?.title ?? '' }), 'Noted: once.')
    t.match(host.answers, [{ id: '01ab', decision: 'once', userId: '49888' }])
    t.equal(
      await channel.askApproval?.({ channelId: 'whatsapp', userId: '49999' }, { ...prompt, text: 'x'.repeat(2000) }),
      false,
      'never cut',
    )
    await deliver(channel, host, { content: 'an answer', userId: '49999', replyTo: 'wamid.in.7' })
    await until('it', () => fake.sent('49999').some((m) => m.context === 'wamid.in.7'))
    await channel.stop()
    await hooks.stop()
    await fake.stop()
  }
})

t.test('a revoked token is a state, and the reply waits for a new one', async (t) => {
  const fake = await createFakeWhatsApp()
  const host = createChannelHost({
    type: 'whatsapp',
    clock: fastClock(50),
    stateFolder: testdir(t),
    apiRoot: fake.url,
    settings: {
      phoneNumberId: fake.phone,
      accessToken: new Secret(fake.token),
      appSecret: new Secret(fake.secret),
      verifyToken: new Secret('v'),
    },
  })
  const channel = (await whatsapp.load())(host)
  t.teardown(async () => {
    await channel.stop()
    await fake.stop()
  })
  await channel.start()
  await host.until('connected', () => host.state.state === 'connected')
  fake.fail({ status: 401, code: 190, path: /messages/ })
  const error = await deliver(channel, host, { content: 'x', userId: '49151' }, { attempts: 1 }).catch((e: unknown) => e)
  t.match(error, { name: 'RefusedError', retry: true, notSent: true })
  t.match(host.state, { state: 'failed', detail: /accessToken/ })
  await deliver(channel, host, { content: 'x', userId: '49151' })
  t.same(host.state, { state: 'connected' }, 'what is taken again is no failure any more')
})

t.test('whether the platform knows us: its own words count, not those of a server that does not know the question', async (t) => {
  const answers = [
    { status: 404, body: 'not found', state: 'connected' },
    { status: 404, body: { error: 'no such path' }, state: 'connected' },
    { status: 404, body: null, state: 'connected' },
    { status: 405, body: {}, state: 'connected' },
    { status: 400, body: { error: { message: 'Unsupported get request.', code: 100 } }, state: 'failed' },
    { status: 404, body: { error: { message: 'Some of the aliases do not exist', code: 803 } }, state: 'failed' },
    { status: 400, body: { error: { message: 'Session has expired', code: 190 } }, state: 'failed' },
    { status: 403, body: {}, state: 'failed' },
    { status: 401, body: {}, state: 'failed' },
  ]
  for (const { status, body, state } of answers) {
    const server = await serve((request, response) =>
      request.method === 'GET' ? json(response, status, body) : json(response, 200, { messages: [{ id: 'wamid.1' }] }),
    )
    const host = createChannelHost({
      type: 'whatsapp',
      clock: fastClock(50),
      stateFolder: testdir(t),
      apiRoot: server.url,
      settings: {
        phoneNumberId: '1',
        accessToken: new Secret('x'),
        appSecret: new Secret('y'),
        verifyToken: new Secret('v'),
      },
    })
    const channel = (await whatsapp.load())(host)
    await channel.start()
    await host.until(state, () => host.state.state === state)
    t.pass(`${status} ${JSON.stringify(body)} is ${state}`)
    await deliver(channel, host, { content: 'x', userId: '49151' })
    t.same(host.state, { state: 'connected' }, 'and sending works')
    await channel.stop()
    await server.stop()
  }
})

t.test('people without a number are themselves, and are answered under the id they have', async (t) => {
  await withBench(whatsappDriver, {}, async ({ host, platform, channel }) => {
    const body = (message: object, contact: object): Buffer =>
      Buffer.from(
        JSON.stringify({
          entry: [
            {
              changes: [
                {
                  value: {
                    metadata: { phone_number_id: '106540352242922' },
                    contacts: [contact],
                    messages: [
                      { id: `wamid.${Math.random()}`, timestamp: '1796000000', type: 'text', text: { body: 'hi' }, ...message },
                    ],
                  },
                },
              ],
            },
          ],
        }),
      )
    const post = async (message: object, contact: object): Promise<string | undefined> => {
      const sent = body(message, contact)
      const headers = { 'x-hub-signature-256': `sha256=${sign('app-secret', sent)}` }
      await channel.webhook?.({ method: 'POST', path: '/hooks/whatsapp', query: new URLSearchParams(), headers, body: sent })
      return host.received.at(-1)?.userId
    }
    const profile = { username: 'ann' }
    t.equal(await post({ from: '', from_user_id: 'US.1' }, { wa_id: '', user_id: 'US.1', profile }), 'US.1')
    t.equal(host.received.at(-1)?.displayName, 'ann')
    t.equal(await post({ from_user_id: 'US.2' }, { user_id: 'US.2' }), 'US.2')
    t.equal(await post({}, { user_id: 'US.3' }), 'US.3')
    t.equal(await post({ from: '4915112345', from_user_id: 'US.4' }, { wa_id: '4915112345', user_id: 'US.4' }), '4915112345')
    t.equal(await post({ from: '' }, {}), '', 'nobody; the engine refuses it')
    await deliver(channel, host, { userId: 'US.1', content: 'hello' })
    t.equal(platform.sendTimes?.().filter(({ ok }) => ok).length, 1)
  })
})
