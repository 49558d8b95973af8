// What was said in each session, line by line.

import type { ContentBlock, Usage } from '../../models/port.ts'
import type { RouteInput } from '../../plan/plan.ts'

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

/** What became of a transcript, and how many bytes it gave back. */
export interface Expired {
  readonly outcome: 'kept' | 'cut' | 'removed'
  readonly bytes: number
}

export interface SessionInfo {
  readonly key: string
  readonly agentId: string
  readonly modified: number
  readonly bytes: number
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
  /**
   * Removes the transcript when its last line is older than this time (ms); a last line in the future counts as young. With
   * `lines`, of a transcript that stays, older lines that no turn reads any more may go too.
   */
  expire(session: string, agentId: string, before: number, options?: { readonly lines?: boolean }): Promise<Expired>
}
