// One tool call in, its outcome out: checked, judged by today's plan and the turn's, asked for where that is needed, written
// to the audit log, run as a step that is never made twice, and cleared of secrets. Must not throw for what a model did.

import { type CallOutcome, EngineStops, type ToolCall } from '../../agent/port.ts'
import { messageOf, StateError } from '../../errors.ts'
import type { MediaBlock, TextBlock } from '../../models/port.ts'
import { judgeTool } from '../../permissions/policy.ts'
import { GateError, type ShellRunner, type Verdict } from '../../permissions/port.ts'
import { redactDeep } from '../../permissions/redact.ts'
import { strictest } from '../../permissions/strictest.ts'
import type { AgentPlan, Plan } from '../../plan/plan.ts'
import { boundedAgent, toolsFor } from '../../plan/tool-rights.ts'
import { type ApprovalRow, StepUnknown } from '../../storage/ports.ts'
import { type ToolCapabilities, type ToolDefinition, type ToolResult, traitsOf } from '../../tools/port.ts'
import { changesSentence } from '../approvals/approval-text.ts'
import type { Asking } from '../approvals/asking.ts'
import type { FlowGate } from '../flow/flow-gate.ts'
import { labelledMemory } from '../flow/labelled-memory.ts'
import { betweenHooks } from '../hooks.ts'
import type { TurnContext } from '../turns/turn-context.ts'
import type { World } from '../world.ts'
import { largestFile, storeAttachments, unsendable } from './attachments.ts'
import type { ToolEnvironment } from './tool-environment.ts'

export interface ToolGate {
  call(turn: TurnContext, call: ToolCall): Promise<CallOutcome>
  /** Runs what was answered late, judged again by today's plan; asks again where its files have changed. */
  runApproved(turn: TurnContext, call: ToolCall, approved: ApprovalRow): Promise<CallOutcome>
}

/** Why a call may run: a person's approval, or the verdict. */
interface Allowed {
  readonly approved?: ApprovalRow
  readonly verdict?: Verdict
}

const stepOf = (toolUseId: string): string => `tool:${toolUseId}`
const refusal = (reason: string): Verdict => ({ decision: 'refuse', by: 'hard-deny', reason })
const failure = (content: string): CallOutcome => ({ content, isError: true })

export function createToolGate(world: World, environment: ToolEnvironment, asking: Asking, flow: FlowGate): ToolGate {
  const { runner, audit } = environment
  const { journal } = world.storage

  /** A tool that there is under the turn's plan, whether or not this turn may use it. */
  const toolNamed = (turn: TurnContext, name: string): ToolDefinition | undefined =>
    world.registryOf(turn.plan).tools.find((tool) => tool.name === name)

  /** The tool as today's plan gives it to the agent. */
  const toolNow = (today: Plan, agent: AgentPlan, parents: readonly string[], name: string): ToolDefinition | undefined =>
    toolsFor(today, agent, parents, world.registryOf(today).tools).find((tool) => tool.name === name)

  async function call(turn: TurnContext, { id, name, input }: ToolCall): Promise<CallOutcome> {
    const tool = toolNamed(turn, name)
    // What ran before the engine was killed is judged no more: its result stands, or nobody knows it.
    if (tool !== undefined && (await journal.has(turn.claim.run, stepOf(id)))) return await run(turn, id, tool, input)
    if (tool === undefined || !turn.tools.includes(tool)) return failure(`There is no tool "${name}" here.`)
    const problem = await runner.validateInput(tool, input)
    if (problem !== null) return failure(problem)
    const verdict = await flow.judge(turn, tool, input, await judgeForTurn(turn, tool, input))
    if (!(await record(turn, tool, input, verdict))) return failure('Not run: the audit log cannot be written.')
    if (verdict.decision === 'refuse') return failure(`Not run: ${verdict.reason}`)
    if (verdict.decision !== 'ask') return await run(turn, id, tool, input, { verdict })
    const asked = await asking.ask(turn, { id, tool, input }, verdict)
    if ('content' in asked) return asked
    const barred = await barredNow(turn, tool, input, asked)
    return barred === null ? await run(turn, id, tool, input, { approved: asked, verdict }) : failure(barred)
  }

  /** By the plan the turn began with and by today's: the stricter counts, so that what a reload took away is gone at once. */
  async function judgeForTurn(turn: TurnContext, tool: ToolDefinition, input: unknown): Promise<Verdict> {
    const verdict = await judge(turn.plan, turn.agent, turn.parents, tool, input)
    const today = world.generations.now.plan
    if (today === turn.plan || verdict.decision === 'refuse') return verdict
    const agent = today.agents.get(turn.agent.id)
    if (agent === undefined) return refusal(`The agent ${turn.agent.id} was removed.`)
    const now = toolNow(today, agent, turn.parents, tool.name)
    if (now === undefined) return refusal(`The tool ${tool.name} was taken away.`)
    return strictest([verdict, await judge(today, agent, turn.parents, now, input)])
  }

  async function judge(
    plan: Plan,
    agent: AgentPlan,
    parents: readonly string[],
    tool: ToolDefinition,
    input: unknown,
  ): Promise<Verdict> {
    const gone = parents.find((id) => !plan.agents.has(id))
    if (gone !== undefined) return refusal(`The agent ${gone}, which started this one, was removed.`)
    const bounded = boundedAgent(plan, agent, parents)
    const all = [bounded, ...parents.flatMap((id) => plan.agents.get(id) ?? [])]
    const verdicts = await Promise.all(
      all.map((one) => environment.policyOf(plan, one, bounded).then((policy) => judgeTool({ tool, input, ...policy }))),
    )
    return strictest(verdicts as [Verdict, ...Verdict[]])
  }

  /** Why what was approved does not run after all, or null: an answer can take long, and much may change meanwhile. */
  async function barredNow(
    turn: TurnContext,
    tool: ToolDefinition,
    input: unknown,
    approved: ApprovalRow,
  ): Promise<string | null> {
    const today = world.generations.now.plan.agents.get(turn.agent.id)
    if ([turn.agent, today].some((agent) => agent !== undefined && environment.cwdOf(agent) !== approved.cwd))
      return 'Not run: the agent’s working folder is another one than the approved.'
    return await barredToday(world.generations.now.plan, turn, tool, input)
  }

  /** Why today's plan does not let this run, or null. */
  async function barredToday(today: Plan, turn: TurnContext, tool: ToolDefinition, input: unknown): Promise<string | null> {
    const agent = today.agents.get(turn.agent.id)
    if (agent === undefined) return `Not run: the agent ${turn.agent.id} was removed.`
    const now = toolNow(today, agent, turn.parents, tool.name)
    if (now === undefined) return `Not run: the tool ${tool.name} was taken away.`
    const judged = await judge(today, agent, turn.parents, now, input)
    const verdict = await flow.judge(turn, tool, input, judged, false)
    return verdict.decision === 'refuse' ? `Not run: ${verdict.reason}` : null
  }

  async function record(turn: TurnContext, tool: ToolDefinition, input: unknown, verdict: Verdict): Promise<boolean> {
    try {
      await audit.append({
        kind: 'tool',
        agentId: turn.agent.id,
        session: turn.session.key,
        tool: tool.name,
        input: cleared(input),
        decision: verdict.decision,
        by: verdict.by,
        reason: verdict.reason,
      })
      return true
    } catch (error) {
      world.log.error({ error: messageOf(error) }, 'the audit log cannot be written')
      return false
    }
  }

  /** Calls that ended and could not be stored: tried again, they give what they gave. */
  const ran = new Map<string, { readonly from: number; readonly result: ToolResult }>()

  async function run(
    turn: TurnContext,
    toolUseId: string,
    tool: ToolDefinition,
    input: unknown,
    allowed: Allowed = {},
  ): Promise<CallOutcome> {
    const repeatable = traitsOf(tool).idempotent === true
    try {
      const outcome = await journal.step(
        turn.claim.run,
        stepOf(toolUseId),
        async (idempotencyKey) => {
          const capabilities = labelled(turn, environment.capabilitiesOf(turn, tool, idempotencyKey))
          const from = ran.get(idempotencyKey)?.from ?? Date.now()
          const { approved, verdict } = allowed
          const shell =
            approved === undefined ? judged(capabilities.shell, turn, tool, input, verdict) : bound(capabilities.shell, approved)
          const hooked = { agentId: turn.agent.id, sessionKey: turn.session.key, toolName: tool.name, input }
          const call = () => betweenHooks(world.hooks, hooked, () => runner.run(tool, input, { ...capabilities, shell }))
          const result = ran.get(idempotencyKey)?.result ?? (await call())
          if (!repeatable) ran.set(idempotencyKey, { from, result })
          // Broken off as the engine stops: not the tool's result, and the next process may make the call again.
          if (repeatable && turn.signal.reason instanceof EngineStops) throw turn.signal.reason
          const labels = await flow.broughtBy(turn, tool, result, verdict)
          await flow.wroteSince(turn, tool, from, labels)
          return { ...(await outcomeOf(turn, result, capabilities)), labels }
        },
        repeatable ? 'always' : 'never',
      )
      await flow.mark(turn, tool, outcome.labels ?? traitsOf(tool))
      ran.delete(`${turn.claim.run}:${stepOf(toolUseId)}`)
      return outcome
    } catch (error) {
      if (error instanceof StepUnknown)
        return failure('The engine was restarted while this ran. It may or may not have happened: look before you try again.')
      // The journal could not be written: the turn is tried again when it can be.
      if (error instanceof StateError) throw error
      return failure(`The tool failed: ${environment.redact(messageOf(error))}`)
    }
  }

  /** What the call may use, with what of it came from outside. */
  const labelled = (turn: TurnContext, given: ToolCapabilities<unknown>): ToolCapabilities<unknown> => ({
    ...given,
    memory: labelledMemory(given.memory, () => flow.holdsOutside(turn)),
    isOutsideFile: async ({ changedMs }) => changedMs === undefined || (await flow.isOutsideFile(turn, changedMs)),
  })

  /** Its files are copied before the step ends: what the journal says of them stays true. */
  async function outcomeOf(turn: TurnContext, result: ToolResult, { paths }: ToolCapabilities<unknown>): Promise<CallOutcome> {
    const content = redacted(result.content)
    const isError = result.isError === true
    if (result.attachments === undefined || result.attachments.length === 0) return { content, isError }
    const { redact } = environment
    const files = { paths, files: world.storage.files, redact, maxBytes: largestFile(turn) }
    const { stored, problems } = await storeAttachments(result.attachments, files)
    const notes = stored.length === 0 ? problems : [...problems, ...unsendable(world.registryOf(turn.plan), turn)]
    if (notes.length === 0) return { content, isError, attachments: stored }
    const text = { type: 'text' as const, text: notes.join('\n') }
    const said = typeof content === 'string' ? [content, text.text].join('\n').trim() : [...content, text]
    return { content: said, isError: isError || problems.length > 0, attachments: stored }
  }

  /** The shell of an approved call: a program starts only while its files are as they were when it was asked about. */
  function bound(shell: ShellRunner, approved: ApprovalRow): ShellRunner {
    const lastLook = async (): Promise<void> => {
      const changes = await environment.changedSince(approved)
      if (changes.length > 0)
        throw new GateError(`Not run. ${changesSentence(approved.id, changes)} Ask again if it is still wanted.`)
    }
    return { run: (command, options) => shell.run(command, { ...options, lastLook }) }
  }

  /** The shell of a call let through unasked: its command runs in the form that was judged, while it is judged the same. */
  function judged(
    shell: ShellRunner,
    turn: TurnContext,
    tool: ToolDefinition,
    input: unknown,
    verdict: Verdict | undefined,
  ): ShellRunner {
    const script = verdict?.script
    if (script === undefined) return shell
    const command = tool.commandOf?.(input)
    const lastLook = async (): Promise<void> => {
      const now = await judgeForTurn(turn, tool, input)
      if (now.decision !== 'run' || now.script !== script)
        throw new GateError('Not run: files that it names changed while it was judged. Try it once more.')
    }
    return {
      run: async (asked, options) => {
        if (asked !== command) throw new GateError('Not run: it is not the command that was judged.')
        return await shell.run(script, { ...options, lastLook })
      },
    }
  }

  /** The input as it may stand in a log. */
  const cleared = (input: unknown): unknown => redactDeep(input ?? null, environment.redact)

  function redacted(content: CallOutcome['content']): CallOutcome['content'] {
    if (typeof content === 'string') return environment.redact(content)
    return content.map((block: TextBlock | MediaBlock) =>
      block.type === 'text' ? { ...block, text: environment.redact(block.text) } : block,
    )
  }

  return {
    call,
    async runApproved(turn, { id, name, input }, approved) {
      const tool = toolNamed(turn, name)
      if (tool === undefined) return failure(`Not run: there is no tool "${name}" any more.`)
      if (await journal.has(turn.claim.run, stepOf(id))) return await run(turn, id, tool, input)
      const confirmed = await asking.confirm(turn, id, tool, approved)
      if ('content' in confirmed) return confirmed
      const barred = await barredNow(turn, tool, input, confirmed)
      if (barred !== null) return failure(barred)
      await audit.append({
        kind: 'tool',
        agentId: turn.agent.id,
        session: turn.session.key,
        tool: name,
        input: cleared(input),
        decision: 'run',
        by: 'approval',
        reason: `approved as ${confirmed.id}`,
      })
      return await run(turn, id, tool, input, { approved: confirmed })
    },
  }
}
