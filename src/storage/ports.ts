// What must survive. Embedded (files and SQLite) is the default; every adapter passes test/storage/contract/. Every answer of a
// store is a promise; what is answered at once is a cached view and says so.

import type { InboundMessage, ReplyTarget, StoredFile } from '../channels/port.ts'
import type { StateError } from '../errors.ts'
import type { ContentBlock, Usage } from '../models/port.ts'
import type { ApprovalBinding } from '../permissions/port.ts'
import type { RouteInput } from '../plan/plan.ts'

/** Order of service: people first, then the clock, then the rest. */
export type Lane = 'realtime' | 'scheduled' | 'background'
/** Best first. */
export const RANKED_LANES: readonly Lane[] = ['realtime', 'scheduled', 'background']

/** One line of a transcript. Append-only: what stands is never rewritten. */
export interface TranscriptEntry {
  readonly id: string
  /** `system` entries are never sent to a model as they stand: see `kind`. */
  readonly role: 'user' | 'assistant' | 'system'
  readonly content: string | readonly ContentBlock[]
  /** ISO 8601. */
  readonly timestamp: string
  /**
   * Absent: a message. `summary` stands for all before `keepFrom`; `reset` starts a new conversation; `note` is for people;
   * `trim` lists tool results shortened for the model; `replace` says what of earlier lines is sent in another form.
   */
  readonly kind?: 'summary' | 'reset' | 'note' | 'trim' | 'replace'
  /** `summary`: id of the first entry kept word for word. */
  readonly keepFrom?: string
  readonly trimmed?: readonly string[]
  /** `replace`: what is no longer sent as it is. */
  readonly replaced?: readonly Replacement[]
  /** `replace`: all lines before this one are sent as plain text, tool calls and thoughts too. */
  readonly plain?: true
  /** When, where and by whom a user's message was written: a line the model reads in front of it. */
  readonly context?: string | undefined
  /** The turn that wrote it. */
  readonly run?: string
  readonly model?: string
  readonly usage?: Usage
  readonly stopReason?: string
  /** Who spoke, in a session several share. */
  readonly userId?: string | undefined
  readonly channelId?: string | undefined
  /** The messages as they came, where `content` alone does not tell: a prefix was cut, a group, several at once. */
  readonly received?: readonly RouteInput[]
}

/** A block of an earlier line that is sent in another form: as a note, or without its middle. */
export interface Replacement {
  /** Id of the line. */
  readonly entry: string
  /** Index in its content; 0 for a content that is text alone. */
  readonly block: number
  /** Index in the content of a tool result. */
  readonly inner?: number
  /** Sent in its place. */
  readonly note?: string
  /** Characters that are left of a text. */
  readonly keep?: number
}

/** A session as the next turn needs it: from its last summary or reset on. */
export interface Transcript {
  readonly session: string
  readonly entries: readonly TranscriptEntry[]
  /** Bytes of `entries`; each of their tokens takes one at least. */
  readonly bytes: number
  /** Bytes on disk before the first of `entries`; 0: this is all there is. */
  readonly skippedBytes: number
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

/** One message of its kind a session and id, however often it is posted. */
export const inboxKey = ({ kind, session, messageId }: NewInboxRow): string => `${kind}:${session}:${messageId}`

/** The rows one turn works on: one, or all that waited (`whenBusy: collect`). */
export interface Claim {
  readonly run: string
  readonly rows: readonly InboxRow[]
  /** True: this run was begun before, or may have been: under a lease that has ended, or by a turn that failed. */
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
  /** They go out after the text, in this order. */
  readonly attachments?: readonly StoredFile[]
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
  readonly attachments?: readonly StoredFile[]
  readonly isError?: boolean
  /** What the turn used; absent where it called no model. */
  readonly usage?: TokenCount
}

export interface TokenCount {
  /** All that was sent, cached or not. */
  readonly input: number
  readonly output: number
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

/** What was said in each session, line by line. */
export interface TranscriptStore {
  /** Idempotent by entry id. Durable when it resolves. */
  append(session: string, agentId: string, entries: readonly TranscriptEntry[]): Promise<void>
  load(session: string, agentId: string): Promise<Transcript>
  /** Sessions that have a transcript, the one that spoke last first. */
  list(filter?: { agentId?: string }): Promise<readonly SessionInfo[]>
  /** Every line there is, for export and `sessions show`. */
  export(session: string, agentId: string): AsyncIterable<TranscriptEntry>
  /** Forgets the session's transcript; there need be none. */
  remove(session: string, agentId: string): Promise<void>
}

export interface SessionInfo {
  readonly key: string
  readonly agentId: string
  readonly modified: number
  readonly bytes: number
}

/** Replies not yet delivered. */
export interface Outbox {
  /** The same key again changes nothing. */
  put(row: NewOutboxRow): Promise<void>
  /**
   * Oldest first, at most `limit`; a row whose target still waits for an earlier one stays back, so order holds. `nextAt`: when,
   * after `now`, the next row that was put off is due.
   */
  due(now: number, limit: number): Promise<{ readonly rows: readonly OutboxRow[]; readonly nextAt: number | null }>
  /** Before a send: counts it, so that a crash in between is known. Above 1: an earlier attempt may have arrived. */
  attempt(seq: number): Promise<number>
  sent(seq: number): Promise<void>
  /** `notSent`: the last attempt surely did not arrive, and counts no more. */
  retry(seq: number, at: number, last?: { readonly notSent: boolean }): Promise<void>
  fail(seq: number, reason: string): Promise<void>
}

/** Files of replies, from the tool call that made them until nobody asks for them any more. */
export interface FileStore {
  /** Durable when it resolves. */
  put(file: Omit<StoredFile, 'id' | 'bytes'>, data: Buffer): Promise<StoredFile>
  /** null: there is none, or it was forgotten. */
  read(id: string): Promise<Buffer | null>
}

export interface Token {
  readonly session: string
  readonly agentId: string
  readonly lane: Lane
}

export interface PendingToken extends Token {
  /** Times a turn began on the session's oldest row. */
  readonly begun: number
}

/** Tokens say "this session has work". One turn a session at a time, lanes by rank, sessions of a lane in turn. */
export interface TurnQueue {
  /** Passes on that a session has work. The waiting row is the work itself, so this never rejects and need not be waited for. */
  enqueue(token: Token): Promise<void>
  start(runTurn: (token: Token) => Promise<'done' | 'noop'>, caps: Readonly<Record<Lane, number>>): Promise<void>
  setCaps(caps: Readonly<Record<Lane, number>>): Promise<void>
  depths(): Promise<Readonly<Record<Lane, number>>>
  /** Takes nothing new, waits for what runs; false: the time was up. */
  drain(timeoutMs: number): Promise<boolean>
}

/** Steps of runs: a finished one is not made again. */
export interface StepJournal {
  /**
   * Returns the stored result when the run's step `name` was finished, else makes it and stores it. `retry: 'never'` with an
   * earlier start and no end throws StepUnknown: it may or may not have happened.
   */
  step<T>(run: string, name: string, make: (idempotencyKey: string) => Promise<T>, retry?: 'always' | 'never'): Promise<T>
  /** Whether `step` would no longer make it: it was finished, or begun as one that is made once. */
  has(run: string, name: string): Promise<boolean>
}

export class StepUnknown extends Error {
  constructor(name: string) {
    super(`Step ${name} was begun by an earlier process and its end was not seen.`)
    this.name = 'StepUnknown'
  }
}

/** A question to people, word for word as it was asked. */
export interface ApprovalRow extends ApprovalBinding {
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
  /** The question that this one was asked in place of, and what had changed since that. */
  readonly replaces?: string
  readonly changes?: readonly string[]
  /** Identity of who spoke. */
  readonly requestedBy?: string
  /** The message came from the owner's own terminal or page. */
  readonly askedByOwner: boolean
  /** Whom the tokens of its turn are counted for. */
  readonly spender?: string
  readonly replyTo?: ReplyTarget
  readonly createdAt: number
  readonly expiresAt: number
  /** `replaced`: what it was about changed, so it is asked again. */
  readonly state: 'open' | 'once' | 'always' | 'deny' | 'expired' | 'cancelled' | 'replaced'
  /** Its turn no longer waits in place. */
  readonly late: boolean
  readonly decidedBy?: string
}

export interface ApprovalsStore {
  insert(row: ApprovalRow): Promise<void>
  get(id: string): Promise<ApprovalRow | null>
  /** Every open one, oldest first. */
  open(): Promise<readonly ApprovalRow[]>
  /**
   * Leaves `open` once: gives the settled row, or null when it was settled before. Durable when it resolves. The answer to a
   * late one is posted with it, as `message` has it, in one transaction.
   */
  settle(
    id: string,
    state: Exclude<ApprovalRow['state'], 'open'>,
    by: string,
    at: number,
    message: (settled: ApprovalRow) => NewInboxRow,
  ): Promise<ApprovalRow | null>
  /** Marks an open row late; false: it is not open. */
  setLate(id: string): Promise<boolean>
}

/** Spend per UTC day, agent and spender. */
export interface UsageStore {
  /** Shown by cached views at once. `by`: `user:<link or identity>`, `heartbeat:<name>` or `engine:<what>`. */
  add(spend: {
    readonly at: number
    readonly agentId: string
    readonly by: string
    readonly usage: Usage
    readonly cost: number
  }): Promise<void>
  /** `since`: first day, `YYYY-MM-DD`. `input` counts all that was sent, cached or not. */
  list(since?: string): Promise<readonly UsageTotals[]>
  /** One agent's sums, to be asked within a decision; the same view for the same agent. */
  cachedView(agentId: string): Promise<CachedSpend>
}

/** Cached view of one agent's spend: this process's at once, that of others as of the last `refresh`. */
export interface CachedSpend {
  /** Sums over days from `since` on. */
  total(since: string): { readonly tokens: number; readonly cost: number }
  refresh(): Promise<void>
}

/** What was spent in a day by one agent for one spender. */
export interface UsageTotals {
  /** `YYYY-MM-DD`, UTC. */
  readonly day: string
  readonly agentId: string
  /** As in `add`. */
  readonly by: string
  readonly input: number
  readonly output: number
  readonly calls: number
  readonly cost: number
}

export type SlotOutcome = 'ran' | 'silent' | 'failed' | 'skipped' | 'missed'

/** One due time of one heartbeat. */
export interface SlotRow {
  readonly name: string
  /** When it was due. */
  readonly slot: number
  /** `claimed`: begun, its end not recorded yet. */
  readonly state: 'claimed' | SlotOutcome
  readonly at: number
  readonly detail?: string
}

/** The heartbeat ledger: each due slot stands in it once. */
export interface SlotStore {
  /** True for the first caller only, and only when no outcome stands. Durable when it resolves. */
  claimSlot(name: string, slot: number, at: number): Promise<boolean>
  /** Ends a claimed slot, or records one that never began; a slot that has ended stays as it is. */
  endSlot(name: string, slot: number, outcome: SlotOutcome, at: number, detail?: string): Promise<void>
  /** Latest slot known, whatever came of it. */
  lastSlot(name: string): Promise<SlotRow | null>
  /** Claimed under a lease that has ended, and not ended itself. */
  unfinished(): Promise<readonly SlotRow[]>
  /** Newest first. */
  list(name: string | undefined, limit: number): Promise<readonly SlotRow[]>
}

/** Who stopped what. A record that can't be read stops everything. */
export interface HaltStore {
  /** Asked before every turn. */
  readonly cached: CachedHalts
  /** Without an agent: everything. It holds in the cached view at once; durable when it resolves. */
  halt(agentId: string | undefined, by: string, at: number): Promise<void>
  /** Without an agent: everything, single agents too. */
  resume(agentId: string | undefined): Promise<void>
  /** Refreshes the cached view from what another program wrote into the record. Gives what confirms that it holds, once it does. */
  reread(): Promise<() => Promise<void>>
}

/** Cached view of the record: what this process wrote, and what others had written at the last `reread`. */
export interface CachedHalts {
  /** Agents that are stopped: has every one while everything is. */
  readonly stopped: Pick<ReadonlySet<string>, 'has'>
  /** Everything is stopped. */
  readonly isAllStopped: boolean
  list(): readonly { readonly agentId?: string; readonly by: string; readonly at: number }[]
}

/** Codes of one channel's strangers that may be open at a time: names cost an attacker nothing on some channels. */
export const MOST_OPEN_PAIRINGS = 100

/** Strangers let in by a code, and identities that are one person by a code. */
/** Someone whom an owner let in by a code. */
export interface Pairing {
  readonly identity: string
  readonly displayName?: string
  /** The owner's identity. */
  readonly by: string
  readonly at: number
}

export interface PeopleStore {
  /** The code a stranger may show the owner; the same while it is open. null: `MOST_OPEN_PAIRINGS` of the channel are open. */
  openPairing(identity: string, displayName: string | undefined, now: number): Promise<string | null>
  /** The identity let in; null: no such open code. A code works once. */
  approvePairing(code: string, by: string, now: number): Promise<string | null>
  isPaired(identity: string): Promise<boolean>
  /** Oldest first. */
  pairings(): Promise<readonly Pairing[]>
  /** Ends a pairing; false: there is none. */
  removePairing(identity: string): Promise<boolean>
  openLink(identity: string, now: number): Promise<string>
  /** Whose code it is, which stays open; null: unknown, too late or one's own. */
  linkOffer(code: string, identity: string, now: number): Promise<string | null>
  /** The other identity; null: unknown, too late or one's own code. Both are one person from here on. */
  confirmLink(code: string, identity: string, now: number): Promise<string | null>
  /** Oldest first. */
  links(): Promise<readonly { readonly identities: readonly [string, string]; readonly at: number }[]>
  /** Takes an identity out of every link it is in; how many there were. */
  removeLinks(identity: string): Promise<number>
}

/** Small state of channels and others, such as offsets. */
export interface KeyValueStore {
  get(key: string): Promise<string | null>
  set(key: string, value: string): Promise<void>
  delete(key: string): Promise<void>
}

/** Admitted messages of the last hour, for limits that survive a restart. */
export interface AdmissionLog {
  /** Oldest first. */
  since(at: number): Promise<readonly { readonly agentId: string; readonly who: string; readonly at: number }[]>
  add(agentId: string, who: string, at: number): Promise<void>
  remove(agentId: string, who: string, at: number): Promise<void>
}

/** What one process of several does alone, such as holding a channel's connection. Runs are held under the same leases. */
export interface LeaseStore {
  /** null: another process holds it. A lease ends with its process, however that ends. */
  acquire(name: string): Promise<Lease | null>
}

export interface Lease {
  /** Aborts when the lease ended without `release`: another process may hold it from here on. */
  readonly lost: AbortSignal
  release(): Promise<void>
}

/** Everything that must survive, of one state folder. */
/** Whether what is stored can be relied on. */
export interface StorageHealth {
  /** What fails now, in words for the owner; null: nothing. */
  problem(): StateError | null
}

export interface Storage {
  readonly stateDir: string
  readonly health: StorageHealth
  readonly inbox: Inbox
  readonly transcripts: TranscriptStore
  readonly queue: TurnQueue
  readonly outbox: Outbox
  readonly files: FileStore
  readonly approvals: ApprovalsStore
  readonly usage: UsageStore
  readonly slots: SlotStore
  readonly halts: HaltStore
  readonly people: PeopleStore
  readonly kv: KeyValueStore
  readonly admissions: AdmissionLog
  readonly journal: StepJournal
  readonly leases: LeaseStore
  /** Forgets what is older than its use: answers and duplicates after 7 days, files of replies after 30, ledgers after 90. */
  clean(now: number): Promise<void>
  /** Writes what waits and ends this process's leases. */
  close(): Promise<void>
}
