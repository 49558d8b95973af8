// What authors of tools may write, and what the compiler must refuse. The type check is the test.

import t from 'tap'
import {
  fields,
  GateError,
  type PluginModule,
  type PluginTool,
  Secret,
  type ToolCapabilities,
  type ToolDefinition,
  type ToolResult,
  text,
} from '../../src/tool.ts'

const greet: PluginTool<{ name: string }> = ({ name }, { agent, session }) => `${agent.id} greets ${name} in ${session.key}`
const careful: PluginTool = async () => ({ content: [{ type: 'text', text: 'done' }], isError: true })
export const plugin: PluginModule = { tools: { greet, careful } }

// @ts-expect-error a tool returns a text or a result
export const number: PluginTool = () => 7
// @ts-expect-error a part that no plugin has
export const odd: PluginModule = { hooks: {} }

export const withSettings: ToolDefinition<{ query: string }, { readonly apiKey: Secret }> = {
  name: 'find',
  description: 'Finds.',
  inputSchema: fields({ query: text('What') }),
  traits: { sends: true, outside: true },
  judge: (input, policy) => (typeof input === 'string' ? policy.judgeCommand(input) : policy.judgeByTraits()),
  run: async ({ query }, { settings }): Promise<ToolResult> => ({ content: `${query} ${settings.apiKey.isSet}` }),
}

export const registered: readonly ToolDefinition[] = [withSettings]

// @ts-expect-error there is no such trait
export const wrongTrait: ToolDefinition['traits'] = { send: true }
// @ts-expect-error a definition runs something
export const nothing: ToolDefinition = { name: 'x', description: 'x', inputSchema: {} }

export function reaches({ paths, network, shell, memory, spawn, signal, clock, idempotencyKey }: ToolCapabilities): unknown {
  return [paths.cwd, network.fetch, shell.run, memory.search, spawn, signal.aborted, clock.now(), idempotencyKey.length]
}

export const notThePlan = (capabilities: ToolCapabilities): unknown =>
  // @ts-expect-error no tool gets the plan with its secrets
  capabilities.plan

t.ok(new GateError('no') instanceof Error)
t.equal(String(new Secret('x')), '***')
