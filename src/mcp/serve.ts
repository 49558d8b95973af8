// Agents in, an MCP server on this process's standard input and output out. It ends when its caller hangs up.

import { type CallToolResult, fromJsonSchema, McpServer } from '@modelcontextprotocol/server'
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio'
import { messageOf } from '../errors.ts'
import { packageVersion } from '../resources.ts'

export interface OfferedAgent {
  readonly id: string
  readonly name: string
  readonly description: string
}

/** Gives the agent's answer; rejects with a sentence. */
export type AskAgent = (agentId: string, message: string, session: string | undefined) => Promise<string>

interface Call {
  readonly message: string
  readonly session?: string
}

const INPUT = {
  type: 'object',
  properties: {
    message: { type: 'string', minLength: 1, description: 'What the agent is told.' },
    session: { type: 'string', minLength: 1, description: 'Name of a conversation that is kept. Absent: nothing is kept.' },
  },
  required: ['message'],
  additionalProperties: false,
} as const

export async function serveAgents(agents: readonly OfferedAgent[], ask: AskAgent): Promise<void> {
  const server = new McpServer({ name: 'claw', version: packageVersion() })
  for (const { id, name, description } of agents) {
    const config = {
      title: name,
      description: description === '' ? `Ask the agent ${name}.` : description,
      inputSchema: fromJsonSchema<Call>(INPUT),
    }
    server.registerTool(id, config, async ({ message, session }): Promise<CallToolResult> => {
      try {
        return { content: [{ type: 'text', text: await ask(id, message, session) }] }
      } catch (error) {
        return { content: [{ type: 'text', text: messageOf(error) }], isError: true }
      }
    })
  }
  const transport = new StdioServerTransport()
  const ended = new Promise<void>((done) => {
    server.server.onclose = done
    process.stdin.once('end', done)
    process.stdin.once('close', done)
  })
  await server.connect(transport)
  await ended
  await server.close()
}
