// Chat completions through the official client: a ModelRequest in, the answer out in the Messages API's shape. The client
// loads on the first call. Also for the many servers that speak this language: see `baseURL` and a key of `none`.

import type { ChatCompletionCreateParamsStreaming } from 'openai/resources/chat/completions'
import type { ProviderSpec } from '../plan/plan.ts'
import type { Clock, Random } from '../ports.ts'
import { createClientCalls } from './client-calls.ts'
import { toChatRequest } from './openai-request.ts'
import { type ChatChunk, createChatReader } from './openai-stream.ts'
import { ModelError, type ModelProvider } from './port.ts'
import { readEvents, streamError } from './server-events.ts'
import { callService, LONGEST_TIMER_MS } from './service.ts'

export function createOpenAIProvider(spec: ProviderSpec, world: { clock: Clock; random: Random }): ModelProvider {
  const key = spec.apiKey?.reveal() ?? ''
  const headers = Object.fromEntries(Object.entries(spec.headers).map(([name, value]) => [name.toLowerCase(), value.reveal()]))
  const ownKey = ['authorization', 'api-key'].some((name) => (headers[name] ?? '') !== '')
  const calls = createClientCalls()
  let client: ReturnType<typeof load> | undefined

  async function load() {
    const { default: OpenAI } = await import('openai')
    const keyless = key === 'none' || key === ''
    return new OpenAI({
      apiKey: keyless ? 'none' : key,
      // Names of an OpenAI account in the environment are nobody else's business.
      ...(spec.baseURL === undefined
        ? {}
        : { baseURL: withVersion(spec.baseURL), organization: null, project: null, adminAPIKey: null }),
      defaultHeaders: { ...(keyless ? { authorization: null } : {}), ...headers },
      maxRetries: spec.maxRetries,
      timeout: Math.min(spec.timeoutMs, LONGEST_TIMER_MS),
      fetch: calls.fetch,
      logLevel: 'off',
    })
  }

  return {
    hasCredentials: () => key !== '' || ownKey,
    async call(request, onText, onRestart) {
      if (key === '' && !ownKey) {
        throw new ModelError('credentials', `No key is set for ${spec.id}: set OPENAI_API_KEY, or apiKey in the configuration.`)
      }
      client ??= load()
      const { chat } = await client
      // Other servers know only the older name of the limit.
      const body = toChatRequest(request, spec.baseURL === undefined ? 'max_completion_tokens' : 'max_tokens')
      return callService({
        spec,
        ...world,
        signal: request.signal,
        onRestart,
        attempt: async (signal, began) => {
          const response = await calls.post(JSON.stringify(body), signal, (fetchOptions) =>
            chat.completions
              .create(body as unknown as ChatCompletionCreateParamsStreaming, { signal, fetchOptions })
              .asResponse(),
          )
          began()
          const reader = createChatReader(onText)
          await readEvents<ChatChunk>(response, (chunk) => {
            if (chunk?.error) throw streamError(chunk.error)
            reader.take(chunk)
          })
          return reader.result(request.model)
        },
      })
    },
    async warm() {
      client ??= load()
      await client
      new Headers() // the first one costs 20 ms: node loads its own client for it
    },
    async close() {
      calls.close()
    },
  }
}

/** `http://host:port` alone means `/v1` there, as with the other service. */
function withVersion(base: string): string {
  const url = new URL(base)
  return url.pathname === '/' ? `${url.origin}/v1` : base
}
