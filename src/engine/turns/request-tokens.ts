// A request in, how many tokens it takes out: an estimate before it is sent, and after it where the service does not count.

import type { ModelRequest, ModelResult } from '../../models/port.ts'
import { estimateEntry, estimateText } from '../../sessions/tokens.ts'

/** A request as a turn makes it: which model answers, and until when, is not yet known. */
export type TurnRequest = Omit<ModelRequest, 'model' | 'signal'>

/** Over the estimate, on the safe side: what is reserved and not used comes back. */
const MARGIN = 4 / 3
/** What a service adds of its own to frame a request. */
const FRAME_TOKENS = 32

function sentTokens({ system, tools, messages }: TurnRequest): number {
  const said = messages.reduce((sum, message) => sum + estimateEntry(message), 0)
  return estimateText(system) + said + estimateText(JSON.stringify(tools))
}

/** What a call may take at most, roughly: all it sends and all it may answer. */
export const mostTokens = (request: TurnRequest): number =>
  Math.ceil(sentTokens(request) * MARGIN) + FRAME_TOKENS + request.maxTokens

/** The result with tokens counted: by its service, or estimated where that sends no counts or only zeros. */
export function countedBy<R extends ModelResult>(result: R, request: TurnRequest): R {
  const { usage, content } = result
  const isRead = usage.input + usage.cacheRead + usage.cacheWrite > 0
  if (isRead && (usage.output > 0 || content.length === 0)) return result
  const input = isRead ? usage.input : sentTokens(request)
  const output = usage.output > 0 ? usage.output : estimateEntry({ content })
  return { ...result, usage: { ...usage, input, output } }
}
