// Passes HTTP calls to a channel's webhook, as the gateway does under /hooks/<channelId>.

import type { Channel } from '../port.ts'
import { type FakeServer, serve } from './fake-server.ts'

export interface HooksServer extends FakeServer {
  channel: Channel | null
}

export async function createHooksServer(): Promise<HooksServer> {
  const hooks: { channel: Channel | null } = { channel: null }
  const server = await serve(async (request, response, body) => {
    const url = new URL(request.url ?? '/', 'http://x')
    const headers = Object.fromEntries(Object.entries(request.headers).map(([key, value]) => [key, String(value)]))
    const answer = await hooks.channel?.webhook?.({
      method: request.method ?? 'GET',
      path: url.pathname,
      query: url.searchParams,
      headers,
      body,
    })
    response.writeHead(answer?.status ?? 404, answer?.headers)
    response.end(answer?.body)
  })
  return Object.assign(hooks, server)
}
