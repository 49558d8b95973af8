// What authors of model services may write, and what the compiler must refuse. The type check is the test.

import t from 'tap'
import {
  abortSignal,
  callService,
  ModelError,
  type ModelProvider,
  type ModelResult,
  type PluginModule,
  type ProviderDefinition,
  type ProviderFactory,
  responseError,
  Secret,
} from '../../src/model.ts'

const usage = { input: 1, output: 1, cacheRead: 0, cacheWrite: 0 }

const create: ProviderFactory = (spec, { clock, random }): ModelProvider => ({
  hasCredentials: () => spec.apiKey?.isSet === true,
  call: ({ model, messages, tools, signal }, onText, onRestart) =>
    callService<ModelResult>({
      spec,
      clock,
      random,
      signal,
      onRestart,
      attempt: async (stop) => {
        const response = await fetch(spec.baseURL ?? '', { signal: abortSignal(stop) })
        if (!response.ok) throw await responseError(response)
        onText?.(`${messages.length} ${tools.length}`)
        return { content: [{ type: 'tool_use', id: '1', name: 'x', input: {} }], stopReason: 'tool_use', usage, model }
      },
    }),
  close: async () => {},
})

export const plugin: PluginModule = { models: { mine: create } }

export const definition: ProviderDefinition = {
  type: 'mine',
  environment: { key: 'MINE_API_KEY' },
  traits: { keyless: true },
  load: async () => create,
}

// @ts-expect-error an error of a model is of a known kind
export const odd = (): ModelError => new ModelError('tired', 'no')
// @ts-expect-error what it cost is part of the answer
export const free: ModelResult = { content: [], stopReason: 'end_turn', model: 'x' }
// @ts-expect-error a key is a Secret, not a text
export const bare = (spec: Parameters<ProviderFactory>[0]): string => spec.apiKey

t.test('what responseError makes is read by callService', async (t) => {
  const error = await responseError(new Response('slow down', { status: 429, headers: { 'retry-after': '2' } }))
  t.match(error, { status: 429, message: '429 slow down' })
  const clock = { now: () => 0, elapsed: () => 0, after: () => () => {} }
  const random = { number: () => 0, id: () => 'x' }
  const spec = { id: 'mine', provider: 'mine', defaultModel: 'x', headers: {}, timeoutMs: 1000, maxRetries: 0, prices: {} }
  const place = { file: 'x', line: 1, column: 1 }
  const { signal } = new AbortController()
  const attempt = async (): Promise<never> => {
    throw error
  }
  const call = { spec: { ...spec, apiKey: new Secret('key'), fingerprint: '', place }, clock, random, signal, attempt }
  const failed: unknown = await callService({ ...call, onRestart: undefined }).catch((thrown: unknown) => thrown)
  t.ok(failed instanceof ModelError)
  t.match(failed, { kind: 'rate_limit', status: 429, retryAfterMs: 2000 })
})
