// `claw mcp serve`: an MCP server on standard input and output that offers each agent as a tool. A call is a message to the agent, by
// the owner at this machine; the agent has its own tools and permissions, as everywhere.

import { ClawError, EXIT } from '../errors.ts'
import { serveAgents } from '../mcp/serve.ts'
import { connectOrStart } from './chat.ts'
import { clientOf, whereabouts } from './client.ts'
import type { Options, VerbIo } from './io.ts'

/** Longer than any turn may take. */
const ANSWER_MS = 24 * 3_600_000

interface Completion {
  readonly choices: readonly { readonly message: { readonly content: string | null } }[]
}

export async function serve(options: Options, io: VerbIo): Promise<number> {
  const { plan } = await whereabouts(options, io)
  if (plan === null) throw new ClawError('the file is invalid; claw validate shows the problems', { exitCode: EXIT.invalid })
  const gateway = await connectOrStart(options, io)
  try {
    const client = clientOf({ url: gateway.url, ownerSecret: gateway.ownerSecret, port: 0, pid: 0 })
    const agents = [...plan.agents.values()].map(({ id, name, description }) => ({ id, name, description }))
    await serveAgents(agents, async (agentId, message, session) => {
      const body = {
        model: agentId,
        messages: [{ role: 'user', content: message }],
        ...(session === undefined ? {} : { user: session }),
      }
      const { choices } = await client.ask<Completion>('/v1/chat/completions', body, { answerMs: ANSWER_MS })
      return choices[0]?.message.content ?? ''
    })
    return EXIT.ok
  } finally {
    await gateway.stop()
  }
}
