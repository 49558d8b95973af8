// Chat completions through the official client: a ModelRequest in, the answer out in the Messages API's shape. Also for the many
// servers that speak this language: see `baseURL` and a key of `none`.

import type { ChatCompletionCreateParamsStreaming } from 'openai/resources/chat/completions'
import type { ProviderSpec } from '../plan/plan.ts'
import type { Clock, Random } from '../ports.ts'
import { abortSignal } from '../stop.ts'
import { readAnswer } from './answer-body.ts'
import { createClientProvider } from './client-provider.ts'
import { CHAT_LIMITS, OPENAI_LIMITS } from './media-limits.ts'
import { listOf } from './model-list.ts'
import { locateInChat, toChatRequest } from './openai-request.ts'
import { type ChatChunk, createChatReader } from './openai-stream.ts'
import type { ModelProvider } from './port.ts'
import { wellFormedJson } from './well-formed-json.ts'

export const createOpenAIProvider = (spec: ProviderSpec, world: { clock: Clock; random: Random }): ModelProvider =>
  createClientProvider(spec, world, {
    keyHeaders: ['authorization', 'api-key'],
    keyVariable: 'OPENAI_API_KEY',
    limits: spec.baseURL === undefined ? OPENAI_LIMITS : CHAT_LIMITS,
    locate: locateInChat,
    async load({ apiKey, keyless, headers, options }) {
      const { default: OpenAI } = await import('openai')
      return new OpenAI({
        ...options,
        apiKey,
        // Names of an OpenAI account in the environment are nobody else's business.
        ...(spec.baseURL === undefined
          ? {}
          : { baseURL: withVersion(spec.baseURL), organization: null, project: null, adminAPIKey: null }),
        defaultHeaders: { ...(keyless ? { authorization: null } : {}), ...headers },
      })
    },
    list: async (api, signal) => (await listOf(await api.get('/models', { signal: abortSignal(signal) }).asResponse())).models,
    prepare({ chat }, request, calls, { onText, onRestart }) {
      const from = `${spec.id}/${request.model}`
      // Other servers know only the older name of the limit.
      const body = toChatRequest(request, spec.baseURL === undefined ? 'max_completion_tokens' : 'max_tokens', from)
      return async (signal, began) => {
        const response = await calls.post(wellFormedJson(body), signal, (fetchOptions) =>
          chat.completions
            .create(body as unknown as ChatCompletionCreateParamsStreaming, { signal: abortSignal(signal), fetchOptions })
            .asResponse(),
        )
        began()
        const reader = createChatReader(from, onText, onRestart)
        await readAnswer<ChatChunk>(response, reader)
        return reader.result(request.model)
      }
    },
  })

/** `http://host:port` alone means `/v1` there, as with the other service. */
function withVersion(base: string): string {
  const url = new URL(base)
  return url.pathname === '/' ? `${url.origin}/v1` : base
}
