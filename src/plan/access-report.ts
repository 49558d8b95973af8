// What `claw access` says of a Plan, as one document: the rows, and what they take for granted.

import { type AccessRow, accessNotes, accessOf, type KnownTools } from './access.ts'
import { takesPairs } from './admission.ts'
import type { Plan } from './plan.ts'

export interface AccessReport {
  readonly rows: readonly AccessRow[]
  /** Sentences. */
  readonly notes: readonly string[]
}

/** `paired`: identities that owners have let in. */
export const accessReport = (plan: Plan, registry: KnownTools, paired: ReadonlySet<string> = new Set()): AccessReport => ({
  rows: accessOf(plan, registry),
  notes: [...accessNotes(plan), ...pairedNotes(plan, paired)],
})

/** Who counts as paired now. */
function pairedNotes(plan: Plan, paired: ReadonlySet<string>): readonly string[] {
  const here = [...paired].filter((identity) => {
    const channel = plan.channels.get(identity.slice(0, identity.indexOf(':')))
    return channel?.enabled === true && takesPairs(channel)
  })
  return here.length === 0 ? [] : [`Paired now: ${here.join(', ')}; claw people remove ID ends that.`]
}
