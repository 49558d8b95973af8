// What a stored row carries besides its message, by its kind, and who that puts behind the row's turn.

import type { ReplyTarget } from '../channels/port.ts'
import type { Plan } from '../plan/plan.ts'
import type { Claim, InboxRow } from '../storage/ports.ts'

/** Kind `message`. */
export interface MessagePayload {
  /** It came from the owner's own terminal or page. */
  readonly asOwner?: true
}
/** Kind `spawn`. */
export interface SpawnPayload {
  readonly parents: readonly string[]
  readonly askedByOwner: boolean
  readonly by: string
  /** Where the one who is behind it reads: what comes of a question that was answered late is told there. */
  readonly replyTo?: ReplyTarget
}
/** Kind `heartbeat`. */
export interface HeartbeatPayload {
  readonly name: string
  readonly slot: string
}
/** Kind `approval`: rights and spender are those of the turn that asked. */
export interface ApprovalPayload {
  readonly approvalId: string
  readonly parents: readonly string[]
  readonly askedByOwner: boolean
  readonly by?: string
}

/** Whose rights bound the turn, and whether the owner's own terminal asked for it. */
export function standingOf(claim: Claim): { parents: readonly string[]; askedByOwner: boolean } {
  const payloads = claim.rows.map((row) => (row.payload ?? {}) as Partial<SpawnPayload> & MessagePayload)
  return {
    parents: payloads.find((payload) => payload.parents !== undefined)?.parents ?? [],
    // Several people's messages in one turn: the least trusted of them counts.
    askedByOwner: payloads.every((payload) => payload.asOwner === true || payload.askedByOwner === true),
  }
}

/** Who the turn's tokens are counted for. */
export function spenderOf(plan: Plan, first: InboxRow): string {
  if (first.kind === 'heartbeat') return `heartbeat:${(first.payload as HeartbeatPayload).name}`
  const { by } = (first.payload ?? {}) as Partial<SpawnPayload & ApprovalPayload>
  if (by !== undefined) return by
  const { channelId, userId } = first.message ?? first.replyTo ?? {}
  const identity = `${channelId ?? ''}:${userId ?? ''}`
  return `user:${plan.linkOf.get(identity) ?? identity}`
}

/** Where the one who is behind the row reads. */
export const replyToOf = (row: InboxRow | undefined): ReplyTarget | undefined =>
  row?.replyTo ?? (row?.payload as Partial<SpawnPayload> | undefined)?.replyTo

/** Of the reply in the outbox. */
export const replyKey = (claim: Claim): string => `reply:${claim.run}`
