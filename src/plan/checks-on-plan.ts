// Checks that need the whole Plan: what can never happen, and what should not. Enters: a Plan. Leaves: diagnostics.

import { type Diagnostic, diagnostic, type Position } from '../errors.ts'
import { inSlices, type Sliced } from '../slices.ts'
import { type AccessRow, findAccess, hasDangers, type KnownTools } from './access.ts'
import { areApart, isEmpty } from './conditions.ts'
import { answersUnmentioned } from './group-settings.ts'
import type { Place, Plan, RulePlan } from './plan.ts'
import { findShadowed, type Shadowed } from './shadow.ts'
import { type Patterns, patternsOf } from './text-match.ts'

const at = (place: Place): Position => ({ ...place, endLine: place.line, endColumn: place.column })

const rulePath = (index: number): string => `/routing/rules/${index}`
const token = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1')

function shadowProblem({ rule, by }: Shadowed): Diagnostic {
  const shown = by.slice(0, 3)
  const lines = shown.map((other) =>
    other.place.file === rule.place.file ? `line ${other.place.line}` : `${other.place.file}:${other.place.line}`,
  )
  const who =
    by.length === 1
      ? `the rule on ${lines[0]} takes`
      : `the rules on ${lines.join(', ')}${by.length > 3 ? ' and others' : ''} take`
  const higher = by.every((other) => other.priority > rule.priority)
  const hint = higher
    ? 'Give it a higher priority, narrow the other rule, or remove it.'
    : 'Move it above the other rule, give it a higher priority, or remove it.'
  const related = shown.map((other) => ({ ...at(other.place), message: 'takes its messages' }))
  return diagnostic(
    'CLAW307',
    `This rule can never win: ${who} every message it would match.`,
    { ...at(rule.place), path: rulePath(rule.index) },
    { hint, related },
  )
}

/** Rules that no message can meet, each with the reason. */
function unmeetable(plan: Plan): readonly { readonly rule: RulePlan; readonly why: string; readonly hint: string }[] {
  return plan.rules.flatMap((rule) => {
    if (isEmpty(rule)) {
      const hint = 'No message meets all of them. Remove one, or the rule.'
      return [{ rule, why: 'its conditions exclude each other', hint }]
    }
    if (rule.mentioned !== false) return []
    const channels = [...plan.channels.values()].filter((one) => one.enabled && rule.channelId?.includes(one.id) !== false)
    if (channels.length === 0 || channels.some(answersUnmentioned)) return []
    const hint = `Set \`groups: { respond: always }\` on ${channels.map(({ id }) => id).join(' or ')}, for all groups or for one.`
    return [{ rule, why: 'what does not mention the bot is not answered there', hint }]
  })
}

/** Agents that something starts: a rule that can win, the default, a heartbeat, or an agent that is reached. */
function reachedAgents(plan: Plan, dead: ReadonlySet<number>): ReadonlySet<string> {
  const queue = [
    ...plan.rules.filter((rule) => !dead.has(rule.index)).map((rule) => rule.agentId),
    ...plan.heartbeats.filter((heartbeat) => heartbeat.enabled).map((heartbeat) => heartbeat.agentId),
    ...(plan.defaultAgent === undefined ? [] : [plan.defaultAgent]),
  ]
  const reached = new Set<string>()
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    if (reached.has(id)) continue
    reached.add(id)
    queue.push(...(plan.agents.get(id)?.subagents ?? []))
  }
  return reached
}

function unreachedAgents(plan: Plan, dead: ReadonlySet<number>): readonly Diagnostic[] {
  const reached = reachedAgents(plan, dead)
  return [...plan.agents.values()]
    .filter((agent) => !reached.has(agent.id))
    .map((agent) =>
      diagnostic(
        'CLAW308',
        `Nothing reaches the agent ${agent.id}: no rule that can win, no heartbeat, no other agent, and it is not the default.`,
        { ...at(agent.place), path: `/agents/${token(agent.id)}` },
        { hint: 'Add a rule, name it in `routing.defaultAgent` or in `subagents` of another agent, or remove it.' },
      ),
    )
}

/** Channels whose messages nobody answers. */
function unanswered(plan: Plan): readonly Diagnostic[] {
  if (plan.defaultAgent !== undefined) return []
  const hint = 'Set `routing.defaultAgent`, or add a rule for it.'
  const channels = [...plan.channels.values()].filter((channel) => channel.enabled)
  const silent = channels.filter((channel) => plan.rules.every((rule) => areApart(rule, { channelId: [channel.id] })))
  if (silent.length === 0) return []
  if (silent.length === channels.length) {
    const where = { file: plan.file, path: '/routing' }
    return [
      diagnostic('CLAW315', 'No agent answers any message: there is no default agent, and no rule for a channel.', where, {
        hint,
      }),
    ]
  }
  return silent.map((channel) => {
    const where = { ...at(channel.place), path: `/channels/${token(channel.id)}` }
    return diagnostic(
      'CLAW315',
      `No agent answers on ${channel.id}: no rule takes its messages and there is no default agent.`,
      where,
      { hint },
    )
  })
}

/** One warning for each agent and tool, at the first channel that opens the way. */
function strangersReach(plan: Plan, rows: readonly AccessRow[]): readonly Diagnostic[] {
  const first = new Map<string, { readonly row: AccessRow; readonly tool: string; readonly channels: Set<string> }>()
  for (const row of rows.filter((row) => row.sender === 'stranger')) {
    for (const tool of row.dangerous) {
      const key = JSON.stringify([row.agentId, tool])
      const known = first.get(key)
      if (known === undefined) first.set(key, { row, tool, channels: new Set([row.channelId]) })
      else known.channels.add(row.channelId)
    }
  }
  return [...first.values()].flatMap(({ row, tool, channels }) => {
    const channel = plan.channels.get(row.channelId)
    const reached = row.tools.find((one) => one.name === tool)
    if (channel === undefined || reached === undefined) return []
    const way = row.rule === null ? 'the default agent' : `the rule on line ${row.rule.line}`
    const others = [...channels].slice(1)
    const also = others.length === 0 ? '' : ` (also from ${others.join(', ')})`
    const can = reached.traits.join(', ')
    const rule = row.rule === null ? undefined : plan.rules[row.rule.index]
    const related = rule && [{ ...at(rule.place), message: 'the rule on the way' }]
    return diagnostic(
      'CLAW402',
      `A stranger can reach ${tool} (${can}): ${row.channelId} → ${way} → ${row.agentId} → ${tool}${also}.`,
      { ...at(channel.place), path: `/channels/${token(row.channelId)}` },
      {
        hint: `Name who may write under \`allowFrom\` of ${[...channels].join(', ')}, or take ${tool} from ${row.agentId}.`,
        ...(related && { related }),
      },
    )
  })
}

function* withoutLiteral(plan: Plan, patterns: Patterns): Sliced<readonly Diagnostic[]> {
  const found: Diagnostic[] = []
  for (const rule of plan.rules) {
    yield
    if (rule.pattern === undefined || patterns.analyse(rule.pattern).literals.length > 0) continue
    found.push(
      diagnostic(
        'CLAW311',
        `The pattern ${rule.pattern} holds no text that every match must contain, so it is tried on every message that gets to it.`,
        { ...at(rule.place), path: `${rulePath(rule.index)}/pattern` },
        { hint: 'This is fine for a few rules. With thousands, add a word that must occur, or a channelId, userId or groupId.' },
      ),
    )
  }
  return found
}

/** Everything only the whole Plan can tell. `patterns` as `patternsOf(plan)` gives them, where the caller has them already. */
export async function checkPlan(plan: Plan, registry: KnownTools, patterns?: Patterns): Promise<readonly Diagnostic[]> {
  const shadowed = await inSlices(findShadowed(plan.rules))
  const unmet = unmeetable(plan)
  const dead = new Set([...shadowed, ...unmet].map(({ rule }) => rule.index))
  return [
    ...shadowed.filter(({ rule }) => !unmet.some((one) => one.rule === rule)).map(shadowProblem),
    ...unmet.map(({ rule, why, hint }) =>
      diagnostic('CLAW307', `This rule can never win: ${why}.`, { ...at(rule.place), path: rulePath(rule.index) }, { hint }),
    ),
    ...unreachedAgents(plan, dead),
    ...unanswered(plan),
    ...(hasDangers(plan, registry) ? strangersReach(plan, await inSlices(findAccess(plan, registry, shadowed))) : []),
    ...(await inSlices(withoutLiteral(plan, patterns ?? (await patternsOf(plan))))),
  ]
}
