// What a stored row carries besides its message, by its kind.

import type { ReplyTarget } from '../../channels/port.ts'
import type { Claim, InboxRow } from '../../storage/ports.ts'

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

/** Where the one who is behind the row reads. */
export const replyToOf = (row: InboxRow | undefined): ReplyTarget | undefined =>
  row?.replyTo ?? (row?.payload as Partial<SpawnPayload> | undefined)?.replyTo

/** Of the reply in the outbox. */
export const replyKey = (claim: Claim): string => `reply:${claim.run}`
