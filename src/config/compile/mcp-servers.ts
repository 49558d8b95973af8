// `mcpServers` → how each server is reached, with what it brings.

import { dirname, isAbsolute, resolve } from 'node:path'
import { fingerprint } from '../../plan/fingerprint.ts'
import { type McpOffer, type McpServerPlan, Secret } from '../../plan/plan.ts'
import type { ConfigDocument } from '../document.ts'
import type { Config, MCPServer } from '../generated/config.ts'
import { optional } from '../optional.ts'
import type { SecretStore } from '../secrets.ts'
import type { Path } from '../shape.ts'

interface Input {
  readonly doc: ConfigDocument
  readonly config: Config
  readonly secrets: SecretStore
  readonly mcpServers: ReadonlyMap<string, McpOffer>
}

export function compileMcpServers(input: Input): ReadonlyMap<string, McpServerPlan> {
  const servers = Object.entries(input.config.mcpServers ?? {}) as [string, MCPServer][]
  return new Map(servers.map(([name, from]) => [name, compileServer(name, from, input)]))
}

function compileServer(name: string, from: MCPServer, { doc, secrets, mcpServers }: Input): McpServerPlan {
  const path: Path = ['mcpServers', name]
  const offer = mcpServers.get(name)
  if (offer === undefined) throw new Error(`The MCP server ${name} was not read.`)
  const secretsAt = (key: 'env' | 'headers'): Record<string, Secret> =>
    Object.fromEntries(Object.keys(from[key] ?? {}).map((one) => [one, secrets.get([...path, key, one]) ?? new Secret('')]))
  const { command, args = [], url, auth } = from
  const reached = {
    ...optional('program', command === undefined ? undefined : programOf(command, args, dirname(doc.fileOf(path)))),
    env: secretsAt('env'),
    ...optional('url', url),
    headers: secretsAt('headers'),
    ...optional(
      'oauth',
      auth && {
        ...optional('clientId', auth.oauth.clientId),
        ...optional('clientSecret', secrets.get([...path, 'auth', 'oauth', 'clientSecret'])),
        ...optional('scope', auth.oauth.scope),
      },
    ),
  }
  return {
    ...offer,
    ...reached,
    connection: fingerprint({ ...reached, timeoutMs: offer.timeoutMs }),
    fingerprint: fingerprint({ ...offer, ...reached }),
    place: doc.place(path),
  }
}

/** A name is looked for in PATH, a path is seen from the file. */
const programOf = (command: string, args: readonly string[], cwd: string): NonNullable<McpServerPlan['program']> => ({
  command: command.includes('/') && !isAbsolute(command) ? resolve(cwd, command) : command,
  args,
  cwd,
})
