// The kit's hands on the fake Bot Service.

import { Secret } from '../../plan/plan.ts'
import { createHooksServer } from '../kit/hooks-server.ts'
import { FASTER, type KitDriver, type KitPlatform, type Place } from '../kit/index.ts'
import { readMarks } from '../kit/marks.ts'
import { createFakeTeams, type TeamsPosted } from './fake/server.ts'
import { teams } from './index.ts'

const SEND = /\/activities$/
const MARKS = { bold: /\*\*([^*\n]+)\*\*/g, italic: /(?<!\w)[_*]([^_*\n]+)[_*](?!\w)/g, link: /\[([^\]]+)\]\([^)]+\)/g }

export const teamsDriver: KitDriver = {
  name: 'Teams',
  definition: teams,
  cannot: {
    replies: 'bots cannot point at a message they answer; answers to the bot are noticed, and tried in the channel’s own test',
    mediaOut: 'pictures go out, of other files people read names and sizes: tried in the channel’s own test',
    edits: 'edits come as activities of another kind and are not answered',
  },
  limits: {
    outage: 'calls come in, so an outage shows only when sending',
  },
  async start(): Promise<KitPlatform> {
    const fake = await createFakeTeams()
    const hooks = await createHooksServer()
    fake.target(`${hooks.url}/hooks/teams`)
    const users = ['aaaaaaaa-0000-4000-8000-000000000001', 'aaaaaaaa-0000-4000-8000-000000000002'] as const
    const group = '19:general@thread.tacv2'
    const thread = '1700000000000'
    const settings = { appId: fake.appId, appPassword: new Secret(fake.password) }
    const conversationOf = (place: Place, user: 0 | 1 = 0): string =>
      place === 'direct' ? fake.conversationOf(users[user]) : place === 'thread' ? `${group};messageid=${thread}` : group
    // The service tells the bot that it was added: from then on it may write there.
    const meet = async (): Promise<void> => {
      const added = (id: string, type: string, from: string) =>
        fake.activity({
          type: 'conversationUpdate',
          conversation: { id, conversationType: type },
          from: { id: `29:${from}`, aadObjectId: from },
        })
      for (const user of users) await fake.call(added(fake.conversationOf(user), 'personal', user)).catch(() => undefined)
      await fake.call(added(group, 'channel', users[0])).catch(() => undefined)
    }
    return {
      apiRoot: fake.url,
      settings,
      badSettings: { ...settings, appPassword: new Secret('wrong-password') },
      users,
      group,
      thread: { groupId: group, threadId: thread },
      callsIn: true,
      meet,
      attach(channel) {
        hooks.channel = channel
      },
      async say({ place, user = 0, text, mention, answers, file, bot }) {
        const answered = answers === undefined ? undefined : fake.post(answers.ref)
        return fake.say({
          from: users[user],
          text,
          ...(place === 'direct' ? {} : { group }),
          ...(place === 'thread' ? { thread } : {}),
          ...(mention === true ? { mention } : {}),
          ...(answered === undefined ? {} : { answers: answered }),
          ...(bot === true ? { bot } : {}),
          ...(file === undefined ? {} : { file }),
        })
      },
      seen: (place, user) => fake.sent(conversationOf(place, user)).map(seenOf),
      press: async (_place, ref, label, user) => {
        const post = fake.post(ref)
        return post === undefined ? '' : fake.press(post, label, users[user])
      },
      typing: () => fake.typed(),
      async disconnect() {
        fake.dropConnections()
        hooks.dropConnections()
      },
      limit: (realMs) => fake.fail({ path: SEND, status: 429, retryAfter: (realMs * FASTER) / 1000 }),
      sendTimes: () => fake.sends,
      breakDown: () => fake.fail({ path: /^\/v3\//, status: 500, times: Number.POSITIVE_INFINITY }),
      heal: () => fake.heal(),
      loseAnswer: () => fake.fail({ path: SEND, after: true }),
      refuse: (place) => fake.block(conversationOf(place)),
      async forge(text) {
        const conversation = { id: fake.conversationOf(users[0]), conversationType: 'personal' }
        const activity = fake.activity({ from: { id: '29:x', aadObjectId: users[0] }, conversation, text })
        return (await fake.call(activity, `Bearer ${await fake.tokenFor(fake.url, fake.foreignKey)}`)).status
      },
      async malformed() {
        const from = { id: '29:x', aadObjectId: users[0] }
        const odd = [
          null,
          5,
          {},
          fake.activity({ type: 'messageReaction', from }),
          fake.activity({ from }),
          fake.activity({ type: 'invoke', value: 5 }),
        ]
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

function seenOf(post: TeamsPosted) {
  const [attachment] = post.attachments
  const card = attachment?.content
  const data = attachment?.contentUrl?.split('base64,')[1]
  const text = card === undefined ? post.text : card.body.flatMap(({ inlines }) => inlines.map((run) => run.text)).join('\n')
  return {
    ref: post.id,
    ...readMarks(text, MARKS),
    buttons: (card?.actions ?? []).map(({ title }) => title),
    edits: post.edits,
    answers: false,
    ...(data === undefined ? {} : { file: { data: Buffer.from(data, 'base64'), name: attachment?.name ?? '' } }),
  }
}

export const drivers: readonly KitDriver[] = [teamsDriver]
