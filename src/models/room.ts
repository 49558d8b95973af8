// An answer that ran out of room before it said a word, and how much room the next try gets.

import type { ModelRef, Plan } from '../plan/plan.ts'
import { knownModel } from './known-models.ts'
import type { ModelResult } from './port.ts'

/** The length limit came before a word was said or a tool called. */
export const isAllThinking = ({ stopReason, content }: ModelResult): boolean =>
  stopReason === 'max_tokens' && content.every(({ type }) => type === 'thinking' || type === 'redacted_thinking')

/** The room of one more try, where `cap` was used up by thinking; `cap` itself where the model has no more. */
export function largerCap(plan: Pick<Plan, 'models'>, { provider, model }: ModelRef, cap: number): number {
  const longest = knownModel(plan.models.get(provider)?.provider ?? '', model)?.maxOutput
  return longest === undefined ? cap * 2 : Math.max(cap, Math.min(cap * 4, longest))
}
