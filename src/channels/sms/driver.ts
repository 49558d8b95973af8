// The kit's hands on the fake Twilio.

import { Secret } from '../../plan/plan.ts'
import { createHooksServer } from '../kit/hooks-server.ts'
import { FASTER, type KitDriver, type KitPlatform } from '../kit/index.ts'
import { createFakeTwilio } from './fake/server.ts'
import { sms } from './index.ts'

const NONE = 'SMS has no such thing'
const PLAIN = 'SMS shows no formatting'

export const smsDriver: KitDriver = {
  name: 'SMS',
  definition: sms,
  formats: [],
  cannot: {
    groups: NONE,
    threads: NONE,
    mentions: NONE,
    replies: NONE,
    edits: NONE,
    code: PLAIN,
    dialect: PLAIN,
    typing: NONE,
    streaming: 'messages cannot be edited; the answer comes at the end',
    approvals: 'SMS has no buttons; approvals are commands (/approve ID)',
    echo: 'a number cannot be told to be a bot’s; the engine’s limits end a loop',
  },
  limits: {
    outage: 'calls come in, so an outage shows only when sending',
    mediaOut: 'files go out by a public address only; people read their names and sizes',
  },
  async start(): Promise<KitPlatform> {
    const fake = await createFakeTwilio()
    const hooks = await createHooksServer()
    fake.target(`${hooks.url}/hooks/sms`)
    const users = ['+4915112345678', '+4915187654321'] as const
    const settings = { accountSid: fake.sid, authToken: new Secret(fake.token), from: fake.number }
    return {
      apiRoot: fake.url,
      settings,
      badSettings: { ...settings, authToken: new Secret('wrong-token') },
      users,
      callsIn: true,
      attach(channel) {
        hooks.channel = channel
      },
      say: async ({ user = 0, text, file }) => fake.say(users[user], text, file),
      seen: (_place, user = 0) =>
        fake.sent(users[user]).map(({ sid, text }) => ({ ref: sid, text, formats: [], buttons: [], edits: 0, answers: false })),
      async disconnect() {
        fake.dropConnections()
        hooks.dropConnections()
      },
      limit: (realMs) => fake.fail({ path: /Messages/, status: 429, retryAfter: (realMs * FASTER) / 1000 }),
      sendTimes: () => fake.sends,
      breakDown: () => fake.fail({ path: /./, status: 503, times: Number.POSITIVE_INFINITY }),
      heal: () => fake.heal(),
      loseAnswer: () => fake.fail({ path: /Messages/, after: true }),
      refuse: () => users.forEach(fake.block),
      forge: (text) => fake.call({ MessageSid: 'forged', From: users[0], Body: text }, 'another token'),
      async malformed() {
        for (const fields of [{}, { From: '+1' }, { MessageSid: 'x' }, { MessageStatus: 'failed', ErrorCode: '30007' }])
          await fake.call(fields as never)
        return 4
      },
      async stop() {
        await fake.stop()
        await hooks.stop()
      },
    }
  },
}

export const drivers: readonly KitDriver[] = [smsDriver]
