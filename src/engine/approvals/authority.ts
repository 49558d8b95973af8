// Who stands behind a message: pure rules over the plan. An identity counts only where its channel vouches for it.

import type { InboundMessage } from '../../channels/port.ts'
import { identityOf } from '../../plan/admission.ts'
import type { Plan } from '../../plan/plan.ts'
import type { ApprovalRow } from '../../storage/ports.ts'
import type { Caller } from '../port.ts'

/** The identity where the platform or a trusted caller vouches for it; a name in an HTTP body alone is a claim. */
export const verifiedIdentity = (message: Pick<InboundMessage, 'channelId' | 'userId'>, caller: Caller): string | null =>
  caller.kind === 'claimed' ? null : identityOf(message)

export function isOwner(plan: Plan, message: Pick<InboundMessage, 'channelId' | 'userId'>, caller: Caller): boolean {
  if (caller.kind === 'owner') return true
  const identity = verifiedIdentity(message, caller)
  return identity !== null && plan.owners.includes(identity)
}

/** Whether this person may answer the question, by the agent's approvers as today's plan names them. */
export function mayApprove(plan: Plan, row: ApprovalRow, caller: Caller, identity: string | null): boolean {
  if (caller.kind === 'owner') return true
  const approvers = plan.agents.get(row.agentId)?.permissions.approvers ?? []
  return identity !== null && approvers.includes(identity)
}
