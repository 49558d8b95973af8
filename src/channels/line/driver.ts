// The kit's hands on the fake Messaging API.

import { Secret } from '../../plan/plan.ts'
import { createHooksServer } from '../kit/hooks-server.ts'
import { FASTER, type KitDriver, type KitPlatform, type Place } from '../kit/index.ts'
import { createFakeLine } from './fake/server.ts'
import { line } from './index.ts'

const SEND = /\/message\/(push|reply)$/

export const lineDriver: KitDriver = {
  name: 'LINE',
  definition: line,
  formats: [],
  cannot: {
    threads: 'LINE has no threads',
    replies: 'LINE gives the id of a quoted message, not its text',
    edits: 'messages cannot be edited',
    code: 'LINE shows no formatting; code is plain text',
    dialect: 'LINE shows no formatting',
    streaming: 'messages cannot be edited; the answer comes at the end',
    repeat: 'a push carries a retry key and arrives once; a free reply cannot: tried in the channel’s own test',
    approvals: 'quick replies cannot be taken away once sent; pressing them is tried in the channel’s own test',
    echo: 'bots do not see each other’s messages',
  },
  captions: false,
  limits: {
    mediaIn: 'files come without a text',
    mediaOut: 'LINE takes files only by a public address; people read their names and sizes',
    outage: 'calls come in, so an outage shows only when sending',
    typing: 'in direct chats',
  },
  async start(): Promise<KitPlatform> {
    const fake = await createFakeLine()
    const hooks = await createHooksServer()
    fake.target(`${hooks.url}/hooks/line`)
    const users = [`U${'1'.repeat(32)}`, `U${'2'.repeat(32)}`] as const
    const group = `C${'3'.repeat(32)}`
    const settings = { channelAccessToken: new Secret(fake.token), channelSecret: new Secret(fake.secret) }
    const chatOf = (place: Place, user: 0 | 1 = 0): string => (place === 'direct' ? users[user] : group)
    return {
      apiRoot: fake.url,
      settings,
      badSettings: { ...settings, channelAccessToken: new Secret('wrong-token') },
      users,
      group,
      callsIn: true,
      attach(channel) {
        hooks.channel = channel
      },
      async say({ place, user = 0, text, mention, file }) {
        return fake.say({
          from: users[user],
          text,
          ...(place === 'group' ? { group } : {}),
          ...(mention === true ? { mention } : {}),
          ...(file === undefined ? {} : { file }),
        })
      },
      seen: (place, user) =>
        fake.sent(chatOf(place, user)).map((message) => ({
          ref: message.id,
          text: message.text,
          formats: [],
          buttons: message.buttons.map(({ label }) => label),
          edits: 0,
          answers: false,
        })),
      typing: () => fake.loading(),
      async disconnect() {
        fake.dropConnections()
        hooks.dropConnections()
      },
      limit: (realMs) => fake.fail({ path: SEND, status: 429, retryAfter: (realMs * FASTER) / 1000 }),
      sendTimes: () => fake.sends,
      breakDown: () => fake.fail({ path: /./, status: 500, times: Number.POSITIVE_INFINITY }),
      heal: () => fake.heal(),
      loseAnswer: () => fake.fail({ path: SEND, after: true }),
      refuse: (place) => fake.block(chatOf(place)),
      forge(text) {
        const source = { type: 'user', userId: users[0] }
        return fake.call(
          { events: [{ type: 'message', source, message: { id: 'forged', type: 'text', text } }] },
          'another secret',
        )
      },
      async malformed() {
        const odd = [null, 5, {}, { events: 'x' }, { events: [null, {}, { type: 'follow' }, { type: 'message', message: {} }] }]
        for (const value of odd) await fake.call(value)
        return odd.length
      },
      async stop() {
        await fake.stop()
        await hooks.stop()
      },
    }
  },
}

export const drivers: readonly KitDriver[] = [lineDriver]
