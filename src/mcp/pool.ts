// The MCP servers of a running engine: plans in, connections kept, calls passed on. What speaks MCP loads with the first server.

import { mcpToolName } from '../plan/mcp-tool-name.ts'
import type { McpServerPlan } from '../plan/plan.ts'
import type { ConnectionWorld, McpConnection } from './connection.ts'
import type { McpServers } from './port.ts'

export type PoolWorld = Omit<ConnectionWorld, 'onChange'>

/** Servers that are being stopped are waited for only when the engine stops. */
export class McpPool implements McpServers {
  readonly #world: PoolWorld
  readonly #connections = new Map<string, Promise<McpConnection>>()
  readonly #live = new Map<string, McpConnection>()
  readonly #closing = new Set<Promise<void>>()
  #plans: ReadonlyMap<string, McpServerPlan> = new Map()
  withheld: ReadonlySet<string> = new Set()
  #told = ''

  constructor(world: PoolWorld) {
    this.#world = world
  }

  apply(servers: ReadonlyMap<string, McpServerPlan>): void {
    const before = this.#plans
    this.#plans = servers
    for (const [name, was] of before) if (servers.get(name)?.connection !== was.connection) this.#drop(name)
    for (const [name, server] of servers) {
      const known = this.#connections.get(name)
      if (known === undefined) this.#connections.set(name, this.#open(server))
      else this.#live.get(name)?.update(server)
    }
    this.#look()
  }

  call: McpServers['call'] = async (server, tool, input, signal) => {
    const connection = this.#connections.get(server)
    if (connection === undefined) throw new Error(`There is no MCP server ${server} any more.`)
    return await (await connection).call(tool, input, signal)
  }

  status(): ReturnType<McpServers['status']> {
    return [...this.#plans.keys()].map(
      (name) => this.#live.get(name)?.status ?? { name, state: 'starting' as const, withheld: [] },
    )
  }

  async close(): Promise<void> {
    this.apply(new Map())
    await Promise.all(this.#closing)
  }

  async #open(server: McpServerPlan): Promise<McpConnection> {
    const { McpConnection } = await import('./connection.ts')
    const connection = new McpConnection(server, { ...this.#world, onChange: () => this.#look() })
    // Meanwhile the plan may have changed.
    const now = this.#plans.get(server.name)
    if (now !== undefined && now.connection === server.connection) {
      connection.update(now)
      this.#live.set(server.name, connection)
    }
    return connection
  }

  #drop(name: string): void {
    const closing = this.#connections.get(name)?.then((connection) => connection.close())
    this.#connections.delete(name)
    this.#live.delete(name)
    if (closing === undefined) return
    this.#closing.add(closing)
    void closing.finally(() => this.#closing.delete(closing))
  }

  /** What is withheld now; told once each time it changes. */
  #look(): void {
    const all = this.status().flatMap(({ name, withheld }) => withheld.map((one) => ({ server: name, ...one })))
    this.withheld = new Set(all.map((one) => mcpToolName(one.server, one.name)))
    const told = JSON.stringify(all)
    if (told === this.#told) return
    this.#told = told
    for (const { server, name, why } of all)
      this.#world.log.warn({ server, tool: name, why }, `an MCP tool is withheld; see it: claw mcp accept ${server}`)
  }
}
