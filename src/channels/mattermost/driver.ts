// The kit's hands on the fake Mattermost.

import { Secret } from '../../plan/plan.ts'
import { FASTER, type KitDriver, type KitPlatform, type Place } from '../kit/index.ts'
import { readMarks } from '../kit/marks.ts'
import { createFakeMattermost } from './fake/server.ts'
import { mattermost } from './index.ts'

const MARKS = { bold: /\*\*([^*\n]+)\*\*/g, italic: /(?<!\w)[_*]([^_*\n]+)[_*](?!\w)/g, link: /\[([^\]]+)\]\([^)]+\)/g }

export const mattermostDriver: KitDriver = {
  name: 'Mattermost',
  definition: mattermost,
  cannot: {
    replies: 'Mattermost has no posts that point at another outside threads; answers in a thread of the bot are noticed',
    approvals: 'buttons call an address of the bot, which it has none of; approvals are commands (/approve ID)',
  },
  async start(): Promise<KitPlatform> {
    const fake = await createFakeMattermost()
    const users = [fake.user('ann'), fake.user('bob')] as const
    const group = fake.group()
    const other = fake.user('robot')
    const thread = fake.say({ user_id: users[1], channel_id: group, message: 'the root of a thread' }).id
    const channelOf = (place: Place, user: 0 | 1 = 0): string => (place === 'direct' ? fake.direct(users[user]) : group)
    return {
      apiRoot: fake.url,
      settings: { token: new Secret(fake.token) },
      badSettings: { token: new Secret('wrong') },
      users,
      group,
      thread: { groupId: group, threadId: thread },
      async say({ place, user = 0, text, mention, edits, file, bot }) {
        if (edits !== undefined) {
          fake.edit(edits, text)
          return edits
        }
        return fake.say({
          user_id: bot === true ? other : users[user],
          message: mention === true ? `@${fake.bot.username} ${text}` : text,
          channel_id: channelOf(place, user),
          ...(place === 'thread' ? { root_id: thread } : {}),
          ...(bot === true ? { props: { from_bot: 'true' } } : {}),
          ...(file === undefined ? {} : { file_ids: [fake.keepFile(file)] }),
        }).id
      },
      seen: (place, user) =>
        fake
          .sent(channelOf(place, user))
          .filter((post) => place !== 'thread' || post.root_id === thread)
          .flatMap((post) => {
            const seen = { ref: post.id, ...readMarks(post.message, MARKS), buttons: [], edits: post.edits, answers: false }
            const files = post.file_ids.flatMap((id) => fake.file(id) ?? [])
            return files.length === 0 ? [seen] : files.map((file) => ({ ...seen, file }))
          }),
      typing: () => fake.typed(),
      async disconnect() {
        fake.dropConnections()
      },
      isConnected: () => fake.isConnected(),
      limit: (realMs) => fake.fail({ path: /^\/posts$/, status: 429, retryAfter: (realMs * FASTER) / 1000 }),
      sendTimes: () => fake.sends,
      breakDown: () => fake.fail({ path: /./, status: 500, times: Number.POSITIVE_INFINITY }),
      heal: () => fake.heal(),
      loseAnswer: () => fake.fail({ path: /^\/posts$/, after: true }),
      refuse: (place) => fake.kick(channelOf(place)),
      async malformed() {
        fake.event('posted', {})
        fake.event('posted', { post: '{' })
        fake.event('posted', { post: '{"id": 5, "message": {}}' })
        fake.event('something_new', { post: 'x' })
        fake.say({ user_id: users[0], channel_id: group, message: 'ann joined', type: 'system_join_channel' })
        fake.say({ user_id: users[0], channel_id: group, message: '', props: { from_webhook: 'true' } })
        return 6
      },
      stop: () => fake.stop(),
    }
  },
}

export const drivers: readonly KitDriver[] = [mattermostDriver]
