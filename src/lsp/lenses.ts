// A Plan in, a line over each rule and agent, out: who reaches it, and which tests touch it.

import type { CodeLens } from 'vscode-languageserver'
import { routeMessage } from '../plan/admission.ts'
import type { Place, Plan } from '../plan/plan.ts'
import { type Reach, reachOf } from '../plan/reach.ts'
import { createRouter } from '../plan/router.ts'
import { stepsOf, type TestSpec } from '../testing/spec.ts'

interface Lens {
  readonly place: Place
  readonly title: string
}

const known = new WeakMap<Plan, Promise<readonly Lens[]>>()

export async function lensesOf(plan: Plan, file: string): Promise<CodeLens[]> {
  const lenses = known.get(plan) ?? allLenses(plan)
  known.set(plan, lenses)
  return (await lenses)
    .filter(({ place }) => place.file === file)
    .map(({ place: { line, column }, title }) => ({
      range: { start: { line: line - 1, character: column - 1 }, end: { line: line - 1, character: column } },
      // Words to read; nothing happens on a click.
      command: { title, command: '' },
    }))
}

async function allLenses(plan: Plan): Promise<readonly Lens[]> {
  const reaches = reachOf(plan)
  const ofRule = new Map<number, Set<string>>()
  const ofAgent = new Map<string, Set<string>>()
  const note = <K>(map: Map<K, Set<string>>, key: K, who: string): void => void map.set(key, (map.get(key) ?? new Set()).add(who))
  for (const reach of reaches) {
    note(ofAgent, reach.agentId, whoOf(reach))
    for (const { rule } of reach.ways) if (rule !== null) note(ofRule, rule.index, whoOf(reach))
  }
  for (const { name, agentId, enabled } of plan.heartbeats) if (enabled) note(ofAgent, agentId, `heartbeat ${name}`)
  for (const { id, subagents } of plan.agents.values()) for (const child of subagents) note(ofAgent, child, `agent ${id}`)
  const tests = await testsThatTouch(plan)
  return [
    ...plan.rules.map(({ index, place }) => ({ place, title: titleOf(ofRule.get(index), tests.rules.get(index)) })),
    ...[...plan.agents.values()].map(({ id, place }) => ({ place, title: titleOf(ofAgent.get(id), tests.agents.get(id)) })),
  ]
}

const CLASSES = {
  owner: 'owners',
  linked: 'linked people',
  'allow-listed': 'those in allowFrom',
  paired: 'paired people',
  stranger: 'strangers',
} as const

const whoOf = ({ sender, channel }: Reach): string => `${CLASSES[sender]} on ${channel.id}`

const SHOWN = 4

function titleOf(who: ReadonlySet<string> = new Set(), tests = 0): string {
  const names = [...who]
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : ''
  const reached = names.length === 0 ? 'reached by nobody' : `reached by ${names.slice(0, SHOWN).join(', ')}${more}`
  return `${reached} · ${tests === 0 ? 'no tests' : tests === 1 ? '1 test' : `${tests} tests`}`
}

/** By the messages they send: what routing makes of them. */
async function testsThatTouch(plan: Plan): Promise<{ rules: Map<number, number>; agents: Map<string, number> }> {
  const [rules, agents] = [new Map<number, number>(), new Map<string, number>()]
  if (plan.tests.length === 0) return { rules, agents }
  const router = await createRouter(plan)
  for (const { spec } of plan.tests) {
    const [touchedRules, touchedAgents] = [new Set<number>(), new Set<string>()]
    for (const { step } of stepsOf(spec as TestSpec)) {
      if (step.command !== undefined) touchedAgents.add(step.command.agentId)
      const heartbeat = plan.heartbeats.find(({ name }) => name === step.heartbeat)
      if (heartbeat !== undefined) touchedAgents.add(heartbeat.agentId)
      if (step.message === undefined) continue
      const routed = routeMessage(plan, router, step.message)
      if (routed.agentId === null) continue
      touchedAgents.add(routed.agentId)
      if (routed.rule !== null) touchedRules.add(routed.rule.index)
    }
    for (const index of touchedRules) rules.set(index, (rules.get(index) ?? 0) + 1)
    for (const id of touchedAgents) agents.set(id, (agents.get(id) ?? 0) + 1)
  }
  return { rules, agents }
}
