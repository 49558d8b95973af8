// A server that answers which models it has, as the Messages API does (in pages) and as chat completions do (all at once).

import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface FakeModelList {
  readonly url: string
  readonly requests: { readonly url: string; readonly headers: IncomingHttpHeaders }[]
  close(): Promise<void>
}

export interface FakeModelListOptions {
  readonly models: readonly { readonly id: string; readonly [key: string]: unknown }[]
  /** Models a page; default: all. */
  readonly pageSize?: number
  /** Only this key is accepted. */
  readonly apiKey?: string
  /** What it says in place of a list. */
  readonly body?: string
}

export async function startFakeModelList({ models, pageSize, apiKey, body }: FakeModelListOptions): Promise<FakeModelList> {
  const requests: FakeModelList['requests'] = []
  const server = createServer((request, response) => {
    const { url = '', headers, method } = request
    requests.push({ url, headers })
    const { pathname, searchParams } = new URL(url, 'http://x')
    const answer = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(typeof value === 'string' ? value : JSON.stringify(value))
    }
    if (method !== 'GET' || pathname !== '/v1/models') return answer(404, { error: { message: `Not found: ${url}` } })
    const keys = [headers['x-api-key'], headers.authorization?.replace('Bearer ', '')]
    if (apiKey !== undefined && !keys.includes(apiKey))
      return answer(401, { type: 'error', error: { type: 'authentication_error', message: 'invalid x-api-key' } })
    if (body !== undefined) return answer(200, body)
    const from = models.findIndex(({ id }) => id === searchParams.get('after_id')) + 1
    const data = pageSize === undefined ? models : models.slice(from, from + pageSize)
    const more = pageSize === undefined ? {} : { has_more: from + pageSize < models.length, last_id: data.at(-1)?.id }
    answer(200, { object: 'list', data, ...more })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
