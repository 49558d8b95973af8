// Replies on their way out.

import type { ReplyTarget, StoredFile } from '../../channels/port.ts'

/** A reply on its way out. */
export interface NewOutboxRow {
  /** Idempotency key: one row a key. */
  readonly key: string
  readonly session: string
  readonly agentId: string
  readonly target: ReplyTarget
  readonly content: string
  /** They go out after the text, in this order. */
  readonly attachments?: readonly StoredFile[]
}

export interface OutboxRow extends NewOutboxRow {
  readonly seq: number
  readonly attempts: number
  readonly createdAt: number
}

/** Replies not yet delivered. */
export interface Outbox {
  /** The same key again changes nothing. */
  put(row: NewOutboxRow): Promise<void>
  /**
   * The first row of each chat, at most `limit` of them, oldest first; what is behind it waits for it, so order holds, and however
   * much that is, it keeps no other chat back. Not of the `busy` chats (by `chatKey`). `nextAt`: when, after `now`, the next row that
   * was put off is due.
   */
  due(
    now: number,
    limit: number,
    busy?: ReadonlySet<string>,
  ): Promise<{ readonly rows: readonly OutboxRow[]; readonly nextAt: number | null }>
  /** Whether a row of this chat is not delivered yet. */
  waits(target: ReplyTarget): Promise<boolean>
  /** Before a send: counts it, so that a crash in between is known. Above 1: an earlier attempt may have arrived. */
  attempt(seq: number): Promise<number>
  sent(seq: number): Promise<void>
  /** `notSent`: the last attempt surely did not arrive, and counts no more. */
  retry(seq: number, at: number, last?: { readonly notSent: boolean }): Promise<void>
  fail(seq: number, reason: string): Promise<void>
}
