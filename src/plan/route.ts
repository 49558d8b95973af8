// Enters: a Plan and a message. Leaves: why it is answered by whom, for people: every rule that was considered.

import { admission, type Routed, type Standing, settle } from './admission.ts'
import { isCommandFor, parseCommand } from './chat-commands.ts'
import { CONDITIONS, conditionWords } from './conditions.ts'
import { doorsOf, isGatewayDoor } from './doors.ts'
import type { AgentPlan, PermissionMode, Plan, RateLimit, RouteInput, RulePlan } from './plan.ts'
import { byRank, failing } from './scan.ts'
import type { Patterns } from './text-match.ts'

/** One rule as it was considered. */
export interface Considered {
  readonly index: number
  readonly line: number
  readonly matched: boolean
  readonly reason: string
}

/** `claw route --format json`, without formatVersion. */
export interface RouteExplanation {
  readonly agentId: string | null
  /** Why no agent answers; only then. */
  readonly reason?: string
  /** The chat command that the engine answers itself; only then. */
  readonly command?: string
  readonly sessionKey: string | null
  readonly content: string | null
  readonly rule: { readonly index: number; readonly file: string; readonly line: number } | null
  readonly considered: readonly Considered[]
  readonly tools: readonly string[]
  readonly permissions: { readonly mode: PermissionMode } | null
  readonly rateLimit: RateLimit
}

const kindOf = ({ threadId }: RouteInput): string => (threadId === undefined ? 'group' : 'thread')

const list = (values: readonly string[]): string => (values.length > 5 ? `${values.slice(0, 5).join(', ')} …` : values.join(', '))

function whyNot(rule: RulePlan, input: RouteInput, lost: NonNullable<ReturnType<typeof failing>>): string {
  if (lost === 'not') return `its \`not\` holds: ${conditionWords(rule.not ?? {}).join(', ')}`
  if (lost === 'chat')
    return `${input.groupId === undefined ? 'a direct chat' : `a ${kindOf(input)}`}, rule wants chat: ${rule.chat}`
  if (lost === 'mentioned')
    return rule.mentioned === true ? 'the bot is not mentioned' : 'the bot is mentioned, rule wants that it is not'
  if (lost === 'role')
    return `sender has ${input.roles?.length ? `the roles ${list(input.roles)}` : 'no role'}, rule wants ${list(rule.role ?? [])}`
  if (lost === 'prefix') return `text does not start with "${rule.prefix}" followed by a blank or the end`
  if (lost === 'pattern') return `text does not match /${rule.pattern}/`
  const given = input[lost]
  const wanted = list(rule[lost] ?? [])
  return given === undefined ? `message has no ${lost}, rule wants ${wanted}` : `${lost} is ${given}, rule wants ${wanted}`
}

function whyWon(rule: RulePlan): string {
  const conditions: readonly string[] = CONDITIONS.filter((name) => rule[name] !== undefined)
  const excepted = rule.not === undefined ? '' : conditions.length === 0 ? '`not` does not hold' : ', and `not` does not hold'
  if (conditions.length === 0) return excepted === '' ? 'no conditions: matches every message' : excepted
  return `${conditions.join(', ')} match${excepted}`
}

/** A message as it is asked about. */
export interface AskedRoute extends RouteInput {
  /** In a group: the bot is named in the message. A command for it needs no mention, and no message to the gateway does. */
  readonly mentioned?: boolean
}

/** Whether a message from a group is for the bot. */
function mentionsBot(plan: Plan, { channelId, content, mentioned = false }: AskedRoute): boolean {
  const channel = plan.channels.get(channelId)
  return mentioned || isCommandFor(plan, channelId, content) || (channel !== undefined && doorsOf(channel).some(isGatewayDoor))
}

/** What would happen to a message, and why: every rule of higher rank that lost, and the winner. */
export function explainRoute(plan: Plan, input: AskedRoute, patterns: Patterns, standing: Standing = {}): RouteExplanation {
  const considered: Considered[] = []
  let winner: RulePlan | null = null
  const asked = { ...input, mentionsBot: mentionsBot(plan, input) }
  for (const rule of byRank(plan.rules)) {
    const lost = failing(rule, asked, patterns)
    const reason = lost === null ? whyWon(rule) : whyNot(rule, asked, lost)
    considered.push({ index: rule.index, line: rule.place.line, matched: lost === null, reason })
    if (lost === null) {
      winner = rule
      break
    }
  }
  const admitted = admission(plan, asked, standing)
  const command = parseCommand(input.content) === null ? undefined : (/^\S+/.exec(input.content.trim())?.[0] ?? '')
  const routed = admitted.admitted ? answerOf(plan, winner, input, command) : { agentId: null, reason: admitted.reason }
  const rule = winner === null ? null : { index: winner.index, file: winner.place.file, line: winner.place.line }
  if (routed.agentId === null) {
    const nothing = { sessionKey: null, content: null, tools: [], permissions: null, rateLimit: {} }
    const answered = admitted.admitted && command !== undefined ? { command } : {}
    return { agentId: null, reason: routed.reason, ...answered, ...nothing, rule, considered }
  }
  const agent: AgentPlan | undefined = plan.agents.get(routed.agentId)
  return {
    agentId: routed.agentId,
    sessionKey: routed.sessionKey,
    content: routed.content,
    rule,
    considered,
    tools: agent?.tools ?? [],
    permissions: agent === undefined ? null : { mode: agent.permissions.mode },
    rateLimit: agent?.rateLimit ?? {},
  }
}

function answerOf(plan: Plan, winner: RulePlan | null, input: RouteInput, command: string | undefined): Routed {
  if (command === undefined) return settle(plan, winner, input)
  return { agentId: null, reason: `${command} is a chat command: the engine answers it, and no agent gets it.` }
}
