// What must survive, one port a file in ports/. Embedded (files and SQLite) is the default; every adapter passes
// test/storage/contract/. Every answer of a store is a promise; what is answered at once is a cached view and says so.

import type { AdmissionLog } from './ports/admissions.ts'
import type { ApprovalsStore } from './ports/approvals.ts'
import type { FileStore } from './ports/files.ts'
import type { HaltStore } from './ports/halts.ts'
import type { StorageHealth } from './ports/health.ts'
import type { Inbox } from './ports/inbox.ts'
import type { StepJournal } from './ports/journal.ts'
import type { KeyValueStore } from './ports/key-values.ts'
import type { LeaseStore } from './ports/leases.ts'
import type { Outbox } from './ports/outbox.ts'
import type { PeopleStore } from './ports/people.ts'
import type { SlotStore } from './ports/slots.ts'
import type { TranscriptStore } from './ports/transcripts.ts'
import type { TurnQueue } from './ports/turn-queue.ts'
import type { UsageStore } from './ports/usage.ts'

export type * from './ports/admissions.ts'
export type * from './ports/approvals.ts'
export type * from './ports/files.ts'
export type * from './ports/halts.ts'
export type * from './ports/health.ts'
export * from './ports/inbox.ts'
export * from './ports/journal.ts'
export type * from './ports/key-values.ts'
export type * from './ports/leases.ts'
export type * from './ports/outbox.ts'
export * from './ports/people.ts'
export type * from './ports/slots.ts'
export type * from './ports/transcripts.ts'
export * from './ports/turn-queue.ts'
export type * from './ports/usage.ts'

/** How long rows are kept, in milliseconds. */
export interface Keeping {
  /** Run logs of heartbeats and answered approvals; default 90 days. */
  readonly runs?: number | undefined
  /** Tokens and money by day; absent: for ever. */
  readonly usage?: number | undefined
}

/** Everything that must survive, of one state folder. */
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
  /** Forgets what is older than its use, in slices: answers and duplicates after 7 days, files of replies after 30. */
  clean(now: number, keeping?: Keeping): Promise<void>
  /** Writes what waits and ends this process's leases. */
  close(): Promise<void>
}
