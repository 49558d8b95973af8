// A model's name in, the keys of openclaw.yaml that name it out: where to change it once its service offers it no longer.

import type { AgentPlan, ModelRef, Plan } from './plan.ts'

export type ModelsOf = Pick<AgentPlan, 'id' | 'model' | 'fallbacks' | 'offline' | 'compaction'>

const MOST = 3

/** `agents.main.model`, `agents.main.fallbacks` …; empty: no agent uses it. */
export function usesOf(plan: Pick<Plan, 'agents'>, name: string): readonly string[] {
  return [...plan.agents.values()].flatMap((agent) => usesIn(agent, name))
}

export function usesIn(agent: ModelsOf, name: string): readonly string[] {
  const named = (ref: ModelRef | undefined): boolean => ref !== undefined && `${ref.provider}/${ref.model}` === name
  return [
    ...(named(agent.model) ? [`agents.${agent.id}.model`] : []),
    ...(agent.fallbacks.some(named) ? [`agents.${agent.id}.fallbacks`] : []),
    ...(named(agent.offline) ? [`agents.${agent.id}.offline`] : []),
    ...(named(agent.compaction.model) ? [`agents.${agent.id}.compaction.model`] : []),
  ]
}

/** What a person is told to do about it. */
export function changeHint(uses: readonly string[], replacement = 'another model'): string {
  const more = uses.length > MOST ? ` and ${uses.length - MOST} more` : ''
  const inherited = uses.some((key) => key.endsWith('.model') && !key.endsWith('.compaction.model'))
  return `Name ${replacement} under ${uses.slice(0, MOST).join(', ')}${more}${inherited ? ', or under defaults.model' : ''}.`
}
