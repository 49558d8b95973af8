// The kit's hands on the fake Discord.

import { Secret } from '../../plan/plan.ts'
import type { KitDriver, KitPlatform, Place } from '../kit/index.ts'
import { readMarks } from '../kit/marks.ts'
import { createFakeDiscord } from './fake/server.ts'
import { discord } from './index.ts'

export const discordDriver: KitDriver = {
  name: 'Discord',
  definition: discord,
  // The library waits half a second before it connects again.
  quickCuts: 4,
  cannot: {},
  async start(): Promise<KitPlatform> {
    const fake = await createFakeDiscord()
    const users = ['700000000000000011', '700000000000000022'] as const
    const guild = '800000000000000001'
    const channels = { group: '800000000000000002', thread: '800000000000000003' }
    const channelOf = (place: Place, user: 0 | 1 = 0): string => (place === 'direct' ? fake.direct(users[user]) : channels[place])
    return {
      apiRoot: fake.url,
      settings: { token: new Secret(fake.token) },
      badSettings: { token: new Secret('wrong-token-here') },
      users,
      group: guild,
      groupThread: channels.group,
      thread: { groupId: guild, threadId: channels.thread },
      async say({ place, user = 0, text, mention, answers, edits, file, bot, name }) {
        if (edits !== undefined) {
          fake.edit(edits, text)
          return edits
        }
        return fake.say({
          from: bot === true ? '700000000000000099' : users[user],
          text: mention === true ? `<@${fake.botId}> ${text}` : text,
          channel: channelOf(place, user),
          ...(place === 'direct' ? {} : { guild }),
          ...(bot === true ? { bot } : {}),
          ...(name === undefined ? {} : { name }),
          ...(answers === undefined ? {} : { replyTo: answers.ref }),
          ...(file === undefined ? {} : { file }),
        }).id
      },
      seen: (place, user) =>
        fake
          .messages(channelOf(place, user))
          .filter((m) => m.fromBot && m.author === fake.botId)
          .map((m) => ({
            ref: m.id,
            ...readMarks(m.content, { bold: /\*\*([^*\n]+)\*\*/g, italic: /(?<!\*)\*([^*\n]+)\*(?!\*)/g }),
            buttons: m.components.map((c) => c.label),
            edits: m.edits,
            answers: m.reference !== undefined,
            ...(m.files[0] === undefined ? {} : { file: m.files[0] }),
          }))
          .flatMap((seen, index, all) => {
            // Several files hang on one message; the kit counts them one by one.
            const files = fake.messages(channelOf(place, user)).find((m) => m.id === all[index]?.ref)?.files ?? []
            return files.length > 1 ? files.map((file) => ({ ...seen, file })) : [seen]
          }),
      press: (_place, ref, label, user) => fake.press({ message: ref, label, from: users[user] }),
      typing: (place) => fake.typing(channelOf(place)),
      async disconnect() {
        fake.dropConnections()
      },
      isConnected: () => fake.connected(),
      limit: (realMs) => fake.fail({ status: 429, retryAfter: realMs / 1000, path: /POST .*messages/ }),
      sendTimes: () => fake.sends,
      breakDown: () => fake.fail({ status: 500, times: Number.POSITIVE_INFINITY }),
      heal: () => fake.heal(),
      loseAnswer: () => fake.fail({ status: 0, after: true, path: /POST .*messages/ }),
      refuse: () => fake.fail({ status: 403, code: 50007, times: Number.POSITIVE_INFINITY, path: /POST .*messages/ }),
      async malformed() {
        fake.dispatch('SOMETHING_NEW', { a: 1 })
        fake.dispatch('MESSAGE_CREATE', { id: 'x' })
        fake.dispatch('MESSAGE_CREATE', {
          id: '1',
          channel_id: '5',
          type: 99,
          author: { id: '3', username: 'x' },
          content: 'x',
          timestamp: 'never',
        })
        fake.dispatch('INTERACTION_CREATE', { id: '1', type: 3, data: {} })
        return 4
      },
      stop: () => fake.stop(),
    }
  },
}

export const drivers: readonly KitDriver[] = [discordDriver]
