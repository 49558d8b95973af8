// The kit's hands on the fake open platform.

import { Secret } from '../../plan/plan.ts'
import { createHooksServer } from '../kit/hooks-server.ts'
import { FASTER, type KitDriver, type KitPlatform, type Place } from '../kit/index.ts'
import { readMarks } from '../kit/marks.ts'
import { cardParts, createFakeFeishu } from './fake/server.ts'
import { feishu } from './index.ts'

const SEND = /^\/open-apis\/im\/v1\/messages(?:\/[^/]+\/reply)?$/
const MARKS = { bold: /\*\*([^*\n]+)\*\*/g, italic: /(?<!\w)[_*]([^_*\n]+)[_*](?!\w)/g, link: /\[([^\]]+)\]\([^)]+\)/g }

export const feishuDriver: KitDriver = {
  name: 'Feishu',
  definition: feishu,
  cannot: {
    edits: 'edits are not sent to bots',
    typing: 'Feishu has no typing indicator for bots',
  },
  limits: {
    outage: 'calls come in, so an outage shows only when sending',
    mediaIn: 'files come without a text, pictures with one',
  },
  async start(): Promise<KitPlatform> {
    const fake = await createFakeFeishu()
    const hooks = await createHooksServer()
    fake.target(`${hooks.url}/hooks/feishu`)
    const users = ['ou_ann', 'ou_bob'] as const
    const group = 'oc_group'
    const settings = {
      appId: fake.appId,
      appSecret: new Secret(fake.appSecret),
      verificationToken: new Secret(fake.verificationToken),
      encryptKey: new Secret(fake.encryptKey),
      domain: 'feishu',
    }
    const chatOf = (place: Place, user: 0 | 1 = 0): string => (place === 'direct' ? users[user] : group)
    const root = fake.say({ from: users[1], chat: group, text: 'the root of a thread', earlier: true })
    return {
      apiRoot: fake.url,
      settings,
      badSettings: { ...settings, appSecret: new Secret('wrong-secret') },
      users,
      group,
      thread: { groupId: group, threadId: root },
      callsIn: true,
      attach(channel) {
        hooks.channel = channel
      },
      async say({ place, user = 0, text, mention, answers, file, bot }) {
        return fake.say({
          from: users[user],
          text,
          ...(place === 'direct' ? {} : { chat: group }),
          ...(place === 'thread' ? { thread: root } : {}),
          ...(mention === true ? { mention } : {}),
          ...(answers === undefined ? {} : { answers: answers.ref }),
          ...(bot === true ? { bot } : {}),
          ...(file === undefined ? {} : { file }),
        })
      },
      seen: (place, user) =>
        fake
          .sent(chatOf(place, user))
          .filter((message) => place !== 'thread' || message.root === root)
          .map((message) => {
            const content = JSON.parse(message.content) as { image_key?: string; file_key?: string }
            const file = fake.file(content.image_key ?? content.file_key ?? '')
            const parts = cardParts(message)
            return {
              ref: message.id,
              ...readMarks(parts.flatMap((part) => part.content ?? []).join('\n'), MARKS),
              buttons: parts.flatMap((part) => part.text?.content ?? []),
              edits: message.edits,
              answers: message.answers,
              ...(file === undefined ? {} : { file }),
            }
          }),
      press: (_place, ref, label, user) => fake.press(ref, label, users[user]),
      async disconnect() {
        fake.dropConnections()
        hooks.dropConnections()
      },
      limit: (realMs) => fake.fail({ path: SEND, status: 429, code: 99991400, resetSeconds: (realMs * FASTER) / 1000 }),
      sendTimes: () => fake.sends,
      breakDown: () => fake.fail({ path: /./, status: 500, times: Number.POSITIVE_INFINITY }),
      heal: () => fake.heal(),
      loseAnswer: () => fake.fail({ path: SEND, after: true }),
      refuse: (place) => fake.block(chatOf(place)),
      async forge(text) {
        const message = {
          message_id: 'forged',
          chat_id: 'oc_x',
          chat_type: 'p2p',
          message_type: 'text',
          content: JSON.stringify({ text }),
        }
        const sender = { sender_id: { open_id: users[0] }, sender_type: 'user' }
        return (await fake.call(fake.event('im.message.receive_v1', { sender, message }), 'another key')).status
      },
      async malformed() {
        const sender = { sender_id: { open_id: users[0] }, sender_type: 'user' }
        const odd = [
          fake.event('im.message.receive_v1', {}),
          fake.event('im.message.receive_v1', { sender, message: { message_id: 'x', chat_id: 'y' } }),
          fake.event('im.message.reaction.created_v1', {}),
          fake.event('card.action.trigger', {}),
        ]
        for (const value of [null, 5, ...odd]) await fake.call(value)
        return odd.length + 2
      },
      async stop() {
        await fake.stop()
        await hooks.stop()
      },
    }
  },
}

export const drivers: readonly KitDriver[] = [feishuDriver]
