// Recorded messages and two Plans → which messages would go to another agent.

import type { Plan, RouteInput, RulePlan } from './plan.ts'
import { type Routed, type Router, routeMessage } from './route.ts'

/** A Plan with its router. */
export interface Side {
  readonly plan: Plan
  readonly router: Router
}

export interface Rerouted {
  /** Line in the recording, from 1. */
  readonly line: number
  readonly message: RouteInput
  readonly before: { readonly agentId: string | null; readonly rule: number | null }
  readonly after: { readonly agentId: string | null; readonly rule: number | null }
}

export interface Replay {
  readonly messages: number
  /** Lines that hold no message; not an error, since recordings hold other frames too. */
  readonly skipped: number
  readonly moved: readonly Rerouted[]
}

const text = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined

/** The message in one recorded object: a frame `{type, data}`, an event, or the message itself. Null: none. */
export function recordedMessage(value: unknown): RouteInput | null {
  if (typeof value !== 'object' || value === null) return null
  const record = value as Record<string, unknown>
  const type = record['type']
  if (typeof record['data'] === 'object') return type === 'inbound_message' ? recordedMessage(record['data']) : null
  if (typeof type === 'string' && type !== 'inbound' && type !== 'inbound_message') return null
  if (typeof record['message'] === 'object' && record['message'] !== null) return recordedMessage(record['message'])
  const [channelId, userId, content] = [text(record['channelId']), text(record['userId']), text(record['content'])]
  if (channelId === undefined || userId === undefined || content === undefined) return null
  if ('role' in record && record['role'] !== 'user') return null
  const [groupId, threadId] = [text(record['groupId']), text(record['threadId'])]
  return { channelId, userId, content, ...(groupId !== undefined && { groupId }), ...(threadId !== undefined && { threadId }) }
}

const summary = (routed: Routed): { agentId: string | null; rule: number | null } => {
  const rule: RulePlan | null = routed.agentId === null ? null : routed.rule
  return { agentId: routed.agentId, rule: rule?.index ?? null }
}

/** Routes each message by both Plans. `lines` are the lines of a JSONL file. */
export function replay(before: Side, after: Side, lines: Iterable<string>): Replay {
  const moved: Rerouted[] = []
  let [messages, skipped, line] = [0, 0, 0]
  for (const one of lines) {
    line++
    if (one.trim() === '') continue
    const message = parse(one)
    if (message === null) {
      skipped++
      continue
    }
    messages++
    const [was, is] = [before, after].map(({ plan, router }) => summary(routeMessage(plan, router, message)))
    if (was !== undefined && is !== undefined && was.agentId !== is.agentId) moved.push({ line, message, before: was, after: is })
  }
  return { messages, skipped, moved }
}

function parse(line: string): RouteInput | null {
  try {
    return recordedMessage(JSON.parse(line))
  } catch {
    return null
  }
}
