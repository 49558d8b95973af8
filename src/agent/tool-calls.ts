// A model's tool calls in, one result block each out, in order. Calls that only look run side by side; calls that change
// something run one after the other, as the model wrote them.

import type { StoredFile } from '../channels/port.ts'
import { messageOf, StateError } from '../errors.ts'
import type { ToolResultBlock, ToolUseBlock } from '../models/port.ts'
import { StepUnknown } from '../storage/ports.ts'
import { type ToolDefinition, traitsOf } from '../tools/port.ts'
import type { CallOutcome, ToolCall, Turn, TurnPorts } from './port.ts'

/** A call's result for the model, and its files for people. */
export interface FinishedCall {
  readonly block: ToolResultBlock
  readonly attachments: readonly StoredFile[]
}

const NO_FILES: readonly StoredFile[] = []

/**
 * Never throws but for storage: every call gets its result, an error result where it failed. `answer`: which of the turn's
 * model calls asked for them.
 */
export async function runTools(
  turn: Turn,
  ports: TurnPorts,
  calls: readonly ToolUseBlock[],
  answer: number,
): Promise<readonly FinishedCall[]> {
  const byName = new Map(turn.tools.map((tool) => [tool.name, tool]))
  const results: Promise<FinishedCall>[] = []
  let changes: Promise<unknown> = Promise.resolve()
  for (const call of calls) {
    const tool = byName.get(call.name)
    const named = { ...call, id: nameOf(call, answer) }
    const start = (): Promise<FinishedCall> => one(turn, ports, call, named, tool)
    const result = changesSomething(tool) ? changes.then(start) : start()
    if (changesSomething(tool)) changes = result.catch(() => undefined)
    results.push(result)
  }
  // None may still run when the turn is put back because one could not be stored.
  await Promise.allSettled(results)
  return await Promise.all(results)
}

/** Some services number their calls from the start in each answer, so an id alone may name several calls of a turn. */
const nameOf = ({ id }: ToolUseBlock, answer: number): string => `${id}${answer === 0 ? '' : `@${answer}`}`

function changesSomething(tool: ToolDefinition | undefined): boolean {
  const { writes, runs } = tool === undefined ? {} : traitsOf(tool)
  return writes === true || runs === true
}

async function one(
  turn: Turn,
  ports: TurnPorts,
  call: ToolUseBlock,
  named: ToolCall,
  tool: ToolDefinition | undefined,
): Promise<FinishedCall> {
  const { session, agent, claim } = turn
  const head = { sessionKey: session.key, agentId: agent.id, run: claim.run, toolUseId: call.id, toolName: call.name }
  ports.emit({ type: 'tool_execute', ...head, input: call.input })
  const started = ports.clock.now()
  const outcome = await outcomeOf(turn, ports, named, tool)
  const text =
    typeof outcome.content === 'string'
      ? outcome.content
      : outcome.content.map((block) => (block.type === 'text' ? block.text : `[${block.type}]`)).join('\n')
  const result = { content: text, isError: outcome.isError, durationMs: ports.clock.now() - started }
  const event = { type: 'tool_result', ...head, ...result } as const
  ports.emit(tool === undefined ? { ...event, isUnknown: true } : event)
  const { content, attachments = NO_FILES, isError } = outcome
  const error = isError ? { is_error: true } : {}
  return { block: { type: 'tool_result', tool_use_id: call.id, content, ...error }, attachments }
}

async function outcomeOf(turn: Turn, ports: TurnPorts, call: ToolCall, tool: ToolDefinition | undefined): Promise<CallOutcome> {
  if (tool === undefined) {
    const names = turn.tools.map((one) => one.name).join(', ')
    return { content: `There is no tool "${call.name}" here. Tools: ${names || 'none'}.`, isError: true }
  }
  if (turn.signal.aborted) return { content: 'Not run: the turn was stopped.', isError: true }
  try {
    return await ports.callTool(turn, call)
  } catch (error) {
    if (error instanceof StepUnknown) {
      return {
        content: 'The engine was restarted while this ran. It may or may not have happened; check before you try again.',
        isError: true,
      }
    }
    // Not the tool's: what the disk cannot take now is tried again when it can, with the whole turn.
    if (error instanceof StateError) throw error
    return { content: `The tool failed: ${messageOf(error)}`, isError: true }
  }
}
