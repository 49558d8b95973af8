// The Messages API through Anthropic's client: a ModelRequest in, the answer out, text on the way. Also for servers that imitate
// the API: see `baseURL` and a key of `none`.

import type { ProviderSpec } from '../plan/plan.ts'
import type { Clock, Random } from '../ports.ts'
import { abortSignal } from '../stop.ts'
import { readAnswer } from './answer-body.ts'
import { locateInMessages, messagesBody } from './anthropic-request.ts'
import { createMessageReader, type StreamEvent } from './anthropic-stream.ts'
import { createClientProvider } from './client-provider.ts'
import { MESSAGES_LIMITS } from './media-limits.ts'
import { listOf } from './model-list.ts'
import type { ModelProvider, OfferedModel } from './port.ts'

const JSON_TEXT = { 'content-type': 'application/json', accept: 'text/event-stream' }

export const createAnthropicProvider = (spec: ProviderSpec, world: { clock: Clock; random: Random }): ModelProvider =>
  createClientProvider(spec, world, {
    keyHeaders: ['authorization', 'x-api-key'],
    keyVariable: 'ANTHROPIC_API_KEY',
    limits: MESSAGES_LIMITS,
    locate: locateInMessages,
    async load({ apiKey, keyless, headers, options }) {
      const { default: Anthropic } = await import('@anthropic-ai/sdk')
      const base = spec.baseURL ?? process.env['ANTHROPIC_BASE_URL']
      // The client sends the key as a bearer token; servers that imitate the API often look for x-api-key.
      const imitation = base !== undefined && new URL(base).hostname !== 'api.anthropic.com'
      return new Anthropic({
        ...options,
        apiKey,
        authToken: null,
        ...(base === undefined ? {} : { baseURL: base.replace(/\/+(?:v1\/*)?$/, '') }),
        defaultHeaders: {
          ...(keyless ? { authorization: null } : {}),
          ...(imitation && !keyless ? { 'x-api-key': apiKey } : {}),
          ...headers,
        },
      })
    },
    async list(api, signal) {
      const offered: OfferedModel[] = []
      for (let after: string | undefined; ; ) {
        const query = { limit: 1000, after_id: after }
        const page = await listOf(await api.get('/v1/models', { query, signal: abortSignal(signal) }).asResponse())
        offered.push(...page.models)
        if (page.next === undefined) return offered
        after = page.next
      }
    },
    prepare(api, request, calls, { onText }) {
      const body = messagesBody(request)
      return async (signal, began) => {
        // Not `messages.create`: that writes a notice to the console at every call of an older model. Blocks of kinds the
        // client doesn't know pass this way, too.
        const response = await calls.post(body, signal, (fetchOptions) =>
          api
            .post('/v1/messages', { body, headers: JSON_TEXT, stream: true, signal: abortSignal(signal), fetchOptions })
            .asResponse(),
        )
        began()
        const reader = createMessageReader(onText)
        await readAnswer<StreamEvent>(response, reader)
        return reader.result(request.model)
      }
    },
  })
