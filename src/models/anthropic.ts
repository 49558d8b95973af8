// The Messages API through Anthropic's client: a ModelRequest in, the answer out, text on the way. The client loads on
// the first call. Also for servers that imitate the API: see `baseURL` and a key of `none`.

import type { ProviderSpec } from '../plan/plan.ts'
import type { Clock, Random } from '../ports.ts'
import { messagesBody } from './anthropic-request.ts'
import { createMessageReader, type StreamEvent } from './anthropic-stream.ts'
import { createClientCalls } from './client-calls.ts'
import { ModelError, type ModelProvider } from './port.ts'
import { readEvents, streamError } from './server-events.ts'
import { callService, LONGEST_TIMER_MS } from './service.ts'

const JSON_TEXT = { 'content-type': 'application/json', accept: 'text/event-stream' }

export function createAnthropicProvider(spec: ProviderSpec, world: { clock: Clock; random: Random }): ModelProvider {
  const key = spec.apiKey?.reveal() ?? ''
  const headers = Object.fromEntries(Object.entries(spec.headers).map(([name, value]) => [name.toLowerCase(), value.reveal()]))
  const ownKey = ['authorization', 'x-api-key'].some((name) => (headers[name] ?? '') !== '')
  const calls = createClientCalls()
  let client: ReturnType<typeof load> | undefined

  async function load() {
    const { default: Anthropic } = await import('@anthropic-ai/sdk')
    const base = spec.baseURL ?? process.env['ANTHROPIC_BASE_URL']
    const keyless = key === 'none' || key === ''
    // The client sends the key as a bearer token; servers that imitate the API often look for x-api-key.
    const imitation = base !== undefined && new URL(base).hostname !== 'api.anthropic.com'
    return new Anthropic({
      apiKey: keyless ? 'none' : key,
      authToken: null,
      ...(base === undefined ? {} : { baseURL: base.replace(/\/+(?:v1\/*)?$/, '') }),
      defaultHeaders: {
        ...(keyless ? { authorization: null } : {}),
        ...(imitation && !keyless ? { 'x-api-key': key } : {}),
        ...headers,
      },
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
        throw new ModelError(
          'credentials',
          `No key is set for ${spec.id}: set ANTHROPIC_API_KEY, or apiKey in the configuration.`,
        )
      }
      client ??= load()
      const api = await client
      const body = messagesBody(request)
      return callService({
        spec,
        ...world,
        signal: request.signal,
        onRestart,
        attempt: async (signal, began) => {
          // Not `messages.create`: that writes a notice to the console at every call of an older model. Blocks of kinds the
          // client doesn't know pass this way, too.
          const response = await calls.post(body, signal, (fetchOptions) =>
            api.post('/v1/messages', { body, headers: JSON_TEXT, stream: true, signal, fetchOptions }).asResponse(),
          )
          began()
          const reader = createMessageReader(onText)
          await readEvents<StreamEvent>(response, (event) => {
            if (event.type === 'error') throw streamError(event.error)
            reader.take(event)
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
