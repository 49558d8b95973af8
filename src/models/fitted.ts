// A request in, the request as its model takes it out: a service refuses an answer longer, or an effort higher, than the model has.

import { EFFORTS, type Effort } from '../plan/plan.ts'
import { knownModel } from './known-models.ts'
import type { ModelRequest } from './port.ts'

/** The same object where nothing has to change. `service`: the kind of service, as `anthropic`. */
export function fitted(service: string, request: ModelRequest): ModelRequest {
  const known = knownModel(service, request.model)
  if (known === undefined) return request
  const maxTokens = Math.min(request.maxTokens, known.maxOutput ?? request.maxTokens)
  const effort = request.effort && nearestEffort(request.effort, known.efforts)
  return maxTokens === request.maxTokens && effort === request.effort ? request : { ...request, maxTokens, effort }
}

/** The level itself or the next one below; undefined: the model knows none. */
function nearestEffort(effort: Effort, offered: readonly Effort[] = EFFORTS): Effort | undefined {
  const upTo = EFFORTS.slice(0, EFFORTS.indexOf(effort) + 1)
  return upTo.findLast((level) => offered.includes(level)) ?? offered[0]
}
