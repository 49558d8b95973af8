// The socket protocol: `{type, data}` frames. Engine events and answers enter, frames leave. The same frames go over
// WebSockets and event streams.

import type { ApprovalView, EngineEvent, SaidMessage } from '../agent/events.ts'
import type { Plan } from '../plan/plan.ts'
import { headOf } from '../text-cut.ts'
import { viewsOf } from './files.ts'

/** 2: replies to channel programs carry a key, and are acknowledged. */
export const PROTOCOL = 2

export interface Frame {
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
}

/** Longest tool result that a frame carries; the transcript has the whole. */
const MAX_RESULT = 20_000

export const errorFrame = (code: string, message: string, more: Readonly<Record<string, unknown>> = {}): Frame => ({
  type: 'error',
  data: { code, message, ...more },
})

export function approvalFrame(approval: ApprovalView): Frame {
  const { sessionKey, createdAt, expiresAt, ...rest } = approval
  return {
    type: 'approval_request',
    data: {
      ...rest,
      sessionId: sessionKey,
      createdAt: new Date(createdAt).toISOString(),
      expiresAt: new Date(expiresAt).toISOString(),
    },
  }
}

export function outboundFrame(message: SaidMessage, plan: Pick<Plan, 'agents'>): Frame {
  const { sessionKey, attachments, ...rest } = message
  const target = message.groupId ?? message.userId ?? ''
  const agent = plan.agents.get(message.agentId)?.name ?? message.agentId
  return { type: 'outbound_message', data: { target, sessionId: sessionKey, agent, ...rest, ...viewsOf(attachments) } }
}

/** What happens in a turn, as the one it is for sees it; null: nothing to show. */
export function turnFrame(event: EngineEvent): Frame | null {
  switch (event.type) {
    case 'chunk':
      return {
        type: 'agent_response_chunk',
        data: {
          sessionId: event.sessionKey,
          chunk: event.text,
          sequenceId: event.sequence,
          ...(event.restart ? { restart: true } : {}),
          ...(event.messageIds.length === 0 ? {} : { replyTo: event.messageIds[event.messageIds.length - 1] }),
        },
      }
    case 'tool_execute':
      return {
        type: 'tool_execute',
        data: { sessionId: event.sessionKey, toolName: event.toolName, input: event.input, toolUseId: event.toolUseId },
      }
    case 'tool_result':
      return {
        type: 'tool_result',
        data: {
          sessionId: event.sessionKey,
          toolName: event.toolName,
          toolUseId: event.toolUseId,
          content: cut(event.content),
          isError: event.isError,
          durationMs: event.durationMs,
        },
      }
    case 'approval_request':
      return approvalFrame(event.approval)
    default:
      return null
  }
}

const cut = (text: string): string =>
  text.length <= MAX_RESULT ? text : `${headOf(text, MAX_RESULT)}\n[${text.length - MAX_RESULT} more characters]`

/** Everything that happens, for an owner who watches; streamed text is left out, its turn's end has the whole. */
export function activityFrame(event: EngineEvent): Frame | null {
  if (event.type === 'chunk' || event.type === 'outbound' || event.type === 'reload') return null
  if (event.type === 'approval_request' || event.type === 'approval_decision') return null
  if (event.type === 'tool_result') return { type: 'activity', data: { ...event, content: cut(event.content) } }
  return { type: 'activity', data: { ...event } }
}
