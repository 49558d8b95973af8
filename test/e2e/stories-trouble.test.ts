// Channels in trouble, over the whole engine: refused credentials, texts far too long, chats that are gone. Others go on.

import { createHmac } from 'node:crypto'
import t from 'tap'
import { createFakeDiscord } from '../../src/channels/discord/fake/server.ts'
import { createIrcNetwork, hasNgircd } from '../../src/channels/irc/fake/ngircd.ts'
import { createFakeSlack } from '../../src/channels/slack/fake/server.ts'
import { createFakeTelegram } from '../../src/channels/telegram/fake/server.ts'
import { createFakeWhatsApp } from '../../src/channels/whatsapp/fake/server.ts'
import { HEAD } from '../support/bot.ts'
import { until } from '../support/channel-host.ts'
import { lastUserText } from '../support/fake-messages-api.ts'
import { kept, onDiscord, onSlack, onTelegram, stateOf, storyBot, untilState } from './stories-world.ts'

const answering = {
  api: { record: false, reply: (request: Parameters<typeof lastUserText>[0]) => `re: ${lastUserText(request)}` },
}

t.test('refused credentials are a state from the first moment, without a secret in it; the others serve', async (t) => {
  const telegram = await kept(t, createFakeTelegram())
  const discord = await kept(t, createFakeDiscord())
  const slack = await kept(t, createFakeSlack())
  const whatsapp = await kept(t, createFakeWhatsApp())
  const network = hasNgircd() ? await kept(t, createIrcNetwork()) : null
  const bot = await storyBot(
    `${HEAD}
agents: { main: { soul: S } }
channels:
  http: {}
  good: { type: telegram, token: "${telegram.token}", apiRoot: "${telegram.url}" }
  telegram: { token: "123456:WRONG-secret", apiRoot: "${telegram.url}" }
  discord: { token: "WRONG-secret", apiRoot: "${discord.url}/api" }
  slack: { botToken: "xoxb-WRONG-secret", appToken: "${slack.appToken}", apiRoot: "${slack.url}" }
  slackapp: { type: slack, botToken: "${slack.botToken}", appToken: "xapp-WRONG-secret", apiRoot: "${slack.url}" }
  whatsapp: { phoneNumberId: "${whatsapp.phone}", accessToken: "WRONG-secret", appSecret: s, verifyToken: v, apiRoot: "${whatsapp.url}" }
${network === null ? '' : `  irc: { server: x, nick: claw, password: WRONG-secret, apiRoot: "irc://127.0.0.1:${network.port}" }\n`}`,
    ['good', 'http'],
    answering,
  )
  t.teardown(() => bot.stop())
  const wrong = ['telegram', 'discord', 'slack', 'slackapp', 'whatsapp', ...(network === null ? [] : ['irc'])]
  for (const id of wrong) {
    await untilState(bot, id, 'failed')
    const { detail } = await stateOf(bot, id)
    t.match(detail, /refused/i, `${id}: ${detail}`)
  }
  t.match((await bot.chat('u', 'anyone?')).body, { response: 're: anyone?' })
  t.equal(await onTelegram(telegram, 11).ask('and you?'), 're: and you?')
  const shown = JSON.stringify([await bot.claw.engine.status(), bot.events])
  t.notMatch(shown, /WRONG-secret/)
})

const HUGE = 'all work and no play. '.repeat(480_000)

t.test('10 MB of text in: refused in words where there is a person, and the next message is answered', async (t) => {
  const telegram = await kept(t, createFakeTelegram())
  const discord = await kept(t, createFakeDiscord())
  const slack = await kept(t, createFakeSlack({ redeliverMs: 3_000 }))
  const bot = await storyBot(
    `${HEAD}
agents: { main: { soul: S } }
channels:
  telegram: { token: "${telegram.token}", apiRoot: "${telegram.url}" }
  discord: { token: "${discord.token}", apiRoot: "${discord.url}/api" }
  slack: { botToken: "${slack.botToken}", appToken: "${slack.appToken}", apiRoot: "${slack.url}" }
  webhook: { secret: s3cret, url: "http://127.0.0.1:9/" }
  whatsapp: { phoneNumberId: "1", accessToken: x, appSecret: s3cret, verifyToken: v, apiRoot: "http://127.0.0.1:9" }
`,
    ['telegram', 'discord', 'slack'],
    answering,
  )
  t.teardown(() => bot.stop())
  for (const [name, person] of [
    ['telegram', onTelegram(telegram, 11)],
    ['discord', onDiscord(discord, '700000000000000011')],
    ['slack', onSlack(slack, 'U1')],
  ] as const) {
    t.match(await person.ask(HUGE), /too long/, name)
    t.equal(await person.ask('and now?'), 're: and now?', name)
  }
  const body = JSON.stringify({ userId: 'ann', content: HUGE })
  const signature = `sha256=${createHmac('sha256', 's3cret').update(body).digest('hex')}`
  for (const [id, header] of [
    ['webhook', 'x-claw-signature'],
    ['whatsapp', 'x-hub-signature-256'],
  ] as const) {
    const status = await fetch(`${bot.url}/hooks/${id}`, { method: 'POST', headers: { [header]: signature }, body }).then(
      async (response) => {
        await response.body?.cancel()
        return response.status
      },
      () => 413, // The gateway may close before it has read all of it.
    )
    t.equal(status, 413, id)
  }
  t.match(await bot.claw.engine.status(), { channels: [{ id: 'telegram', state: 'connected' }] })
})

t.test('a chat that is gone takes its reply with it and holds up nobody', async (t) => {
  const telegram = await kept(t, createFakeTelegram())
  const slack = await kept(t, createFakeSlack())
  const bot = await storyBot(
    `${HEAD}
agents: { main: { soul: S } }
channels:
  telegram: { token: "${telegram.token}", apiRoot: "${telegram.url}" }
  slack: { botToken: "${slack.botToken}", appToken: "${slack.appToken}", apiRoot: "${slack.url}" }
`,
    ['telegram', 'slack'],
    answering,
  )
  t.teardown(() => bot.stop())
  telegram.block(66)
  slack.fail({ method: /postMessage/, error: 'channel_not_found' })
  telegram.say({ from: 66, text: 'hello, and goodbye' })
  slack.say({ from: 'U6', text: 'hello, and goodbye' })
  const ended = (): number => bot.events.filter((event) => event.type === 'turn_end').length
  await until('both turns', () => ended() === 2)
  await until('both tried', () => telegram.calls.some((call) => call.method === 'sendmessage') && slack.sends.length === 1)
  t.equal(await onTelegram(telegram, 11).ask('still there?'), 're: still there?')
  t.equal(await onSlack(slack, 'U1').ask('still there?'), 're: still there?')
  t.same(onTelegram(telegram, 66).heard(), [])
  for (const id of ['telegram', 'slack']) t.match(await stateOf(bot, id), { state: 'connected' })
})
