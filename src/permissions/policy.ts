// A tool call and an agent's permissions → run, ask or refuse. Deny rules come first; then the tool's own `judge`, or its traits.
// Paths and addresses are judged by the gates when the tool runs.

import type { AgentPlan } from '../plan/plan.ts'
import { type ToolDefinition, type ToolPolicy, traitsOf } from '../tools/port.ts'
import { allowOfTool, denyOfTool, readGrants } from './grants.ts'
import type { RememberedGrants, ShellPolicy, Verdict } from './port.ts'
import { fixedPath, homeOf } from './run.ts'
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

/** What commands are judged by: of the grants, those of commands. */
export function shellPolicy(call: Omit<ToolCall, 'tool' | 'input'>): ShellPolicy {
  const { mode, allow, deny, expanded, askInSandbox } = call.agent.permissions
  const { remembered } = call
  return {
    mode,
    allow: readGrants(allow, expanded).commands,
    deny: readGrants(deny, expanded).commands,
    askInSandbox,
    sandbox: call.agent.sandbox,
    remembered: {
      ...remembered,
      allowed: readGrants(remembered.allowed).commands,
      denied: readGrants(remembered.denied).commands,
    },
    sandboxed: call.sandboxed,
    protectedPaths: call.protectedPaths,
    cwd: call.cwd,
    roots: call.agent.workspace.length === 0 ? [{ path: call.cwd, access: 'write' }] : call.agent.workspace,
    programs: call.programs ?? programsOf(fixedPath(call.agent.workspace)),
    home: homeOf(call.sandboxed),
  }
}

/** Judges one call by today's policy; a command also by the files it names, as they are now. Never throws. */
export function judgeTool(call: ToolCall): Verdict {
  const { tool, input } = call
  const denied = deniedTool(call)
  if (denied !== undefined) return denied
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

/** The refusal of a tool that a deny takes away as a whole. */
function deniedTool({ tool, agent, remembered }: ToolCall): Verdict | undefined {
  const { deny, expanded } = agent.permissions
  const by = denyOfTool(readGrants(deny, expanded), tool)
  if (by !== undefined) return { decision: 'refuse', by: 'deny', reason: `The rule \`${by}\` denies it.` }
  const before = denyOfTool(readGrants(remembered.denied), tool)
  if (before === undefined) return undefined
  return { decision: 'refuse', by: 'remembered-denied', reason: `It was denied for good before, as \`${before}\`.` }
}

function judgeByTraits({ tool, agent, remembered }: ToolCall): Verdict {
  const traits = traitsOf(tool)
  if (traits.asks !== true) return { decision: 'run', by: 'mode', reason: `\`${tool.name}\` never asks.` }
  if (remembered.problem !== undefined) return { decision: 'refuse', by: 'remembered-denied', reason: remembered.problem }
  const { allow, expanded } = agent.permissions
  const granted = allowOfTool(readGrants(allow, expanded), tool)
  if (granted !== undefined) return { decision: 'run', by: 'allow', reason: `The grant \`${granted}\` covers it.` }
  const always = allowOfTool(readGrants(remembered.allowed), tool)
  if (always !== undefined)
    return { decision: 'run', by: 'remembered-allowed', reason: `The remembered grant \`${always}\` covers it.` }
  if (agent.permissions.mode !== 'ask') return { decision: 'run', by: 'mode', reason: `The mode is ${agent.permissions.mode}.` }
  return {
    decision: 'ask',
    by: 'mode',
    reason: `\`${tool.name}\` ${traits.runs ? 'runs programs' : traits.spends ? 'spends money' : traits.sends ? 'sends something out' : 'changes something'}, and nothing grants it.`,
    grants: [`tool:${tool.name}`],
  }
}
