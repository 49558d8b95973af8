// Work in a session's inbox: what a stored row carries besides its message, by its kind, and how a row is stored and queued.

import type { ReplyTarget } from '../../channels/port.ts'
import { type InboxRow, inboxKey, type NewInboxRow, type Storage } from '../../storage/ports.ts'
import type { CallerMessage } from '../port.ts'

/** Kind `message`. */
export interface MessagePayload {
  /** It came from the owner's own terminal or page. */
  readonly asOwner?: true
  /** Nobody vouches for its user id. */
  readonly claimed?: true
  /** What was said before, by a caller who keeps the conversation itself: the session is forgotten with the answer. */
  readonly conversation?: readonly CallerMessage[]
}
/** Kind `spawn`. */
export interface SpawnPayload {
  readonly parents: readonly string[]
  readonly askedByOwner: boolean
  readonly by: string
  /** Whose notes it reads and writes. */
  readonly person?: string
  /** The person's words in the turn that started it. */
  readonly said?: readonly string[]
  /** Sessions that started it, the nearest first. */
  readonly askers?: readonly { readonly key: string; readonly agentId: string }[]
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
  readonly person?: string
}

/** Where the one who is behind the row reads. */
export const replyToOf = (row: InboxRow | undefined): ReplyTarget | undefined =>
  row?.replyTo ?? (row?.payload as Partial<SpawnPayload> | undefined)?.replyTo

/** Stores a row and queues its session; the same row again counts once. */
export async function enqueueWork({ inbox, queue }: Pick<Storage, 'inbox' | 'queue'>, row: NewInboxRow): Promise<void> {
  await inbox.post(row, inboxKey(row))
  await queue.enqueue({ session: row.session, agentId: row.agentId, lane: row.lane })
}
