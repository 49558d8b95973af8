// `claw route`: which rule wins for a message, each higher one that lost and why, and what the agent then gets.

import { shownPath } from '../config/render.ts'
import { nearest } from '../config/suggest.ts'
import { EXIT } from '../errors.ts'
import { identityOf } from '../plan/admission.ts'
import type { Plan } from '../plan/plan.ts'
import { type AskedRoute, explainRoute, type RouteExplanation } from '../plan/route.ts'
import { patternsOf } from '../plan/text-match.ts'
import { type Io, type Options, paint, printJson, usage, type Verb } from './io.ts'
import { knownPeople } from './known-people.ts'
import { planFrom } from './plan-loading.ts'
import { printable } from './table.ts'

export const run: Verb = async (_args, options, io) => {
  const missing = ['channel', 'user'].filter((name) => typeof options[name] !== 'string')
  if (missing.length > 0)
    return usage(io, `say ${missing.map((name) => `--${name}`).join(' and ')}: claw route --channel C --user U [--text T]`)
  const loaded = await planFrom(options.config, io, { format: options.format })
  if (typeof loaded === 'number') return loaded
  const people = await knownPeople(loaded.plan)
  const { plan } = people
  const input = inputOf(options)
  if (!plan.channels.has(input.channelId)) return usage(io, unknownChannel(plan, input.channelId))
  const explanation = explainRoute(plan, input, await patternsOf(plan), {
    paired: people.paired.has(identityOf(input)),
  })
  const rule = explanation.rule && { ...explanation.rule, file: shownPath(explanation.rule.file, io.cwd) }
  if (options.format === 'json') printJson(io, { ...explanation, rule })
  else io.out(human(plan, { ...explanation, rule }, io))
  return EXIT.ok
}

function inputOf(options: Options): AskedRoute {
  const text = (name: string): string | undefined => (typeof options[name] === 'string' ? options[name] : undefined)
  const [groupId, threadId] = [text('group'), text('thread')]
  const roles = (text('role') ?? '').split(',').filter(Boolean)
  return {
    channelId: text('channel') ?? '',
    userId: text('user') ?? '',
    ...(groupId !== undefined && { groupId }),
    ...(threadId !== undefined && { threadId }),
    content: text('text') ?? '',
    mentioned: options['mentioned'] === true,
    ...(roles.length > 0 && { roles }),
  }
}

function unknownChannel(plan: Plan, channelId: string): string {
  const names = [...plan.channels.keys()]
  const near = nearest(channelId, names)
  return `there is no channel "${channelId}"; ${near === undefined ? `there is ${names.join(', ')}` : `did you mean "${near}"?`}`
}

function human(plan: Plan, found: RouteExplanation, io: Io): string {
  const lines: string[] = []
  const line = (name: string, value: string): void => void lines.push(`${paint(io, 'dim', name.padEnd(8))} ${value}`)
  const name = found.agentId === null ? undefined : plan.agents.get(found.agentId)?.name
  if (found.command !== undefined) line('command', printable(found.reason ?? ''))
  else if (found.agentId === null) line('refused', paint(io, 'red', printable(found.reason ?? '')))
  else line('agent', paint(io, 'bold', name === found.agentId ? found.agentId : `${found.agentId} (${name})`))
  if (found.rule !== null) line('rule', `#${found.rule.index} ${found.rule.file}:${found.rule.line}`)
  else if (found.agentId !== null) line('rule', 'none: the default agent')
  if (found.agentId !== null) {
    line('session', printable(found.sessionKey ?? ''))
    line('text', JSON.stringify(found.content))
    line('tools', found.tools.join(', ') || 'none')
    line('mode', found.permissions?.mode ?? '')
    line('flow', plan.agents.get(found.agentId)?.permissions.flow ?? '')
    const limits = Object.entries(found.rateLimit).map(([limit, value]) => `${limit} ${value}`)
    line('limits', limits.join(', ') || 'none')
  }
  if (found.considered.length > 0) lines.push(paint(io, 'dim', 'considered, by rank'))
  for (const { index, line: at, matched, reason } of found.considered) {
    const mark = matched ? paint(io, 'green', '✓') : paint(io, 'red', '✗')
    lines.push(`  ${mark} #${index} line ${at}: ${printable(reason)}`)
  }
  return `${lines.join('\n')}\n`
}
