// Which texts are commands for this bot, as platforms show them.

import type { Plan } from '../plan/plan.ts'

export { isCommandFor } from '../plan/chat-commands.ts'

/** Routing prefixes of the form `/word` that can win on this channel, with the agent they lead to; for native slash commands. */
export function slashCommands(plan: Plan, channelId: string): { name: string; agentId: string }[] {
  const found = new Map<string, string>()
  for (const rule of plan.rules) {
    const name = /^\/([a-z0-9_-]{1,32})$/.exec(rule.prefix ?? '')?.[1]
    if (name === undefined || found.has(name)) continue
    if (rule.channelId === undefined || rule.channelId.includes(channelId)) found.set(name, rule.agentId)
  }
  return [...found].map(([name, agentId]) => ({ name, agentId }))
}
