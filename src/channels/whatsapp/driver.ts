// The kit's hands on the fake Cloud API.

import { Secret } from '../../plan/plan.ts'
import { createHooksServer } from '../kit/hooks-server.ts'
import { FASTER, type KitDriver, type KitPlatform } from '../kit/index.ts'
import { readMarks } from '../kit/marks.ts'
import { sign } from '../signature.ts'
import { createFakeWhatsApp } from './fake/server.ts'
import { whatsapp } from './index.ts'

const NO_GROUPS = 'the Cloud API has no groups for ordinary numbers'

export const whatsappDriver: KitDriver = {
  name: 'WhatsApp',
  definition: whatsapp,
  cannot: {
    groups: NO_GROUPS,
    threads: NO_GROUPS,
    mentions: NO_GROUPS,
    replies: 'the platform gives the id of a quoted message, not its text; replies do point at theirs',
    edits: 'edits are not sent to webhooks',
    streaming: 'messages cannot be edited; the answer comes at the end',
    approvals: 'buttons cannot be taken away once sent; pressing them is tried in the channel’s own test',
    echo: 'only people can write to a business number',
  },
  limits: { outage: 'calls come in, so an outage shows only when sending' },
  async start(): Promise<KitPlatform> {
    const fake = await createFakeWhatsApp()
    const hooks = await createHooksServer()
    fake.target(`${hooks.url}/hooks/whatsapp`)
    const users = ['4915112345', '4915167890'] as const
    const settings = {
      phoneNumberId: fake.phone,
      accessToken: new Secret(fake.token),
      appSecret: new Secret(fake.secret),
      verifyToken: new Secret('verify-me'),
    }
    return {
      apiRoot: fake.url,
      settings,
      badSettings: { ...settings, accessToken: new Secret('EAAwrong') },
      users,
      callsIn: true,
      breakDown: () => fake.fail({ status: 500, times: Number.POSITIVE_INFINITY }),
      heal: () => fake.heal(),
      attach(channel) {
        hooks.channel = channel
      },
      async say({ user = 0, text, file, name }) {
        return fake.say({
          from: users[user],
          text,
          ...(file === undefined ? {} : { file }),
          ...(name === undefined ? {} : { name }),
        })
      },
      seen: (_place, user = 0) =>
        fake.sent(users[user]).map((m) => ({
          ref: m.id,
          ...readMarks(m.text, { bold: /\*([^*\n]+)\*/g, italic: /(?<!\w)_([^_\n]+)_(?!\w)/g }),
          buttons: m.buttons.map((b) => b.title),
          edits: 0,
          answers: m.context !== undefined,
          ...(m.file === undefined ? {} : { file: m.file }),
        })),
      typing: () => fake.typing(),
      async disconnect() {
        fake.dropConnections()
        hooks.dropConnections()
      },
      limit: (realMs) => fake.fail({ status: 429, code: 130_429, retryAfter: (realMs * FASTER) / 1000, path: /messages/ }),
      sendTimes: () => fake.sends,
      loseAnswer: () => fake.fail({ status: 0, after: true, path: /messages/ }),
      refuse: () => fake.fail({ status: 400, code: 131_026, times: Number.POSITIVE_INFINITY, path: /messages/ }),
      async forge(text) {
        const value = {
          metadata: { phone_number_id: fake.phone },
          messages: [{ from: users[0], id: 'forged', type: 'text', text: { body: text } }],
        }
        const body = JSON.stringify({ object: 'whatsapp_business_account', entry: [{ changes: [{ field: 'messages', value }] }] })
        const headers = { 'x-hub-signature-256': `sha256=${sign('another secret', body)}` }
        return (await fetch(`${hooks.url}/hooks/whatsapp`, { method: 'POST', headers, body })).status
      },
      async malformed() {
        const metadata = { phone_number_id: fake.phone }
        const odd = [
          null,
          {},
          { metadata },
          { metadata, messages: [{}] },
          { metadata, messages: [{ from: 'x', id: 'y', type: 'reaction' }] },
        ]
        for (const value of [...odd, { metadata, statuses: [{ id: 'x', status: 'failed' }] }]) fake.push(value)
        fake.push({
          metadata: { phone_number_id: 'another' },
          messages: [{ from: 'x', id: 'z', type: 'text', text: { body: 'not ours' } }],
        })
        return 7
      },
      async stop() {
        await fake.stop()
        await hooks.stop()
      },
    }
  },
}

export const drivers: readonly KitDriver[] = [whatsappDriver]
