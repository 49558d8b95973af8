// A model's tool calls in, one result block each out, in order. Calls that only look run side by side; calls that change
// something run one after the other, as the model wrote them.

import { messageOf } from '../errors.ts'
import type { ToolResultBlock, ToolUseBlock } from '../models/port.ts'
import { StepUnknown } from '../storage/ports.ts'
import type { ToolDefinition } from '../tools/port.ts'
import type { CallOutcome, Turn, TurnPorts } from './port.ts'

/** Never throws but for storage: every call gets its result, an error result where it failed. */
export async function runTools(
  turn: Turn,
  ports: TurnPorts,
  calls: readonly ToolUseBlock[],
): Promise<readonly ToolResultBlock[]> {
  const byName = new Map(turn.tools.map((tool) => [tool.name, tool]))
  const results: Promise<ToolResultBlock>[] = []
  let changes: Promise<unknown> = Promise.resolve()
  for (const call of calls) {
    const tool = byName.get(call.name)
    const result = changesSomething(tool) ? changes.then(() => one(turn, ports, call, tool)) : one(turn, ports, call, tool)
    if (changesSomething(tool)) changes = result.catch(() => undefined)
    results.push(result)
  }
  return await Promise.all(results)
}

const changesSomething = (tool: ToolDefinition | undefined): boolean => tool?.traits.writes === true || tool?.traits.runs === true

async function one(turn: Turn, ports: TurnPorts, call: ToolUseBlock, tool: ToolDefinition | undefined): Promise<ToolResultBlock> {
  const { session, agent, claim } = turn
  const head = { sessionKey: session.key, agentId: agent.id, run: claim.run, toolUseId: call.id, toolName: call.name }
  ports.emit({ type: 'tool_execute', ...head, input: call.input })
  const started = ports.clock.now()
  const outcome = await outcomeOf(turn, ports, call, tool)
  const text =
    typeof outcome.content === 'string'
      ? outcome.content
      : outcome.content.map((block) => (block.type === 'text' ? block.text : `[${block.type}]`)).join('\n')
  ports.emit({ type: 'tool_result', ...head, content: text, isError: outcome.isError, durationMs: ports.clock.now() - started })
  return { type: 'tool_result', tool_use_id: call.id, content: outcome.content, ...(outcome.isError ? { is_error: true } : {}) }
}

async function outcomeOf(
  turn: Turn,
  ports: TurnPorts,
  call: ToolUseBlock,
  tool: ToolDefinition | undefined,
): Promise<CallOutcome> {
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
    return { content: `The tool failed: ${messageOf(error)}`, isError: true }
  }
}
