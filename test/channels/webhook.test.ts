// The webhook channel beyond the kit: forged and stale calls, templates, answers in the response.

import t from 'tap'
import type { Channel } from '../../src/channels/port.ts'
import { webhook } from '../../src/channels/registry.ts'
import { sign } from '../../src/channels/signature.ts'
import { fillJson, fillText, pointer, read } from '../../src/channels/webhook/template.ts'
import { Secret } from '../../src/plan/plan.ts'
import { createChannelHost, deliver, fastClock, type TestChannelHost } from '../support/channel-host.ts'
import { testdir } from '../support/testdir.ts'

async function open(
  test: Pick<typeof t, 'teardown' | 'testdir'>,
  settings: Record<string, unknown>,
): Promise<{ host: TestChannelHost; channel: Channel }> {
  const host = createChannelHost({
    type: 'webhook',
    clock: fastClock(50),
    stateFolder: testdir(test),
    settings: { secret: new Secret('s'), ...settings },
  })
  const channel = (await webhook.load())(host)
  await channel.start()
  test.teardown(() => channel.stop())
  return { host, channel }
}

const call = (channel: Channel, body: string, headers: Record<string, string>, method = 'POST') =>
  channel.webhook?.({ method, path: '/hooks/webhook', query: new URLSearchParams(), headers, body: Buffer.from(body) })

t.test('forged calls are refused', async (t) => {
  const { host, channel } = await open(t, { url: 'http://127.0.0.1:9/' })
  const body = JSON.stringify({ userId: 'a', content: 'hi' })
  t.match(await call(channel, body, {}), { status: 401 })
  t.match(await call(channel, body, { 'x-claw-signature': 'sha256=00' }), { status: 401 })
  t.match(await call(channel, body, { 'x-claw-signature': sign('other', body) }), { status: 401 })
  t.match(await call(channel, `${body} `, { 'x-claw-signature': sign('s', body) }), { status: 401 }, 'one byte more')
  t.match(await call(channel, body, { 'x-claw-signature': sign('s', body) }, 'GET'), { status: 405 })
  t.match(await call(channel, '{', { 'x-claw-signature': sign('s', '{') }), { status: 400 })
  t.match(await call(channel, '{}', { 'x-claw-signature': sign('s', '{}') }), { status: 422 })
  t.equal(host.received.length, 0)
  t.match(await call(channel, body, { 'x-claw-signature': sign('s', body) }), { status: 202 })
})

t.test('old calls and changed times are refused', async (t) => {
  const { channel } = await open(t, { url: 'http://127.0.0.1:9/', timestampHeader: 'X-Time', maxAge: 60_000 })
  const body = JSON.stringify({ userId: 'a', content: 'hi' })
  const at = (seconds: number, signed = seconds) =>
    call(channel, body, { 'x-time': String(seconds), 'x-claw-signature': sign('s', `${signed}.`, body) })
  const now = Math.floor(Date.now() / 1000)
  t.match(await at(now - 120), { status: 401 })
  t.match(await at(now + 120), { status: 401 })
  t.match(await at(now, now - 120), { status: 401 }, 'the time is signed')
  t.match(await call(channel, body, { 'x-claw-signature': sign('s', '.', body) }), { status: 401 }, 'no time')
  t.match(await at(now), { status: 202 })
})

t.test('without a url the answer is the response', async (t) => {
  const { host, channel } = await open(t, {
    userId: '/sender/login',
    content: 'Issue: {{/issue/title}}',
    messageId: '/delivery',
    signatureHeader: 'X-Hub-Signature-256',
  })
  const body = JSON.stringify({ sender: { login: 'ann' }, issue: { title: 'It {{/delivery}} breaks' }, delivery: 'd1' })
  const answering = call(channel, body, { 'x-hub-signature-256': `sha256=${sign('s', body)}` })
  await host.until('it', () => host.received.length === 1)
  t.match(host.received, [{ userId: 'ann', content: 'Issue: It {{/delivery}} breaks', messageId: 'd1' }])
  await deliver(channel, host, { content: 'Thanks', userId: 'ann', replyTo: 'd1' })
  const answer = await answering
  t.match(JSON.parse(answer?.body ?? ''), { accepted: true, content: 'Thanks' })
  t.match(await call(channel, body, { 'x-hub-signature-256': sign('s', body) }), { status: 200, body: /duplicate/ })
  await t.rejects(deliver(channel, host, { content: 'late', replyTo: 'd1' }), { message: /over/ })
})

t.test('a call made again, before or after the answer, gets it too, and takes it from nobody', async (t) => {
  const { host, channel } = await open(t, {})
  const body = JSON.stringify({ userId: 'ann', content: 'hi', messageId: 'd2' })
  const again = () => call(channel, body, { 'x-claw-signature': sign('s', body) })
  const first = again()
  await host.until('it', () => host.received.length === 1)
  const second = again()
  await new Promise((resolve) => setTimeout(resolve, 20))
  await deliver(channel, host, { content: 'Thanks', userId: 'ann', replyTo: 'd2' })
  t.match(JSON.parse((await first)?.body ?? ''), { accepted: true, content: 'Thanks' })
  t.match(JSON.parse((await second)?.body ?? ''), { duplicate: true, content: 'Thanks' })
  t.match(JSON.parse((await again())?.body ?? ''), { duplicate: true, content: 'Thanks' })
})

t.test('templates', async (t) => {
  const document = { a: { 'b/c': [10, { d: 'x' }] } }
  t.equal(pointer(document, '/a/b~1c/1/d'), 'x')
  t.equal(pointer(document, '/a/constructor'), undefined, 'only what is in the document')
  t.equal(read('/a/b~1c/0', document), '10')
  t.equal(fillText('<{{/a/b~1c/1}}|{{/none}}>', document), '<{"d":"x"}|>')
  t.same(
    fillJson(
      { text: 'Bot: {{content}}', to: '{{target}}', n: 1, list: ['{{other}}'] },
      { content: '{{target}}', target: { u: 1 } },
    ),
    {
      text: 'Bot: {{target}}',
      to: { u: 1 },
      n: 1,
      list: ['{{other}}'],
    },
  )
})
