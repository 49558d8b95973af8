// `claw mcp login NAME`: a sign-in at an MCP server that wants OAuth. The browser comes back to a port of this machine.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ClawError, EXIT, messageOf } from '../errors.ts'
import { newState, oauthProvider } from '../mcp/oauth.ts'
import type { McpServerPlan } from '../plan/plan.ts'
import { type Io, paint } from './io.ts'

const WAIT_MS = 5 * 60_000
const PATH = '/callback'

export async function login(server: McpServerPlan, stateDir: string, io: Io): Promise<number> {
  const { name, url, oauth } = server
  if (url === undefined || oauth === undefined)
    throw new ClawError(`${name} wants no sign-in: write \`auth: { oauth: {} }\` beside its \`url\``, { exitCode: EXIT.invalid })
  const state = newState()
  const callback = await listen(state)
  try {
    const { auth } = await import('@modelcontextprotocol/client')
    const { mkdir } = await import('node:fs/promises')
    await mkdir(stateDir, { recursive: true, mode: 0o700 })
    const provider = oauthProvider(server, stateDir, {
      redirectUrl: callback.url,
      state,
      show: (address) => io.out(`Open this address and sign in:\n${paint(io, 'cyan', address.href)}\n`),
    })
    const scope = oauth.scope === undefined ? {} : { scope: oauth.scope }
    if ((await auth(provider, { serverUrl: url, ...scope })) !== 'AUTHORIZED') {
      const answer = await callback.answer
      const code = answer.get('code')
      if (code === null) throw new Error(answer.get('error_description') ?? answer.get('error') ?? 'there was no code')
      const issuer = answer.get('iss')
      await auth(provider, { serverUrl: url, authorizationCode: code, ...scope, ...(issuer === null ? {} : { iss: issuer }) })
    }
    io.out(`${paint(io, 'green', 'signed in')} at ${name}\n`)
    return EXIT.ok
  } catch (error) {
    throw new ClawError(`no sign-in at ${name}: ${messageOf(error)}`, { exitCode: EXIT.invalid })
  } finally {
    callback.close()
  }
}

/** Takes one answer, with the state that was sent along. */
async function listen(
  state: string,
): Promise<{ readonly url: string; readonly answer: Promise<URLSearchParams>; close(): void }> {
  let resolve: (answer: URLSearchParams) => void = () => {}
  let reject: (error: Error) => void = () => {}
  const answer = new Promise<URLSearchParams>((done, fail) => {
    resolve = done
    reject = fail
  })
  answer.catch(() => {})
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    const isOurs = url.pathname === PATH && url.searchParams.get('state') === state
    response.writeHead(isOurs ? 200 : 404, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' })
    response.end(isOurs ? 'Signed in. You can close this page.\n' : 'Not found.\n')
    if (isOurs) resolve(url.searchParams)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const timer = setTimeout(() => reject(new Error('nobody signed in within 5 minutes')), WAIT_MS)
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${PATH}`,
    answer,
    close: () => {
      clearTimeout(timer)
      server.close()
    },
  }
}
