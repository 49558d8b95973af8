// An MCP server that speaks streamable HTTP, by the official package, on a port of this machine; with `signIn` it wants OAuth, and
// the authorization server stands beside it.

import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createMcpHandler, fromJsonSchema, McpServer } from '@modelcontextprotocol/server'

export interface McpHttp {
  readonly url: string
  readonly requests: { readonly path: string; readonly headers: IncomingMessage['headers'] }[]
  /** How often a token was refreshed. */
  readonly refreshes: () => number
  /** The tokens it gave out count no more; they can be refreshed. */
  expire(): void
  close(): Promise<void>
}

export async function startMcpHttp({ signIn = false }: { readonly signIn?: boolean } = {}): Promise<McpHttp> {
  const requests: { path: string; headers: IncomingMessage['headers'] }[] = []
  const tokens = new Set<string>()
  let refreshes = 0
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: 'http', version: '1' })
    const inputSchema = fromJsonSchema<{ readonly text: string }>({
      type: 'object',
      properties: { text: { type: 'string' } },
      required: ['text'],
    })
    server.registerTool('shout', { description: 'Louder.', inputSchema }, async ({ text }) => ({
      content: [{ type: 'text', text: text.toUpperCase() }],
    }))
    return server
  })
  const json = (response: ServerResponse, body: object, status = 200, headers = {}): void => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
  }
  const server = createServer(async (request, response) => {
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const url = new URL(request.url ?? '/', base)
    requests.push({ path: url.pathname, headers: request.headers })
    const body = Buffer.concat(await request.toArray()).toString('utf8')
    switch (url.pathname) {
      case '/.well-known/oauth-protected-resource/mcp':
      case '/.well-known/oauth-protected-resource':
        return json(response, { resource: `${base}/mcp`, authorization_servers: [base] }, signIn ? 200 : 404)
      case '/.well-known/oauth-authorization-server':
        return json(response, {
          issuer: base,
          authorization_endpoint: `${base}/authorize`,
          token_endpoint: `${base}/token`,
          registration_endpoint: `${base}/register`,
          response_types_supported: ['code'],
          grant_types_supported: ['authorization_code', 'refresh_token'],
          code_challenge_methods_supported: ['S256'],
          token_endpoint_auth_methods_supported: ['none'],
        })
      case '/register':
        return json(response, { ...(JSON.parse(body) as object), client_id: 'registered' }, 201)
      case '/authorize': {
        const back = new URL(url.searchParams.get('redirect_uri') ?? '')
        back.searchParams.set('code', 'the-code')
        back.searchParams.set('state', url.searchParams.get('state') ?? '')
        return void response.writeHead(302, { location: back.href }).end()
      }
      case '/token': {
        const form = new URLSearchParams(body)
        const isRefresh = form.get('grant_type') === 'refresh_token'
        if (isRefresh) refreshes++
        if (!isRefresh && (form.get('code') !== 'the-code' || form.get('code_verifier') === null))
          return json(response, { error: 'invalid_grant' }, 400)
        const token = randomUUID()
        tokens.add(token)
        return json(response, { access_token: token, token_type: 'Bearer', expires_in: 3600, refresh_token: 'again' })
      }
      case '/mcp': {
        const token = request.headers.authorization?.replace('Bearer ', '') ?? ''
        if (signIn && !tokens.has(token)) {
          const challenge = `Bearer resource_metadata="${base}/.well-known/oauth-protected-resource/mcp"`
          return json(response, { error: 'unauthorized' }, 401, { 'www-authenticate': challenge })
        }
        return await answer(request, response, url, body)
      }
      default:
        return json(response, {}, 404)
    }
  })
  async function answer(request: IncomingMessage, response: ServerResponse, url: URL, body: string): Promise<void> {
    const { method = 'GET' } = request
    const headers = new Headers(request.headers as Record<string, string>)
    const answered = await handler.fetch(new Request(url, { method, headers, ...(body === '' ? {} : { body }) }))
    response.writeHead(answered.status, Object.fromEntries(answered.headers))
    for await (const chunk of answered.body ?? []) response.write(chunk)
    response.end()
  }
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    requests,
    refreshes: () => refreshes,
    expire: () => tokens.clear(),
    async close() {
      server.closeAllConnections()
      await new Promise<void>((done) => server.close(() => done()))
    },
  }
}
