// The kit's hands on the fake Slack.

import { Secret } from '../../plan/plan.ts'
import { FASTER, type KitDriver, type KitPlatform, type Place } from '../kit/index.ts'
import { readMarks } from '../kit/marks.ts'
import { createFakeSlack } from './fake/server.ts'
import { slack } from './index.ts'

const decode = (text: string): string => text.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&')

export const slackDriver: KitDriver = {
  name: 'Slack',
  definition: slack,
  cannot: {
    replies: 'Slack has no messages that point at another outside threads; answers in a thread of the bot are noticed',
    typing: 'Slack has no typing indicator for apps',
  },
  async start(): Promise<KitPlatform> {
    const fake = await createFakeSlack()
    const users = ['U1', 'U2'] as const
    const group = 'C1'
    const thread = fake.say({ from: 'U2', channel: group, text: 'the root of a thread' }).ts
    const channelOf = (place: Place, user: 0 | 1 = 0): string => (place === 'direct' ? fake.direct(users[user]) : group)
    return {
      apiRoot: fake.url,
      settings: { botToken: new Secret(fake.botToken), appToken: new Secret(fake.appToken) },
      badSettings: { botToken: new Secret('xoxb-wrong'), appToken: new Secret(fake.appToken) },
      users,
      group,
      thread: { groupId: group, threadId: thread },
      async say({ place, user = 0, text, mention, edits, file, bot }) {
        if (edits !== undefined) {
          fake.edit(edits, text)
          return edits
        }
        return fake.say({
          from: bot === true ? 'U9' : users[user],
          text: mention === true ? `<@${fake.botUser}> ${text}` : text,
          channel: channelOf(place, user),
          ...(place === 'thread' ? { thread } : {}),
          ...(bot === true ? { bot } : {}),
          ...(file === undefined ? {} : { file }),
        }).ts
      },
      seen: (place, user) =>
        fake
          .messages(channelOf(place, user))
          .filter((m) => m.user === fake.botUser && (place !== 'thread' || m.thread === thread))
          .map((m) => ({
            ref: m.ts,
            ...readMarks(
              m.text,
              { bold: /\*([^*\n]+)\*/g, italic: /(?<!\w)_([^_\n]+)_(?!\w)/g, link: /<http[^|>]+\|([^>]+)>/g },
              decode,
            ),
            buttons: m.buttons.map((b) => b.label),
            edits: m.edits,
            answers: false,
            ...(m.file === undefined ? {} : { file: m.file }),
          })),
      press: (_place, ref, label, user) => fake.press({ ts: ref, label, from: users[user] }),
      async disconnect() {
        fake.dropConnections()
      },
      isConnected: () => fake.connected(),
      limit: (realMs) => fake.fail({ method: /postMessage/, retryAfter: (realMs * FASTER) / 1000 }),
      sendTimes: () => fake.sends,
      breakDown: () => fake.fail({ method: /./, status: 500, times: Number.POSITIVE_INFINITY }),
      heal: () => fake.heal(),
      loseAnswer: () => fake.fail({ method: /postMessage/, after: true }),
      refuse: () => fake.fail({ method: /postMessage/, error: 'is_archived', times: Number.POSITIVE_INFINITY }),
      async malformed() {
        fake.envelope('events_api', { event: { type: 'message' } })
        fake.envelope('events_api', { event: { type: 'message', channel: 'C1', user: 'U1', ts: 'yesterday', text: 5 } })
        fake.envelope('events_api', { event: { type: 'something_new' } })
        fake.envelope('interactive', { type: 'block_actions', actions: [] })
        fake.envelope('interactive', {})
        fake.envelope('slash_commands', {})
        return 6
      },
      stop: () => fake.stop(),
    }
  },
}

export const drivers: readonly KitDriver[] = [slackDriver]
