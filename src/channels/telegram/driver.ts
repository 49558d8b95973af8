// The kit's hands on the fake Telegram.

import { Secret } from '../../plan/plan.ts'
import { createHooksServer } from '../kit/hooks-server.ts'
import { FASTER, type KitDriver, type KitPlatform, type Place } from '../kit/index.ts'
import { createFakeTelegram, type FakeMessage } from './fake/server.ts'
import { telegram } from './index.ts'

const FORMATS: Record<string, string> = {
  bold: 'bold',
  italic: 'italic',
  code: 'code',
  pre: 'pre',
  text_link: 'link',
  blockquote: 'quote',
}

export const telegramDriver = (mode: 'polling' | 'webhook'): KitDriver => ({
  name: mode === 'polling' ? 'Telegram' : 'Telegram webhook',
  definition: telegram,
  cannot: {},
  ...(mode === 'webhook' ? { limits: { outage: 'calls come in, so an outage shows only when sending' } } : {}),
  async start(clock): Promise<KitPlatform> {
    const fake = await createFakeTelegram({ clock })
    const hooks = mode === 'webhook' ? await createHooksServer() : null
    const group = -100777
    const chatOf = (place: Place, user: 0 | 1 = 0): number => (place === 'direct' ? ([11, 22][user] ?? 11) : group)
    const settings = {
      token: new Secret(fake.token),
      ...(hooks === null ? {} : { mode: 'webhook', webhookUrl: `${hooks.url}/hooks/telegram` }),
    }
    const sends = new Set(['sendmessage', 'senddocument', 'sendphoto'])
    return {
      apiRoot: fake.url,
      settings,
      badSettings: { ...settings, token: new Secret('123456:WRONG-token') },
      users: ['11', '22'],
      group: String(group),
      thread: { groupId: String(group), threadId: '5' },
      ...(mode === 'webhook' ? { callsIn: true } : {}),
      attach(channel) {
        if (hooks !== null) hooks.channel = channel
      },
      async say({ place, user = 0, text, mention, answers, edits, file, bot, name }) {
        const id = [11, 22][user] ?? 11
        const said = fake.say({
          from: { id: bot === true ? 99 : id, is_bot: bot === true, ...(name === undefined ? {} : { first_name: name }) },
          text: mention === true ? `@${fake.bot.username} ${text}` : text,
          ...(place === 'direct' ? {} : { chat: group }),
          ...(place === 'thread' ? { thread: 5 } : {}),
          ...(answers === undefined ? {} : { replyTo: Number(answers.ref) }),
          ...(edits === undefined ? {} : { kind: 'edited_message' as const, messageId: Number(edits) }),
          ...(file === undefined
            ? {}
            : { file: { kind: file.mediaType.startsWith('image/') ? ('photo' as const) : ('document' as const), ...file } }),
        })
        return String(said.message_id)
      },
      seen: (place, user) =>
        fake
          .chat(chatOf(place, user))
          .filter((m: FakeMessage) => m.fromBot && (place !== 'thread' || m.thread === 5))
          .map((m) => ({
            ref: String(m.message_id),
            text: m.text,
            formats: m.entities.map((e) => FORMATS[e.type] ?? e.type),
            buttons: m.buttons.map((b) => b.text),
            edits: m.edits,
            answers: m.replyTo !== undefined,
            ...(m.file === undefined ? {} : { file: m.file }),
          })),
      press: (place, ref, label, user) =>
        fake.press({ chat: chatOf(place), message: Number(ref), button: label, from: [11, 22][user] ?? 11 }),
      typing: (place) => fake.typing(chatOf(place)),
      async disconnect() {
        fake.dropConnections()
      },
      limit: (realMs) => fake.fail({ method: 'sendMessage', code: 429, retryAfter: (realMs * FASTER) / 1000 }),
      sendTimes: () => fake.calls.filter((c) => sends.has(c.method)).map((c) => ({ at: c.at / FASTER, ok: c.ok })),
      breakDown: () => fake.fail({ method: '*', code: 500, times: Number.POSITIVE_INFINITY }),
      heal: () => fake.heal(),
      loseAnswer: () => fake.fail({ method: 'sendMessage', code: 0, cut: 'after' }),
      refuse: (place) => fake.block(chatOf(place)),
      async forge(text) {
        const from = { id: 11, is_bot: false, first_name: 'Ann' }
        const message = { message_id: 1, date: 1, chat: { id: 11, type: 'private' }, from, text }
        const headers = { 'content-type': 'application/json', 'x-telegram-bot-api-secret-token': 'another-secret' }
        const body = JSON.stringify({ update_id: 1, message })
        return (await fetch(`${hooks?.url}/hooks/telegram`, { method: 'POST', headers, body })).status
      },
      async malformed() {
        fake.push({ purchased_paid_media: { from: { id: 1 } }, message: { nothing: true } })
        fake.push({
          message: {
            message_id: 5,
            chat: { id: 11, type: 'private' },
            from: { id: 11, is_bot: false },
            text: 7,
            entities: 'no',
          },
        })
        fake.push({
          message: {
            message_id: 6,
            date: 1,
            chat: { id: 11, type: 'private' },
            from: { id: 11, is_bot: false },
            new_chat_title: 'x',
          },
        })
        fake.push({ callback_query: { id: 'x', from: { id: 3, is_bot: false }, data: 'unknown' } })
        fake.push({ callback_query: { id: 'y', data: 'ap:once:1' } })
        return 5
      },
      async stop() {
        await fake.stop()
        await hooks?.stop()
      },
    }
  },
})

export const drivers: readonly KitDriver[] = [telegramDriver('polling'), telegramDriver('webhook')]
