import t from 'tap'
import { createClientProvider } from '../../src/models/client-provider.ts'
import { CHAT_LIMITS } from '../../src/models/media-limits.ts'
import type { ModelRequest, ModelResult } from '../../src/models/port.ts'
import { type ProviderSpec, Secret } from '../../src/plan/plan.ts'
import { systemClock, systemRandom } from '../../src/ports.ts'

const SPEC: ProviderSpec = {
  id: 'api',
  provider: 'anthropic',
  defaultModel: 'm',
  apiKey: new Secret('none'),
  headers: {},
  timeoutMs: 1000,
  maxRetries: 0,
  prices: {},
  fingerprint: '1',
  place: { file: 'openclaw.yaml', line: 1, column: 1 },
}
const REQUEST: ModelRequest = {
  model: 'm',
  system: '',
  messages: [],
  tools: [],
  maxTokens: 10,
  signal: new AbortController().signal,
}
const RESULT: ModelResult = {
  content: [{ type: 'text', text: 'hello' }],
  stopReason: 'end_turn',
  model: 'm',
  usage: { input: 1, output: 1, cacheRead: 0, cacheWrite: 0 },
}

t.test('a client that could not be loaded is loaded at the next call, and one that was is kept', async (t) => {
  let loads = 0
  const provider = createClientProvider(
    SPEC,
    { clock: systemClock, random: systemRandom },
    {
      limits: CHAT_LIMITS,
      locate: () => null,
      keyHeaders: [],
      keyVariable: 'KEY',
      load: async () => {
        if (loads++ === 0) throw new Error('no file')
        return 'client'
      },
      list: async () => [],
      prepare: () => async () => RESULT,
    },
  )
  t.teardown(() => provider.close())
  await t.rejects(provider.call(REQUEST), /no file/)
  t.match(await provider.call(REQUEST), { content: [{ text: 'hello' }] })
  await provider.call(REQUEST)
  t.equal(loads, 2)
})
