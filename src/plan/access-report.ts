// What `claw access` says of a Plan, as one document: the rows, the flows, and what they take for granted.

import { type AccessRow, accessNotes, accessOf, type KnownTools } from './access.ts'
import { takesPairs } from './admission.ts'
import { type FlowRow, type FlowTool, flowsOf } from './flows.ts'
import type { Plan } from './plan.ts'

export interface AccessReport {
  readonly rows: readonly AccessRow[]
  readonly flows: readonly FlowRow[]
  /** Sentences. */
  readonly notes: readonly string[]
}

/** `paired`: identities that owners have let in. */
export function accessReport(
  plan: Plan,
  registry: KnownTools & { readonly tools: readonly FlowTool[] },
  paired: ReadonlySet<string> = new Set(),
): AccessReport {
  const rows = accessOf(plan, registry)
  const flows = flowsOf(plan, rows, registry.tools)
  return { rows, flows, notes: [...accessNotes(plan), ...pairedNotes(plan, paired)] }
}

/** Who counts as paired now. */
function pairedNotes(plan: Plan, paired: ReadonlySet<string>): readonly string[] {
  const here = [...paired].filter((identity) => {
    const channel = plan.channels.get(identity.slice(0, identity.indexOf(':')))
    return channel?.enabled === true && takesPairs(channel)
  })
  return here.length === 0 ? [] : [`Paired now: ${here.join(', ')}; claw people remove ID ends that.`]
}
