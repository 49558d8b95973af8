// One tool call in; whether it may send, given what its session holds, out. After a call: what it brought into the session, and which
// files it may have filled with outside text. Tools that neither read nor send pass at no cost.

import { commandBrings, commandSends } from '../../permissions/flow/commands.ts'
import { type AddedLabels, type FlowLabels, labelsFrom, labelsText } from '../../permissions/flow/labels.ts'
import { type Sending, sendingOf } from '../../permissions/flow/sending.ts'
import { coveredBy, type FlowQuestion, flowMode, flowVerdict, isInDoubt, MOST_FOLLOWED } from '../../permissions/flow/verdict.ts'
import { readGrants } from '../../permissions/grants.ts'
import type { Verdict } from '../../permissions/port.ts'
import type { AgentPlan } from '../../plan/plan.ts'
import { boundedAgent } from '../../plan/tool-rights.ts'
import { runsCommands, type ToolDefinition, type ToolResult, traitsOf } from '../../tools/port.ts'
import type { ToolEnvironment } from '../tools/tool-environment.ts'
import type { TurnContext } from '../turns/turn-context.ts'
import type { World } from '../world.ts'
import { evidenceOf, isStranger } from './evidence.ts'
import type { FileOrigins } from './file-origins.ts'
import { createReceivedFiles, type ReceivedFiles } from './received-files.ts'
import type { SessionId, SessionLabels } from './session-labels.ts'

const idOf = ({ session, agent }: Pick<TurnContext, 'session' | 'agent'>): SessionId => ({ key: session.key, agentId: agent.id })

/** Whether a call of the tool could send something. */
const maySend = (tool: ToolDefinition): boolean => traitsOf(tool).sends === true || runsCommands(tool)

export class FlowGate {
  readonly labels: SessionLabels
  readonly #world: World
  readonly #environment: ToolEnvironment
  readonly #origins: FileOrigins
  readonly #received: ReceivedFiles

  constructor(world: World, environment: ToolEnvironment, labels: SessionLabels, origins: FileOrigins) {
    this.#world = world
    this.#environment = environment
    this.labels = labels
    this.#origins = origins
    this.#received = createReceivedFiles(environment, origins)
  }

  /** What arrives with a turn: quoted, forwarded and received text, and in a group the words of strangers. */
  async begin(turn: TurnContext): Promise<void> {
    for (const { message } of turn.claim.rows) {
      if (message === undefined) continue
      const source = arrivingText(turn, message)
      if (source !== undefined) await this.labels.add(idOf(turn), labelsFrom(source, { outside: true }))
    }
  }

  /** Files that people sent in were saved between two times. */
  async received(turn: TurnContext, from: number): Promise<void> {
    await this.#origins.note(this.#environment.cwdOf(turn.agent), 'received', from, Date.now())
  }

  /** The verdict on a call together with that on what it sends. `follow`: counts what is let through for being written outside. */
  async judge(turn: TurnContext, tool: ToolDefinition, input: unknown, verdict: Verdict, follow = true): Promise<Verdict> {
    if (!maySend(tool) || verdict.decision === 'refuse') return verdict
    const labels = await this.labels.of(idOf(turn))
    const question = await this.#questionOf(turn, tool, input, verdict, labels)
    if (question === null || !isInDoubt(question)) return verdict
    const covered = coveredBy(question.sending, await evidenceOf(this.#world, turn, this.#received))
    if (covered === 'person') return verdict
    if (covered === 'outside' && labels.followed < MOST_FOLLOWED) {
      if (follow) await this.labels.add(idOf(turn), { outside: [], private: [], followed: labels.followed + 1 })
      return verdict
    }
    const flow = flowVerdict(question)
    // Where the call asks anyway one answer is enough, and "always" remembers the call.
    return flow.decision === 'ask' && verdict.decision === 'ask'
      ? { ...verdict, reason: `${verdict.reason} ${flow.reason}` }
      : flow
  }

  async #questionOf(
    turn: TurnContext,
    tool: ToolDefinition,
    input: unknown,
    verdict: Verdict,
    labels: FlowLabels,
  ): Promise<FlowQuestion | null> {
    const today = this.#world.generations.now.plan
    const agents = [turn.plan, today].flatMap((plan) =>
      [turn.agent.id, ...turn.parents].flatMap((id) => plan.agents.get(id) ?? []),
    )
    const permissions = [turn.agent.permissions, ...agents.map((agent) => agent.permissions)]
    const sending = await this.#sendingOf(turn, tool, input, verdict)
    if (sending === null) return null
    return { mode: flowMode(permissions), labels, sending, receivers: await this.#receiversOf(turn) }
  }

  async #sendingOf(turn: TurnContext, tool: ToolDefinition, input: unknown, verdict: Verdict): Promise<Sending | null> {
    const command = tool.commandOf?.(input)
    if (command === undefined) return sendingOf(tool, input)
    const bounded = boundedAgent(turn.plan, turn.agent, turn.parents)
    const { sandboxed } = await this.#environment.policyOf(turn.plan, turn.agent, bounded)
    // Nothing leaves a sandbox without a network.
    if (sandboxed && bounded.network.length === 0) return null
    const { commands } = readGrants(turn.agent.permissions.allow, turn.agent.permissions.expanded)
    return commandSends(
      command,
      verdict,
      commands.filter((grant) => !grant.includes('*')),
    )
  }

  /** Receivers that the owner's `allow` or an "always" lets through, in lower case. */
  async #receiversOf(turn: TurnContext): Promise<readonly string[]> {
    const agent: AgentPlan = this.#world.generations.now.plan.agents.get(turn.agent.id) ?? turn.agent
    const { remembered } = await this.#environment.policyOf(turn.plan, turn.agent, turn.agent)
    const { allow, expanded } = agent.permissions
    const granted = [...readGrants(allow, expanded).flows, ...readGrants(remembered.allowed).flows]
    return granted.map((receiver) => receiver.toLowerCase())
  }

  /** What a result adds to its session. `verdict`: on a command; absent: nobody knows what ran. */
  async broughtBy(
    turn: TurnContext,
    tool: ToolDefinition,
    result: ToolResult,
    verdict: Verdict | undefined,
  ): Promise<AddedLabels> {
    if (result.labels !== undefined) return result.labels
    const { outside, private: hidden } = traitsOf(tool)
    if (!runsCommands(tool)) return { outside: outside === true, private: hidden === true }
    const { files, network } = verdict === undefined ? { files: true, network: true } : commandBrings(verdict)
    const fromOutside = network || (files && (await this.#origins.any(this.#environment.cwdOf(turn.agent))))
    return { outside: fromOutside, private: files }
  }

  /** After a call: the session holds what it brought. Before the model sees the result. */
  async mark(turn: TurnContext, tool: ToolDefinition, added: AddedLabels): Promise<void> {
    if (added.outside === true || added.private === true) await this.labels.add(idOf(turn), labelsFrom(tool.name, added))
  }

  /** After a call that may have changed files: they are outside where the session is, or where the call fetched something. */
  async wroteSince(turn: TurnContext, tool: ToolDefinition, from: number, added: AddedLabels): Promise<void> {
    const { writes, runs } = traitsOf(tool)
    if (!writes && !runs) return
    const { outside } = await this.labels.of(idOf(turn))
    if (outside.length === 0 && !(runsCommands(tool) && added.outside === true)) return
    await this.#origins.note(this.#environment.cwdOf(turn.agent), 'wrote', from, Date.now())
  }

  /** Whether a file that a call reads came from outside. */
  async isOutsideFile(turn: TurnContext, changedMs: number): Promise<boolean> {
    return (await this.#origins.of(this.#environment.cwdOf(turn.agent), changedMs)) !== undefined
  }

  async holdsOutside(turn: TurnContext): Promise<boolean> {
    return (await this.labels.of(idOf(turn))).outside.length > 0
  }

  /** For people: what a session holds, and what that means; undefined: neither. */
  async describe(session: SessionId): Promise<string | undefined> {
    const labels = await this.labels.of(session)
    const text = labelsText(labels)
    if (text === undefined) return undefined
    const permissions = this.#world.generations.now.plan.agents.get(session.agentId)?.permissions
    const mode = permissions === undefined ? 'ask' : flowMode([permissions])
    return `This session holds ${text}. permissions.flow: ${mode}. /new clears it.`
  }
}

/** What of a message others wrote. Speech is the person's own. */
function arrivingText(
  turn: TurnContext,
  message: NonNullable<TurnContext['claim']['rows'][number]['message']>,
): string | undefined {
  if (message.quoted !== undefined) return 'a quoted message'
  if (message.forwarded !== undefined) return 'a forwarded message'
  if (message.overheard !== undefined) return 'the talk of a group'
  if (message.media?.some(({ kind }) => kind !== 'audio')) return 'a file that was sent in'
  return message.groupId !== undefined && isStranger(turn, message) ? 'a stranger in the group' : undefined
}
