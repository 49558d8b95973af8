// Messages on their way into sessions, the runs that answer them, and the answers.

import type { InboundMessage, ReplyTarget, StoredFile } from '../../channels/port.ts'
import type { NewOutboxRow } from './outbox.ts'
import type { Lane, PendingToken } from './turn-queue.ts'

/** A message on its way into a session. */
export interface NewInboxRow {
  readonly session: string
  readonly agentId: string
  readonly lane: Lane
  /** Platform's or made up; the answer to it is found by this. */
  readonly messageId: string
  /** Text as the agent sees it. */
  readonly content: string
  /** The message as it came; absent for heartbeats and sub-agents. */
  readonly message?: InboundMessage
  readonly replyTo?: ReplyTarget
  /** What kind of work it is, and what that kind needs. */
  readonly kind: 'message' | 'heartbeat' | 'spawn' | 'approval' | 'deliver' | 'compact'
  readonly payload?: unknown
  readonly receivedAt: number
}

export interface InboxRow extends NewInboxRow {
  readonly seq: number
  /** Times a turn began on it. */
  readonly attempts: number
}

/** One message of its kind a session and id, however often it is posted. */
export const inboxKey = ({ kind, session, messageId }: NewInboxRow): string => `${kind}:${session}:${messageId}`

/** The rows one turn works on: one, or all that waited (`whenBusy: collect`). */
export interface Claim {
  readonly run: string
  readonly rows: readonly InboxRow[]
  /** True: this run was begun before, or may have been: under a lease that has ended, or by a turn that failed. */
  readonly resumed: boolean
}

export interface TokenCount {
  /** All that was sent, cached or not. */
  readonly input: number
  readonly output: number
}

/** The answer to one message, kept so that asking again gives it again. */
export interface StoredAnswer {
  readonly agentId: string
  readonly session: string
  readonly messageId: string
  readonly response: string
  readonly attachments?: readonly StoredFile[]
  readonly isError?: boolean
  /** What the turn used; absent where it called no model. */
  readonly usage?: TokenCount
}

/** Messages on their way into sessions, the runs that answer them, and the answers. */
export interface Inbox {
  /** The run could not go on for want of storage: it begins again later, and this time counts for nothing. Never rejects. */
  putBack(claim: Claim): Promise<void>
  /**
   * Inbox row and token in one transaction; durable when it resolves. The same key again changes nothing and says so.
   * Embedded, a waiting row is the token: the caller who posts enqueues, and `pending` gives the tokens of all that waits at start.
   */
  post(row: NewInboxRow, idempotencyKey: string): Promise<{ readonly seq: number; readonly duplicate: boolean }>
  /** Whether a key was posted in the last days, and where its row went. */
  known(idempotencyKey: string): Promise<{ readonly seq: number; readonly session: string; readonly agentId: string } | null>
  /**
   * The oldest waiting row of the session (`all`: with it the messages right behind it, at most `max`), held under this
   * process's lease; or, before it, the run whose lease has ended. null: nothing waits, or a run is held. A row is named at its
   * post after the run that will answer it, so that a process killed before the claim was written begins the same run again:
   * what the run appended then is there once.
   */
  claimNext(session: string, options?: { all?: boolean; max?: number }): Promise<Claim | null>
  /** Ends a run: rows done, answers stored, replies queued, steps forgotten; one transaction. */
  finish(
    claim: Claim,
    outcome: { readonly answers: readonly StoredAnswer[]; readonly outbox: readonly NewOutboxRow[] },
  ): Promise<void>
  /** The stored answer to a message: null while there is none. */
  answer(session: string, messageId: string): Promise<StoredAnswer | null>
  /** Rows of the session that no run holds yet. */
  waiting(session: string): Promise<number>
  /** One token for each session with rows that wait or whose lease has ended; for the start. */
  pending(): Promise<readonly PendingToken[]>
}
