// A plan in, the same plan with nothing behind it but scripted models out: what a test runs on.

import { priceFor } from '../models/prices.ts'
import type { AgentPlan, ModelRef, Plan, ProviderSpec } from '../plan/plan.ts'

/** No provider of a configuration is named so: a colon cannot stand in a model's name. */
const ECHO = 'test:echo'

/**
 * Every agent on a scripted model: the one named; or its own, if that is one; or its `offline`; or the built-in one that
 * repeats. Prices stay the agents' own.
 */
export function offlinePlan(plan: Plan, named: ModelRef | null): Plan {
  const echo: ProviderSpec = {
    id: ECHO,
    provider: 'scripted',
    traits: { keyless: true, deterministic: true },
    defaultModel: 'echo',
    headers: {},
    timeoutMs: 60_000,
    maxRetries: 0,
    prices: {},
    fingerprint: ECHO,
    place: { file: plan.file, line: 1, column: 1 },
  }
  const models = new Map([...plan.models, [ECHO, echo]])
  const scripted = (ref: ModelRef | undefined): ref is ModelRef =>
    ref !== undefined && models.get(ref.provider)?.traits?.deterministic === true
  const agents = new Map<string, AgentPlan>()
  for (const [id, { offline, compaction, ...agent }] of plan.agents) {
    const { model: summariesBy, ...summaries } = compaction
    if (named === null && scripted(agent.model)) {
      const by = scripted(summariesBy) ? { model: summariesBy } : {}
      agents.set(id, { ...agent, fallbacks: agent.fallbacks.filter(scripted), compaction: { ...summaries, ...by } })
      continue
    }
    const ref = named ?? (scripted(offline) ? offline : { provider: ECHO, model: 'echo' })
    const script = models.get(ref.provider) ?? echo
    const price = priceFor(plan.models.get(agent.model.provider), agent.model.model)
    const priced = `test:${id}:${ref.provider}`
    if (price !== undefined) models.set(priced, { ...script, id: priced, fingerprint: priced, prices: { '*': price } })
    const model = price === undefined ? ref : { ...ref, provider: priced }
    agents.set(id, { ...agent, model, fallbacks: [], compaction: summaries })
  }
  return { ...plan, agents, models }
}

/** Whether every agent of an offline plan repeats what it is told. */
export const onlyRepeats = (plan: Plan): boolean =>
  [...plan.agents.values()].every(({ model }) => model.provider === ECHO || model.provider.endsWith(`:${ECHO}`))
