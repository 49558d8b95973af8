// What a request carries: bytes of a bare hello, and how much of a long conversation the service's cache gives back.

import { startClaw as startInProcess } from '../../src/start.ts'
import { startFakeMessagesApi } from '../../test/support/fake-messages-api.ts'
import { type Row, sample } from '../measure.ts'
import type { Part } from '../part.ts'

const SEED_TOOLS = '[bash, read_file, write_file, save_memory, memory_search]'
const CHARS_PER_TOKEN = 4

export const prompt: Part = {
  name: 'prompt',
  async run({ n, folder }) {
    const api = await startFakeMessagesApi({ reply: () => 'pong' })
    const rows: Row[] = []
    try {
      for (const [name, tools, most] of [
        ['without tools', '[]', 500],
        ['with the seed’s five tools', SEED_TOOLS, 1_500],
      ] as const) {
        const file = `${await folder({
          'openclaw.yaml': `gateway: { port: 0 }\nmodels: { api: { provider: anthropic, baseURL: "${api.url}", apiKey: none } }\nagents: { main: { soul: You are terse., model: api/m, tools: ${tools} } }\n`,
        })}/openclaw.yaml`
        const claw = await startInProcess({ file, watch: false })
        const before = api.requests.length
        const count = n(50, 20)
        for (let i = 0; i < count; i++) {
          const sent = await claw.engine.receive(
            { channelId: 'http', userId: 'u', content: i === 0 ? 'hello' : `message ${i}, a little longer than hello` },
            { kind: 'trusted' },
          )
          if (sent.accepted) await claw.engine.waitForAnswer(sent.sessionKey, sent.messageId)
        }
        const requests = api.requests.slice(before)
        const hello = requests[0]
        const bytes = hello?.raw.length ?? 0
        const ownChars = JSON.stringify([hello?.body.system, hello?.body.tools]).length
        const last = requests.at(-1)
        const share = last === undefined ? 0 : last.cacheRead / Math.max(1, last.raw.length / CHARS_PER_TOKEN)
        const prefixes = new Set(requests.map(({ body }) => JSON.stringify([body.system, body.tools])))
        if (prefixes.size !== 1) throw new Error('the prefix of the requests changed')
        rows.push({
          part: 'prompt',
          name: `bare hello ${name}, bytes`,
          unit: 'B',
          ours: sample([bytes]),
          target: { kind: 'most', value: 6_000 },
        })
        rows.push({
          part: 'prompt',
          name: `bare hello ${name}, tokens of ours`,
          unit: 'tokens',
          ours: sample([Math.ceil(ownChars / CHARS_PER_TOKEN)]),
          target: { kind: 'most', value: most },
        })
        rows.push({
          part: 'prompt',
          name: `share read from the cache, turn ${count}, ${name}`,
          unit: '',
          ours: sample([Math.round(share * 100) / 100]),
        })
        await claw.stop()
      }
    } finally {
      await api.close()
    }
    return rows
  },
}
