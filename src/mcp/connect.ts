// A server of a plan in, a connected client out, and the tools that it offers now. The packages that speak MCP load here.

import {
  Client,
  type StandardSchemaV1,
  StreamableHTTPClientTransport,
  type Transport,
  UnauthorizedError,
} from '@modelcontextprotocol/client'
import { messageOf } from '../errors.ts'
import type { McpServerPlan, McpTool } from '../plan/plan.ts'
import { packageVersion } from '../resources.ts'
import { createCompiler } from '../tools/input-schema.ts'
import { oauthProvider } from './oauth.ts'
import { ProgramTransport } from './stdio.ts'
import { type ListedTool, readTools, type Unusable } from './tool-list.ts'

export interface Connected {
  readonly client: Client
  /** What it offers now. */
  listTools(): Promise<{ readonly tools: readonly McpTool[]; readonly unusable: readonly Unusable[] }>
  close(): Promise<void>
}

export interface ConnectOptions {
  readonly stateDir: string
  readonly signal: AbortSignal
  /** It says that its tools changed. */
  readonly onToolsChanged?: () => void
  /** It is gone, without having been closed; why, in a clause. */
  readonly onLost?: (why: string) => void
}

const MOST_PAGES = 20

/** The client would refuse a whole list for one tool that is wrong; here each is looked at by itself. */
const ANY_LIST: StandardSchemaV1<unknown, { readonly tools?: unknown; readonly nextCursor?: unknown }> = {
  '~standard': { version: 1, vendor: 'claw', validate: (value) => ({ value: value as object }) },
}

/** @throws Error with the reason, in a clause */
export async function connectServer(server: McpServerPlan, options: ConnectOptions): Promise<Connected> {
  const transport = transportOf(server, options.stateDir)
  const client = new Client(
    { name: 'claw', version: packageVersion() },
    {
      listChanged: { tools: { autoRefresh: false, onChanged: () => options.onToolsChanged?.() } },
    },
  )
  const limits = { timeout: server.timeoutMs, signal: options.signal }
  const detail = (): string | undefined => (transport instanceof ProgramTransport ? transport.detail : undefined)
  let closing = false
  client.onclose = () => {
    if (!closing) options.onLost?.(detail() ?? 'the connection ended')
  }
  // What it writes wrongly is passed over; what ends the connection is told by `onclose`.
  client.onerror = () => {}
  const close = async (): Promise<void> => {
    closing = true
    await client.close().catch(() => {})
    await transport.close().catch(() => {})
  }
  try {
    await client.connect(transport, limits)
  } catch (error) {
    const why = detail() ?? reasonOf(error, server)
    await close()
    throw new Error(why, { cause: error })
  }
  return {
    client,
    async listTools() {
      if (client.getServerCapabilities()?.tools === undefined) return { tools: [], unusable: [] }
      const listed: ListedTool[] = []
      let cursor: string | undefined
      for (let page = 0; page < MOST_PAGES; page++) {
        const params = cursor === undefined ? {} : { cursor }
        const answer = await client.request({ method: 'tools/list', params }, ANY_LIST, { timeout: server.timeoutMs })
        if (!Array.isArray(answer.tools)) throw new Error('it answers with something else than a list')
        listed.push(...(answer.tools as ListedTool[]))
        if (typeof answer.nextCursor !== 'string') break
        cursor = answer.nextCursor
      }
      return readTools(listed, createCompiler())
    },
    close,
  }
}

function transportOf(server: McpServerPlan, stateDir: string): Transport {
  const { program, url, env, headers } = server
  const revealed = (map: McpServerPlan['env']): Record<string, string> =>
    Object.fromEntries(Object.entries(map).map(([name, value]) => [name, value.reveal()]))
  if (program !== undefined) return new ProgramTransport({ ...program, env: { ...ownEnvironment(), ...revealed(env) } })
  if (url === undefined) throw new Error(`The MCP server ${server.name} has no address.`)
  return new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers: revealed(headers) },
    ...(server.oauth === undefined ? {} : { authProvider: oauthProvider(server, stateDir) }),
  })
}

/** What a program gets of the engine's environment, and no more. */
const PASSED_ON = ['PATH', 'HOME', 'LANG'] as const

const ownEnvironment = (): Record<string, string> =>
  Object.fromEntries(PASSED_ON.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])))

function reasonOf(error: unknown, { name, oauth }: McpServerPlan): string {
  if (error instanceof UnauthorizedError)
    return oauth === undefined ? 'it wants a sign-in; set `auth: { oauth: {} }` or `headers`' : `sign in: claw mcp login ${name}`
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return messageOf(cause).replace(/\.$/, '')
}
