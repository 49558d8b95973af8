// A tool call and an agent's permissions → run, ask or refuse. Commands go to the shell checker; all other tools are judged by
// their traits, and their paths and addresses by the gates when they run.

import type { AgentPlan } from '../plan/plan.ts'
import type { ToolDefinition } from '../tools/port.ts'
import type { RememberedGrants, ShellPolicy, Verdict } from './port.ts'
import { deniedBy } from './shell/deny.ts'
import { recheckCommand } from './shell/recheck.ts'
import { judgeCommand } from './shell/verdict.ts'

export interface ToolCall {
  readonly tool: Pick<ToolDefinition, 'name' | 'traits'>
  readonly input: unknown
  readonly agent: Pick<AgentPlan, 'permissions' | 'sandbox' | 'workspace'>
  readonly remembered: RememberedGrants
  /** Whether a command of this agent would run in a working sandbox. */
  readonly sandboxed: boolean
  /** The engine's own files, absolute. */
  readonly protectedPaths: readonly string[]
  /** Working folder, absolute. */
  readonly cwd: string
}

export const shellPolicy = (call: Omit<ToolCall, 'tool' | 'input'>): ShellPolicy => ({
  mode: call.agent.permissions.mode,
  allow: call.agent.permissions.allow,
  deny: call.agent.permissions.deny,
  askInSandbox: call.agent.permissions.askInSandbox,
  sandbox: call.agent.sandbox,
  remembered: call.remembered,
  sandboxed: call.sandboxed,
  protectedPaths: call.protectedPaths,
  cwd: call.cwd,
})

/** Judges one call by its text and today's policy. Never throws. */
export function judgeTool(call: ToolCall): Verdict {
  const { tool, agent, remembered } = call
  if (tool.name === 'bash') {
    const command =
      typeof call.input === 'object' && call.input !== null && 'command' in call.input ? call.input.command : undefined
    return judgeCommand(command, shellPolicy(call))
  }
  const words = [tool.name]
  const denied = deniedBy(agent.permissions.deny, words)
  if (denied !== undefined) return { decision: 'refuse', by: 'deny', reason: `The rule \`${denied}\` denies it.` }
  const before = deniedBy(remembered.denied, words)
  if (before !== undefined)
    return { decision: 'refuse', by: 'remembered-denied', reason: `It was denied for good before, as \`${before}\`.` }
  if (tool.traits.asks !== true) return { decision: 'run', by: 'mode', reason: `\`${tool.name}\` never asks.` }
  if (remembered.problem !== undefined) return { decision: 'refuse', by: 'remembered-denied', reason: remembered.problem }
  if (agent.permissions.allow.includes(tool.name))
    return { decision: 'run', by: 'allow', reason: `The grant \`${tool.name}\` covers it.` }
  if (remembered.allowed.includes(tool.name))
    return { decision: 'run', by: 'remembered-allowed', reason: `The remembered grant \`${tool.name}\` covers it.` }
  if (agent.permissions.mode !== 'ask') return { decision: 'run', by: 'mode', reason: `The mode is ${agent.permissions.mode}.` }
  return {
    decision: 'ask',
    by: 'mode',
    reason: `\`${tool.name}\` ${tool.traits.runs ? 'runs programs' : tool.traits.spends ? 'spends money' : tool.traits.sends ? 'sends something out' : 'changes something'}, and nothing grants it.`,
    grants: [tool.name],
  }
}

/**
 * The verdict just before running: as `judgeTool`, and for what the safe list let through, the files it would really reach.
 * Call it last; what a person approved needs no second look at its files.
 */
export async function judgeToolNow(call: ToolCall): Promise<Verdict> {
  const verdict = judgeTool(call)
  if (call.tool.name !== 'bash' || verdict.decision !== 'run') return verdict
  const problem = await recheckCommand(verdict, (call.input as { command: string }).command, {
    cwd: call.cwd,
    roots: call.agent.workspace.map((root) => root.path),
    protectedPaths: call.protectedPaths,
  })
  if (problem === undefined) return verdict
  const { grants: _, ...rest } = verdict
  return { ...rest, decision: call.agent.permissions.mode === 'ask' ? 'ask' : 'refuse', by: 'floor', reason: problem, grants: [] }
}
