// Chat completions through the official client: a ModelRequest in, the answer out in the Messages API's shape. Also for the many
// servers that speak this language: see `baseURL` and a key of `none`.

import type { ProviderSpec } from '../plan/plan.ts'
import type { Clock, Random } from '../ports.ts'
import { abortSignal, type StopSignal } from '../stop.ts'
import { wellFormedJson } from '../text-cut.ts'
import { readAnswer } from './answer-body.ts'
import { type ChatParameters, withoutRefused } from './chat-parameters.ts'
import { createClientProvider } from './client-provider.ts'
import type { TextResponse } from './http-fetch.ts'
import { CHAT_LIMITS, OPENAI_LIMITS } from './media-limits.ts'
import { listOf } from './model-list.ts'
import { locateInChat, toChatRequest } from './openai-request.ts'
import { type ChatChunk, createChatReader } from './openai-stream.ts'
import type { ModelProvider } from './port.ts'

const JSON_TEXT = { 'content-type': 'application/json', accept: 'text/event-stream' }

/** Other servers know only the older name of the limit. */
const firstParameters = ({ baseURL }: ProviderSpec): ChatParameters => ({
  limit: baseURL === undefined ? 'max_completion_tokens' : 'max_tokens',
  without: new Set(),
})

export function createOpenAIProvider(spec: ProviderSpec, world: { clock: Clock; random: Random }): ModelProvider {
  let parameters = firstParameters(spec)
  return createClientProvider(spec, world, {
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
    prepare(api, request, calls, { onText, onRestart }) {
      const from = `${spec.id}/${request.model}`
      const post = (signal: StopSignal): Promise<TextResponse> => {
        const body = wellFormedJson(toChatRequest(request, parameters, from))
        // Not `chat.completions.create`: what it makes of the body itself may hold halves of characters.
        return calls.post(body, signal, (fetchOptions) =>
          api
            .post('/chat/completions', { body, headers: JSON_TEXT, stream: true, signal: abortSignal(signal), fetchOptions })
            .asResponse(),
        )
      }
      return async (signal, began) => {
        let response: TextResponse | undefined
        while (response === undefined) {
          try {
            response = await post(signal)
          } catch (error) {
            const learned = withoutRefused(error, parameters)
            if (learned === null) throw error
            parameters = learned
          }
        }
        began()
        const reader = createChatReader(from, onText, onRestart)
        await readAnswer<ChatChunk>(response, reader)
        return reader.result(request.model)
      }
    },
  })
}

/** `http://host:port` alone means `/v1` there, as with the other service. */
function withVersion(base: string): string {
  const url = new URL(base)
  return url.pathname === '/' ? `${url.origin}/v1` : base
}
