// What must survive. Embedded (files and SQLite) is the default; every adapter passes test/storage/contract.ts.

import type { InboundMessage, ReplyTarget } from '../channels/port.ts'
import type { ContentBlock, Usage } from '../models/port.ts'

/** Order of service: people first, then the clock, then the rest. */
export type Lane = 'realtime' | 'scheduled' | 'background'

/** One line of a transcript. Append-only: what stands is never rewritten. */
export interface TranscriptEntry {
  readonly id: string
  /** `system` entries are never sent to a model as they stand: see `kind`. */
  readonly role: 'user' | 'assistant' | 'system'
  readonly content: string | readonly ContentBlock[]
  /** ISO 8601. */
  readonly timestamp: string
  /** Absent: a message. `summary` stands for all before `keepFrom`; `reset` starts afresh; `note` is for people; `trim` lists tool results shortened for the model. */
  readonly kind?: 'summary' | 'reset' | 'note' | 'trim'
  /** `summary`: id of the first entry kept word for word. */
  readonly keepFrom?: string
  readonly trimmed?: readonly string[]
  /** The turn that wrote it. */
  readonly run?: string
  readonly model?: string
  readonly usage?: Usage
  readonly stopReason?: string
  /** Who spoke, in a session several share. */
  readonly userId?: string
  readonly channelId?: string
}

/** A session as the next turn needs it: from its last summary or reset on. */
export interface Transcript {
  readonly session: string
  readonly entries: readonly TranscriptEntry[]
  /** Lines before `entries` on disk. */
  readonly skipped: number
  /** What was wrong on disk, in words; the lines were set aside. */
  readonly damage: readonly string[]
}

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

/** The rows one turn works on: one, or all that waited (`whenBusy: collect`). */
export interface Claim {
  readonly run: string
  readonly rows: readonly InboxRow[]
  /** True: an earlier process began this run and did not end it. */
  readonly resumed: boolean
}

/** A reply on its way out. */
export interface NewOutboxRow {
  /** Idempotency key: one row a key. */
  readonly key: string
  readonly session: string
  readonly agentId: string
  readonly target: ReplyTarget
  readonly content: string
}
export interface OutboxRow extends NewOutboxRow {
  readonly seq: number
  readonly attempts: number
  readonly createdAt: number
}

/** The answer to one message, kept so that asking again gives it again. */
export interface StoredAnswer {
  readonly agentId: string
  readonly session: string
  readonly messageId: string
  readonly response: string
  readonly isError?: boolean
}

export interface SessionStore {
  /** Inbox row and token in one transaction; durable when it resolves. The same key again changes nothing and says so. */
  post(row: NewInboxRow, idempotencyKey: string): Promise<{ readonly seq: number; readonly duplicate: boolean }>
  /** The oldest waiting row of the session (`all`: every waiting one), now held by `run`; or the run that an earlier process left. null: empty. */
  claimNext(session: string, run: string, options?: { all?: boolean; max?: number }): Promise<Claim | null>
  /** Idempotent by entry id. */
  append(session: string, agentId: string, entries: readonly TranscriptEntry[]): Promise<void>
  load(session: string, agentId: string): Promise<Transcript>
  /** Ends a run: rows done, answers stored, replies queued, steps forgotten; one transaction. */
  finish(
    claim: Claim,
    outcome: { readonly answers: readonly StoredAnswer[]; readonly outbox: readonly NewOutboxRow[] },
  ): Promise<void>
  /** The stored answer to a message: null while there is none. */
  answer(session: string, messageId: string): Promise<StoredAnswer | null>
  waiting(session: string): number
  sessions(filter?: { agentId?: string }): Promise<readonly SessionInfo[]>
  /** Every line on disk, for export and `sessions show`. */
  export(session: string, agentId: string): AsyncIterable<TranscriptEntry>
}

export interface SessionInfo {
  readonly key: string
  readonly agentId: string
  readonly modified: number
  readonly bytes: number
}

/** Replies not yet delivered. */
export interface Outbox {
  put(row: NewOutboxRow): Promise<void>
  /** Oldest first, at most `limit`; rows of one target stay in order. */
  due(now: number, limit: number): Promise<readonly OutboxRow[]>
  /** Before a send: `attempts` grows, so that a crash in between is known. */
  attempt(seq: number): Promise<number>
  sent(seq: number): Promise<void>
  retry(seq: number, at: number): Promise<void>
  fail(seq: number, reason: string): Promise<void>
}

export interface Token {
  readonly session: string
  readonly agentId: string
  readonly lane: Lane
}

/** Tokens say "this session has work". One turn a session at a time, lanes by rank, sessions of a lane in turn. */
export interface TurnQueue {
  enqueue(token: Token): void
  start(runTurn: (token: Token) => Promise<'done' | 'noop'>, caps: Readonly<Record<Lane, number>>): void
  setCaps(caps: Readonly<Record<Lane, number>>): void
  depths(): Readonly<Record<Lane, number>>
  /** Takes nothing new, waits for what runs; false: the time was up. */
  drain(timeoutMs: number): Promise<boolean>
}

/** Steps of one run: a finished one is not made again. */
export interface StepJournal {
  /**
   * Gives the stored result when `name` was finished, else makes it and stores it. `retry: 'never'` with an earlier start
   * and no end throws StepUnknown: it may or may not have happened.
   */
  step<T>(name: string, make: (idempotencyKey: string) => Promise<T>, retry?: 'always' | 'never'): Promise<T>
}

export class StepUnknown extends Error {
  constructor(name: string) {
    super(`Step ${name} was begun by an earlier process and its end was not seen.`)
    this.name = 'StepUnknown'
  }
}

/** A question to people, word for word as it was asked. */
export interface ApprovalRow {
  readonly id: string
  readonly run: string
  readonly toolUseId: string
  readonly agentId: string
  /** Agents this one was started by, outermost first; their rights bound it. */
  readonly parents: readonly string[]
  readonly sessionKey: string
  readonly toolName: string
  readonly input: unknown
  /** Working folder, absolute. */
  readonly cwd: string
  readonly reason: string
  /** What approvers are shown. */
  readonly text: string
  /** Grants that "always" saves; empty: it can't be remembered. */
  readonly grants: readonly string[]
  /** Identity of who spoke. */
  readonly requestedBy?: string
  /** The message came from the owner's own terminal or page. */
  readonly askedByOwner: boolean
  readonly replyTo?: ReplyTarget
  readonly createdAt: number
  readonly expiresAt: number
  readonly state: 'open' | 'once' | 'always' | 'deny' | 'expired' | 'cancelled'
  /** Its turn no longer waits in place. */
  readonly late: boolean
  readonly decidedBy?: string
}

export interface ApprovalsStore {
  insert(row: ApprovalRow): Promise<void>
  get(id: string): Promise<ApprovalRow | null>
  /** Every open one, oldest first. */
  open(): Promise<readonly ApprovalRow[]>
  /** Leaves `open` once: gives the settled row, or null when it was settled before. Durable when it resolves. */
  settle(id: string, state: Exclude<ApprovalRow['state'], 'open'>, by: string, at: number): Promise<ApprovalRow | null>
  /** Marks an open row late; false: it is not open. */
  setLate(id: string): Promise<boolean>
}
