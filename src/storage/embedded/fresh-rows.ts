// Rows that this process stored itself, kept until they are answered: most are claimed a moment later and need not be read
// back. Only a memory of what the table holds; where it cannot tell, it says so and the table is asked.

import type { InboxRow } from '../ports.ts'

export interface FreshRows {
  add(row: InboxRow, run: string): void
  /** The oldest open row of a session; undefined unless all `waiting` ones are known here and none was left half done. */
  first(session: string, waiting: number): { readonly row: InboxRow; readonly run: string } | undefined
  claimed(rows: readonly InboxRow[]): void
  finished(rows: readonly InboxRow[]): void
  /** A claim of the session ended without being finished: its row is open in the table, and no longer here. */
  left(session: string): void
  /** True: it was stored here and has no answer yet. False: it may have one. */
  isUnanswered(session: string, messageId: string): boolean
}

/** More are not kept: a burst must not stand in memory twice. */
const MOST = 1_000

export function createFreshRows(): FreshRows {
  /** Not claimed, oldest first. */
  const open = new Map<string, { readonly row: InboxRow; readonly run: string }[]>()
  let size = 0
  const unanswered = new Set<string>()
  const halfDone = new Set<string>()

  function forget(rows: readonly InboxRow[]): void {
    for (const { session, seq } of rows) {
      const known = open.get(session)
      const at = known?.findIndex(({ row }) => row.seq === seq) ?? -1
      if (known === undefined || at === -1) continue
      size--
      if (known.length === 1) open.delete(session)
      else known.splice(at, 1)
    }
  }

  return {
    add(row, run) {
      unanswered.add(keyOf(row.session, row.messageId))
      if (size >= MOST) return
      size++
      const rows = open.get(row.session)
      if (rows === undefined) open.set(row.session, [{ row, run }])
      else rows.push({ row, run })
    },
    first(session, waiting) {
      const rows = open.get(session)
      return rows?.length === waiting && !halfDone.has(session) ? rows[0] : undefined
    },
    claimed: forget,
    finished(rows) {
      forget(rows)
      for (const { session, messageId } of rows) {
        unanswered.delete(keyOf(session, messageId))
        halfDone.delete(session)
      }
    },
    left: (session) => void halfDone.add(session),
    isUnanswered: (session, messageId) => unanswered.has(keyOf(session, messageId)),
  }
}

const keyOf = (session: string, messageId: string): string => `${session}\n${messageId}`
