// A tool call and an agent's permissions → run, ask or refuse. Deny rules come first; then the tool's own `judge`, or its traits.
// Paths and addresses are judged by the gates when the tool runs.

import type { AgentPlan } from '../plan/plan.ts'
import { type ToolDefinition, type ToolPolicy, traitsOf } from '../tools/port.ts'
import type { RememberedGrants, ShellPolicy, Verdict } from './port.ts'
import { fixedPath, homeOf } from './run.ts'
import { deniedBy } from './shell/deny.ts'
import { type Programs, programsOf } from './shell/programs.ts'
import { judgeCommand } from './shell/verdict.ts'

export interface ToolCall {
  readonly tool: Pick<ToolDefinition, 'name' | 'traits' | 'judge' | 'commandOf'>
  readonly input: unknown
  readonly agent: Pick<AgentPlan, 'permissions' | 'sandbox' | 'workspace'>
  readonly remembered: RememberedGrants
  /** Whether a command of this agent would run in a working sandbox. */
  readonly sandboxed: boolean
  /** The engine's own files, absolute. */
  readonly protectedPaths: readonly string[]
  /** Working folder, absolute. */
  readonly cwd: string
  /** Which programs a name means; absent: those in the system's folders. */
  readonly programs?: Programs
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
  roots: call.agent.workspace.length === 0 ? [{ path: call.cwd, access: 'write' }] : call.agent.workspace,
  programs: call.programs ?? programsOf(fixedPath(call.agent.workspace)),
  home: homeOf(call.sandboxed),
})

/** Judges one call by today's policy; a command also by the files it names, as they are now. Never throws. */
export function judgeTool(call: ToolCall): Verdict {
  const { tool, input } = call
  if (tool.judge === undefined) return judgeByTraits(call)
  const policy: ToolPolicy = {
    mode: call.agent.permissions.mode,
    judgeCommand: (command) => judgeCommand(command, shellPolicy(call)),
    judgeByTraits: () => judgeByTraits(call),
  }
  try {
    return tool.judge(input, policy)
  } catch {
    return {
      decision: policy.mode === 'ask' ? 'ask' : 'refuse',
      by: 'parse',
      reason: `\`${tool.name}\` could not judge this call, so it does not run unasked.`,
    }
  }
}

function judgeByTraits({ tool, agent, remembered }: ToolCall): Verdict {
  const traits = traitsOf(tool)
  const subject = { words: [tool.name], mayStart: false }
  const denied = deniedBy(agent.permissions.deny, subject)
  if (denied !== undefined) return { decision: 'refuse', by: 'deny', reason: `The rule \`${denied}\` denies it.` }
  const before = deniedBy(remembered.denied, subject)
  if (before !== undefined)
    return { decision: 'refuse', by: 'remembered-denied', reason: `It was denied for good before, as \`${before}\`.` }
  if (traits.asks !== true) return { decision: 'run', by: 'mode', reason: `\`${tool.name}\` never asks.` }
  if (remembered.problem !== undefined) return { decision: 'refuse', by: 'remembered-denied', reason: remembered.problem }
  if (agent.permissions.allow.includes(tool.name))
    return { decision: 'run', by: 'allow', reason: `The grant \`${tool.name}\` covers it.` }
  if (remembered.allowed.includes(tool.name))
    return { decision: 'run', by: 'remembered-allowed', reason: `The remembered grant \`${tool.name}\` covers it.` }
  if (agent.permissions.mode !== 'ask') return { decision: 'run', by: 'mode', reason: `The mode is ${agent.permissions.mode}.` }
  return {
    decision: 'ask',
    by: 'mode',
    reason: `\`${tool.name}\` ${traits.runs ? 'runs programs' : traits.spends ? 'spends money' : traits.sends ? 'sends something out' : 'changes something'}, and nothing grants it.`,
    grants: [tool.name],
  }
}
