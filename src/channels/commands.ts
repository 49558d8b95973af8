// Which texts are commands for this bot, so that a group member need not name it.

import { CHAT_COMMANDS } from '../plan/chat-commands.ts'
import type { Plan } from '../plan/plan.ts'

/** True for a chat command of the engine and for a routing prefix that can win on this channel. */
export function isCommandFor(plan: Plan, channelId: string, text: string): boolean {
  if (!/^\S/.test(text)) return false
  const word = /^\S+/.exec(text)?.[0] ?? ''
  if (CHAT_COMMANDS.includes(word.toLowerCase())) return true
  return plan.rules.some(
    (rule) =>
      rule.prefix !== undefined &&
      (rule.channelId === undefined || rule.channelId.includes(channelId)) &&
      (text === rule.prefix || (text.startsWith(rule.prefix) && /\s/.test(text.charAt(rule.prefix.length)))),
  )
}

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
