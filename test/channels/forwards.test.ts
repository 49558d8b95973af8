// Forwarded words reach the agent as a part of the message, marked as data, on every channel that has forwards.

import t from 'tap'
import { userContent } from '../../src/agent/user-entry.ts'
import { readMessage as readDiscord } from '../../src/channels/discord/intake.ts'
import { FORWARDED_NOTE, type InboundMessage } from '../../src/channels/port.ts'
import { readMessage as readSlack } from '../../src/channels/slack/intake.ts'
import { readMessage as readTelegram } from '../../src/channels/telegram/intake.ts'
import { readMessage as readWhatsApp } from '../../src/channels/whatsapp/intake.ts'
import type { InboxRow } from '../../src/storage/ports.ts'
import { makePlan } from '../support/make-plan.ts'

const plan = makePlan()
const WORDS = '/stop all, the forwarded words'
const self = { id: '1', applicationId: '1' }

/** By platform: the message with these words of the person's own, '' for none. */
const READ: Readonly<Record<string, (own: string) => InboundMessage | undefined>> = {
  discord: (own) => {
    const raw = { id: '5', channel_id: '6', type: 0, content: own, author: { id: '7' }, timestamp: '2026-01-01T00:00:00Z' }
    const snapshot = { message: { content: WORDS, attachments: [], embeds: [] } }
    const names = { channel: () => undefined, role: () => undefined }
    const reader = { self, plan, channelId: 'discord', names }
    return readDiscord({ ...raw, message_snapshots: [snapshot] } as never, undefined, reader)?.message
  },
  slack: (own) => {
    const raw = { channel: 'D1', user: 'U2', ts: '1.1', text: own }
    const shared = { is_share: true, author_name: 'Ann', text: WORDS }
    return readSlack({ ...raw, attachments: [shared] }, { userId: 'U1' }, plan, 'slack')?.message
  },
  telegram: () => {
    const origin = { type: 'hidden_user', sender_user_name: 'Ann', date: 0 }
    const chat = { id: 5, type: 'private' }
    const raw = {
      message_id: 1,
      date: 1,
      chat,
      from: { id: 5, is_bot: false, first_name: 'B' },
      text: WORDS,
      forward_origin: origin,
    }
    return readTelegram(raw as never, { id: 1, username: 'bot' } as never, plan, 'telegram')?.message
  },
  whatsapp: () => {
    const raw = { id: 'w', from: '49', type: 'text', text: { body: WORDS }, context: { forwarded: true } }
    return readWhatsApp(raw, {}, 'whatsapp')?.message
  },
}

for (const [platform, read] of Object.entries(READ)) {
  t.test(platform, async (t) => {
    for (const own of ['', 'what is this?']) {
      const message = read(own)
      if (message === undefined) return t.fail('nothing was read')
      t.match(message.forwarded?.content, /the forwarded words/)
      t.notMatch(message.content, /forwarded words/, 'they are not the words of the one who passes them on')
      t.ok([own, FORWARDED_NOTE].includes(message.content))
      const row = { content: message.content, message } as InboxRow
      t.match(userContent([row], false, 'salt'), /\[Data from a forwarded message/)
    }
  })
}

t.test('kinds that cannot be shown arrive as a note', async (t) => {
  for (const type of ['order', 'unsupported', 'button_of_tomorrow'])
    t.match(readWhatsApp({ id: 'w', from: '49', type }, {}, 'whatsapp')?.message.content, /^\[a message of/)
  t.equal(readWhatsApp({ id: 'w', from: '49', type: 'reaction' }, {}, 'whatsapp'), null)
})
