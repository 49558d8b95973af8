// Recorded messages and two Plans → which messages would go to another agent.

import { admission, type Router, routeMessage } from './admission.ts'
import type { Plan, RouteInput } from './plan.ts'

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

/** The messages in one recorded object: those a transcript's line says it came from, or the one it is. */
function recordedMessages(value: unknown): readonly RouteInput[] {
  const received = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)['received'] : undefined
  return (Array.isArray(received) ? received : [value]).flatMap((one) => recordedMessage(one) ?? [])
}

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
  const { mentionsBot, roles } = record
  return {
    channelId,
    userId,
    content,
    ...(groupId !== undefined && { groupId }),
    ...(threadId !== undefined && { threadId }),
    ...(typeof mentionsBot === 'boolean' && { mentionsBot }),
    ...(Array.isArray(roles) && { roles: roles.flatMap((role) => text(role) ?? []) }),
  }
}

type Outcome = Rerouted['before']

/** Who answers, by each side. A channel's door counts where only one side has it shut: the owner's own messages pass all the same. */
function outcomes(sides: readonly [Side, Side], message: RouteInput): readonly [Outcome, Outcome] {
  const open = sides.map(({ plan }) => admission(plan, message).admitted)
  const outcomeOf = ({ plan, router }: Side, at: 0 | 1): Outcome => {
    const routed = routeMessage(plan, router, message)
    if (routed.agentId === null || (open[at] === false && open[1 - at] === true)) return { agentId: null, rule: null }
    return { agentId: routed.agentId, rule: routed.rule?.index ?? null }
  }
  return [outcomeOf(sides[0], 0), outcomeOf(sides[1], 1)]
}

/** Routes each message by both Plans. `lines` are the lines of a JSONL file. */
export function replay(before: Side, after: Side, lines: Iterable<string>): Replay {
  const moved: Rerouted[] = []
  let [messages, skipped, line] = [0, 0, 0]
  for (const one of lines) {
    line++
    if (one.trim() === '') continue
    const found = parse(one)
    if (found.length === 0) skipped++
    messages += found.length
    for (const message of found) {
      const [was, is] = outcomes([before, after], message)
      if (was.agentId !== is.agentId) moved.push({ line, message, before: was, after: is })
    }
  }
  return { messages, skipped, moved }
}

function parse(line: string): readonly RouteInput[] {
  try {
    return recordedMessages(JSON.parse(line))
  } catch {
    return []
  }
}
