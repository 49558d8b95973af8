// The kit's hands on the webhook channel: a program that signs its calls and checks those it gets.

import { Secret } from '../../plan/plan.ts'
import { json, serve } from '../kit/fake-server.ts'
import { createHooksServer } from '../kit/hooks-server.ts'
import type { KitDriver, KitPlatform } from '../kit/index.ts'
import { sign } from '../signature.ts'
import { webhook } from './index.ts'

const SECRET = 'a shared secret'
const OTHERS = 'the other program’s own business'

export const webhookDriver: KitDriver = {
  name: 'Webhook',
  definition: webhook,
  cannot: {
    groups: OTHERS,
    threads: OTHERS,
    mentions: OTHERS,
    replies: 'a call carries no quote; replies name what they answer as `replyTo` if the template says so',
    edits: OTHERS,
    split: 'texts go out whole',
    code: 'texts go out whole',
    dialect: 'texts go out as Markdown',
    mediaIn: 'calls carry text',
    typing: OTHERS,
    streaming: 'the answer goes out at the end',
    approvals: 'no buttons; approvals are commands (/approve ID)',
    echo: OTHERS,
  },
  limits: {
    outage: 'calls come in, so an outage shows only when sending',
    huge: 'texts go out whole',
  },
  async start(): Promise<KitPlatform> {
    const hooks = await createHooksServer()
    const got = new Map<string, { content: string; userId: string; files: { name: string; data: Buffer }[] }>()
    const sends: { at: number; ok: boolean }[] = []
    let limited = 0
    let lose = false
    let gone = false
    let down = false
    const receiver = await serve((request, response, body) => {
      const call = { at: Date.now(), ok: false }
      sends.push(call)
      if (request.headers['x-claw-signature'] !== `sha256=${sign(SECRET, body)}`) return json(response, 401, {})
      if (gone) return json(response, 410, {})
      if (down) return json(response, 500, {})
      if (limited > 0) {
        const wait = limited
        limited = 0
        return json(response, 429, {}, { 'retry-after': String(Math.ceil((wait * 50) / 1000)) })
      }
      call.ok = true
      const message = JSON.parse(body.toString('utf8')) as {
        content: string
        target: { userId: string }
        attachments: { name: string; data: string }[]
      }
      // Told that it is the same, it takes it once.
      got.set(String(request.headers['idempotency-key']), {
        content: message.content,
        userId: message.target.userId,
        files: message.attachments.map(({ name, data }) => ({ name, data: Buffer.from(data, 'base64') })),
      })
      if (lose) {
        lose = false
        request.socket.destroy()
        return
      }
      json(response, 200, {})
    })
    const call = async (value: unknown, key = SECRET): Promise<number> => {
      const body = JSON.stringify(value)
      const response = await fetch(`${hooks.url}/hooks/webhook`, {
        method: 'POST',
        headers: { 'x-claw-signature': `sha256=${sign(key, body)}` },
        body,
      })
      await response.body?.cancel()
      return response.status
    }
    let counter = 0
    // A caller in order that calls again until it is taken, as such programs do.
    let tail: Promise<void> = Promise.resolve()
    let stopped = false
    return {
      settings: { secret: new Secret(SECRET), url: `${receiver.url}/in` },
      badSettings: { secret: new Secret('') },
      users: ['ann', 'bob'],
      callsIn: true,
      breakDown() {
        down = true
      },
      heal() {
        down = false
      },
      attach(channel) {
        hooks.channel = channel
      },
      async say({ user = 0, text }) {
        const id = `call-${++counter}`
        tail = tail.then(async () => {
          while (!stopped) {
            const status = await call({ userId: ['ann', 'bob'][user], content: text, messageId: id }).catch(() => 0)
            if (status === 202) return
            await new Promise((resolve) => setTimeout(resolve, 5))
          }
        })
        return id
      },
      seen: (_place, user = 0) =>
        [...got.values()]
          .filter((m) => m.userId === ['ann', 'bob'][user])
          .flatMap((m) => {
            const seen = { ref: '', text: m.content, formats: [], buttons: [], edits: 0, answers: false }
            return m.files.length === 0 ? [seen] : m.files.map((file) => ({ ...seen, file }))
          }),
      async disconnect() {
        hooks.dropConnections()
        receiver.dropConnections()
      },
      limit(realMs) {
        limited = realMs
      },
      sendTimes: () => sends,
      loseAnswer() {
        lose = true
      },
      refuse() {
        gone = true
      },
      forge: (text) => call({ userId: 'ann', content: text, messageId: 'forged' }, 'another secret'),
      async malformed() {
        for (const odd of [null, 5, [], {}, { userId: 'x' }, { userId: '', content: 'x' }]) await call(odd)
        return 6
      },
      async stop() {
        stopped = true
        await hooks.stop()
        await receiver.stop()
      },
    }
  },
}

export const drivers: readonly KitDriver[] = [webhookDriver]
