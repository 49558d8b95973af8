// What tools stand in: gates, the shell, memory, the audit log, remembered grants and the secrets that must not leak. Made
// once for each agent of a plan and shared by its turns.

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../../errors.ts'
import { createMemory, memoryView } from '../../memory/store.ts'
import { bindApproval, changedSince } from '../../permissions/approval-binding.ts'
import { createApprovalsFile } from '../../permissions/approvals-file.ts'
import { ANCHOR_KEY, type Audit, type AuditAnchor, createAudit, readHead } from '../../permissions/audit.ts'
import { engineFiles } from '../../permissions/engine-files.ts'
import { createNetworkGate } from '../../permissions/network.ts'
import { memoryKeyProblem } from '../../permissions/path-names.ts'
import { createPathGate } from '../../permissions/paths.ts'
import type { ToolCall } from '../../permissions/policy.ts'
import type { ApprovalBinding, PathGate } from '../../permissions/port.ts'
import { createShellRunner } from '../../permissions/run.ts'
import { createSandbox } from '../../permissions/sandbox.ts'
import type { AgentPlan, Plan } from '../../plan/plan.ts'
import type { Logger } from '../../ports.ts'
import type { KeyValueStore } from '../../storage/ports.ts'
import { createBrowserHost } from '../../tools/browser/host.ts'
import type { ToolCapabilities, ToolDefinition } from '../../tools/port.ts'
import { createToolRunner, type ToolRunner } from '../../tools/run.ts'
import { reachedScopes } from '../turns/person.ts'
import type { TurnContext } from '../turns/turn-context.ts'
import type { World } from '../world.ts'
import { capabilitiesOf, type Gates } from './capabilities.ts'

export interface ToolEnvironment {
  readonly runner: ToolRunner
  readonly audit: Pick<Audit, 'append' | 'retire'>
  /** What a call of this agent is judged by. `bounded`: the agent with the strictest sandbox that applies. */
  policyOf(plan: Plan, agent: AgentPlan, bounded: AgentPlan): Promise<Omit<ToolCall, 'tool' | 'input'>>
  cwdOf(agent: AgentPlan): string
  /** The files of the turn's agent. */
  pathsOf(turn: Pick<TurnContext, 'plan' | 'agent'>): PathGate
  /** What an approval of a call is bound to, as it is now. */
  bind(agent: AgentPlan, tool: ToolDefinition, input: unknown): Promise<ApprovalBinding>
  /** What has changed of it since, each in words. */
  changedSince(bound: ApprovalBinding & { readonly cwd: string }): Promise<readonly string[]>
  /** What one call of a tool may use. */
  capabilitiesOf(turn: TurnContext, tool: ToolDefinition, idempotencyKey: string): ToolCapabilities<unknown>
  /** Saves what "always" approved, for one agent. */
  remember(agentId: string, grants: readonly string[]): Promise<void>
  redact(text: string): string
  close(): Promise<void>
}

/** Keeps where the audit log ends in the database, too. */
export const auditAnchor = (kv: KeyValueStore, log: Logger): AuditAnchor => ({
  load: async () => readHead(await kv.get(ANCHOR_KEY)),
  save: (head) =>
    void kv
      .set(ANCHOR_KEY, JSON.stringify(head))
      .catch((error: unknown) => log.error({ error: messageOf(error) }, 'where the audit log ends could not be kept')),
})

export type CreateToolEnvironment = (world: World) => Promise<ToolEnvironment>

export const createToolEnvironment: CreateToolEnvironment = async (world) => {
  const { storage, clock, log } = world
  const { redact } = world.secrets
  const { stateDir } = storage
  await mkdir(stateDir, { recursive: true, mode: 0o700 })
  const runner = createToolRunner()
  const audit = createAudit(join(stateDir, 'audit.jsonl'), {
    now: clock.now,
    redact,
    anchor: auditAnchor(storage.kv, log),
    sync: world.generations.now.plan.durability === 'power',
  })
  const remembered = createApprovalsFile(join(stateDir, 'exec-approvals.json'))
  const memory = createMemory({ folder: join(stateDir, 'memory'), clock, onProblem: (why) => log.warn({}, why) })
  const browser = createBrowserHost(join(stateDir, 'browser'))
  const sandbox = createSandbox()
  const gates = new WeakMap<AgentPlan, Omit<Gates, 'memory' | 'browser'>>()

  const cwdOf = (agent: AgentPlan): string => agent.workspace[0]?.path ?? stateDir

  function gatesOf(plan: Plan, agent: AgentPlan): Omit<Gates, 'memory' | 'browser'> {
    const known = gates.get(agent)
    if (known !== undefined) return known
    const protectedPaths = engineFiles(plan)
    const fresh = {
      paths: createPathGate({ roots: agent.workspace, protectedPaths }),
      network: createNetworkGate({
        ...(agent.allowHosts === undefined ? {} : { allowHosts: agent.allowHosts }),
        denyHosts: agent.denyHosts,
      }),
      shell: createShellRunner({
        roots: agent.workspace,
        protectedPaths,
        sandbox,
        mode: agent.sandbox,
        network: agent.network,
        redact,
      }),
    }
    gates.set(agent, fresh)
    return fresh
  }

  return {
    runner,
    audit,
    async policyOf(plan, agent, bounded) {
      return {
        // Permissions of the one, place and sandbox of where it would run.
        agent: { permissions: agent.permissions, sandbox: bounded.sandbox, workspace: bounded.workspace },
        remembered: await remembered.rememberedFor(agent.id),
        sandboxed: bounded.sandbox !== 'off' && (await sandbox.works()),
        protectedPaths: engineFiles(plan),
        cwd: cwdOf(bounded),
      }
    },
    cwdOf,
    pathsOf: ({ plan, agent }) => gatesOf(plan, agent).paths,
    bind: (agent, tool, input) =>
      bindApproval({ tool, command: tool.commandOf?.(input), cwd: cwdOf(agent), workspace: agent.workspace, stateDir }),
    changedSince: (bound) => changedSince(bound, { cwd: bound.cwd, stateDir }),
    capabilitiesOf: (turn, tool, idempotencyKey) =>
      capabilitiesOf(world, turn, tool, idempotencyKey, {
        ...gatesOf(turn.plan, turn.agent),
        memory: memoryView(memory.of, { ...reachedScopes(turn), keyProblem: memoryKeyProblem }),
        browser,
      }),
    remember: (agentId, grants) => remembered.remember(agentId, grants),
    redact,
    close: async () => {
      await browser.close()
      memory.close()
      await audit.close()
    },
  }
}
