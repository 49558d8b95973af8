// A stop in the middle of things: turns that end in the drain have their replies sent before the channels go.

import t from 'tap'
import { createFakeDiscord } from '../../src/channels/discord/fake/server.ts'
import { createFakeSlack } from '../../src/channels/slack/fake/server.ts'
import { createFakeTelegram } from '../../src/channels/telegram/fake/server.ts'
import { HEAD } from '../support/bot.ts'
import { until } from '../support/channel-host.ts'
import { lastUserText } from '../support/fake-messages-api.ts'
import { kept, keptFolder, onDiscord, onSlack, onTelegram, storyBot } from './stories-world.ts'

const IDS = ['telegram', 'discord', 'slack'] as const

for (const streaming of ['final', 'edit'])
  t.test(`streaming: ${streaming}`, async (t) => {
    const telegram = await kept(t, createFakeTelegram())
    const discord = await kept(t, createFakeDiscord())
    const slack = await kept(t, createFakeSlack())
    const people = [onTelegram(telegram, 11), onDiscord(discord, '700000000000000011'), onSlack(slack, 'U1')]
    const folder = await keptFolder(t)
    const more = `streaming: ${streaming}`
    const yaml = `${HEAD}
agents: { main: { soul: S } }
channels:
  telegram: { token: "${telegram.token}", apiRoot: "${telegram.url}", ${more} }
  discord: { token: "${discord.token}", apiRoot: "${discord.url}", ${more} }
  slack: { botToken: "${slack.botToken}", appToken: "${slack.appToken}", apiRoot: "${slack.url}", ${more} }
`
    const start = () =>
      storyBot(yaml, IDS, {
        folder,
        api: { reply: (request) => ({ text: `re: ${lastUserText(request)}, ${'word '.repeat(20)}end`, chunkDelayMs: 40 }) },
      })
    const bot = await start()
    for (const one of people) one.say('think')
    await until('all to think', () => bot.events.filter((event) => event.type === 'chunk').length >= 2 * people.length)
    const stopping = bot.stop()
    for (const one of people) one.say('and this?')
    await stopping
    for (const one of people) t.match(one.heard(), [/^re: think, .* end$/], 'whole, and no piece of it beside')

    const next = await start()
    t.teardown(() => next.stop())
    for (const one of people) {
      await until('the rest', () => one.heard().some((text) => /^re: and this\?.*end$/.test(text)))
      t.equal(one.heard().length, 2, 'what was said meanwhile is answered at the next start')
    }
  })
