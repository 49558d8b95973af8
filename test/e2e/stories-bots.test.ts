// Two bots of ours in one group, both told to answer everything, on a model that answers with what it hears: they would talk
// for ever if either took the other for a person.

import t from 'tap'
import { createFakeDiscord } from '../../src/channels/discord/fake/server.ts'
import { createIrcNetwork, hasNgircd, IRC_PASSWORD } from '../../src/channels/irc/fake/ngircd.ts'
import { createFakeSlack } from '../../src/channels/slack/fake/server.ts'
import { createFakeTelegram } from '../../src/channels/telegram/fake/server.ts'
import { type Bot, HEAD } from '../support/bot.ts'
import { until } from '../support/channel-host.ts'
import { kept, storyBot } from './stories-world.ts'

/** What one bot of the two is told by the other, and both by people. */
interface Room {
  readonly yaml: string
  say(text: string): void
  /** Texts of both bots, in order. */
  readonly answers: string[]
}

type Open = (test: Pick<typeof t, 'teardown'>) => Promise<Room>

const onTelegram: Open = async (test) => {
  const fakes = [
    await kept(test, createFakeTelegram({ token: '1:A-token' })),
    await kept(test, createFakeTelegram({ token: '2:B-token' })),
  ] as const
  const answers: string[] = []
  for (const [i, fake] of fakes.entries())
    fake.onSent((message) => {
      answers.push(message.text)
      fakes[1 - i]?.say({ from: { id: 900 + i, is_bot: true }, chat: -55, text: message.text })
    })
  const line = (i: 0 | 1): string =>
    `{ type: telegram, token: "${fakes[i].token}", apiRoot: "${fakes[i].url}", groups: { respond: always } }`
  return {
    yaml: `{ a: ${line(0)}, b: ${line(1)} }`,
    say: (text) => fakes.forEach((fake) => void fake.say({ from: 11, chat: -55, text })),
    answers,
  }
}

const onDiscord: Open = async (test) => {
  const fakes = [await kept(test, createFakeDiscord()), await kept(test, createFakeDiscord())] as const
  const answers: string[] = []
  const place = { channel: '800000000000000002', guild: '800000000000000001' }
  for (const [i, fake] of fakes.entries())
    fake.onSent((message) => {
      answers.push(message.content)
      fakes[1 - i]?.say({ from: `90000000000000009${i}`, bot: true, text: message.content, ...place })
    })
  const line = (i: 0 | 1): string =>
    `{ type: discord, token: "${fakes[i].token}", apiRoot: "${fakes[i].url}/api", groups: { respond: always } }`
  return {
    yaml: `{ a: ${line(0)}, b: ${line(1)} }`,
    say: (text) => fakes.forEach((fake) => void fake.say({ from: '700000000000000011', text, ...place })),
    answers,
  }
}

const onSlack: Open = async (test) => {
  const fakes = [await kept(test, createFakeSlack()), await kept(test, createFakeSlack())] as const
  const answers: string[] = []
  for (const [i, fake] of fakes.entries())
    fake.onSent((message) => {
      answers.push(message.text)
      fakes[1 - i]?.say({ from: `UBOT${i}`, bot: true, channel: 'C1', text: message.text })
    })
  const line = (i: 0 | 1): string =>
    `{ type: slack, botToken: "${fakes[i].botToken}", appToken: "${fakes[i].appToken}", apiRoot: "${fakes[i].url}", groups: { respond: always } }`
  return {
    yaml: `{ a: ${line(0)}, b: ${line(1)} }`,
    say: (text) => fakes.forEach((fake) => void fake.say({ from: 'U1', channel: 'C1', text })),
    answers,
  }
}

const onIrc: Open = async (test) => {
  const network = await kept(test, createIrcNetwork())
  const ann = await network.person('ann', ['#room'])
  const answers: string[] = []
  ann.onHeard((text) => answers.push(text.replace(/\p{Cc}/gu, '')))
  const line = (nick: string): string =>
    `{ type: irc, server: x, nick: ${nick}, identifyBy: hostmask, join: ["#room"], password: ${IRC_PASSWORD}, apiRoot: "irc://127.0.0.1:${network.port}", groups: { respond: always } }`
  return { yaml: `{ a: ${line('clawa')}, b: ${line('clawb')} }`, say: (text) => ann.say('#room', text), answers }
}

for (const [name, open] of [
  ['Telegram', onTelegram],
  ['Discord', onDiscord],
  ['Slack', onSlack],
  ['IRC', onIrc],
] as const) {
  t.test(name, { skip: name === 'IRC' && !hasNgircd() ? 'ngircd is not installed' : false }, async (t) => {
    const room = await open(t)
    const bot: Bot = await storyBot(
      `${HEAD}
agents: { main: { soul: S } }
channels: ${room.yaml}
`,
      ['a', 'b'],
    )
    t.teardown(() => bot.stop())
    room.say('good morning, all')
    await until('both to answer', () => room.answers.length === 2)
    // What an echo would start has begun before the next word is answered.
    room.say('and good night')
    await until('both again', () => room.answers.filter((text) => text.includes('good night')).length === 2)
    await new Promise((resolve) => setTimeout(resolve, 100))
    t.same(room.answers, [
      'You said: good morning, all',
      'You said: good morning, all',
      'You said: and good night',
      'You said: and good night',
    ])
  })
}
