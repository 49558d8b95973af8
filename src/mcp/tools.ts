// The MCP servers of a plan in, the registry with their accepted tools out. No server is asked: what a tool is was pinned.

import { mcpToolName } from '../plan/mcp-tool-name.ts'
import type { McpOffer, McpTool } from '../plan/plan.ts'
import type { ToolTraits } from '../plan/traits.ts'
import type { Registry } from '../registry.ts'
import type { ToolDefinition } from '../tools/port.ts'
import type { McpCall } from './port.ts'

/** A server's own word on what its tools do is a claim, so each of them counts as all that a remote program may be. */
const UNKNOWN: ToolTraits = { outside: true, private: true, sends: true }

/** What the registry has itself stays. */
export function withMcpTools(base: Registry, servers: ReadonlyMap<string, McpOffer>, call: McpCall): Registry {
  const names = new Set(base.tools.map(({ name }) => name))
  const brought = [...servers.values()].flatMap((server) => server.tools.map((tool) => definitionOf(server, tool, call)))
  return { ...base, tools: [...base.tools, ...brought.filter(({ name }) => !names.has(name))] }
}

/** The same registry for the same servers: a turn asks for its tools by what they are. */
export function mcpRegistries(call: McpCall): (base: Registry, servers: ReadonlyMap<string, McpOffer>) => Registry {
  const made = new WeakMap<ReadonlyMap<string, McpOffer>, Registry>()
  return (base, servers) => {
    if (servers.size === 0) return base
    const registry = made.get(servers) ?? withMcpTools(base, servers, call)
    made.set(servers, registry)
    return registry
  }
}

/** For those who only look at a configuration: no tool can be called. */
export const withOfferedTools = (base: Registry, servers: ReadonlyMap<string, McpOffer>): Registry =>
  withMcpTools(base, servers, async (server) => {
    throw new Error(`The MCP server ${server} is not connected.`)
  })

function definitionOf({ name: server, traits, timeoutMs }: McpOffer, tool: McpTool, call: McpCall): ToolDefinition {
  const { name, description, inputSchema } = tool
  return {
    name: mcpToolName(server, name),
    description,
    inputSchema,
    traits: traits ?? UNKNOWN,
    timeoutMs,
    mcpServer: server,
    run: async (input, { signal }) => await call(server, name, input, signal),
  }
}
