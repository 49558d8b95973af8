// The outbox of a storage in memory.

import { chatKey } from '../../plan/session-key.ts'
import type { Clock } from '../../ports.ts'
import type { Outbox, OutboxRow } from '../ports.ts'

export interface MemoryOutbox extends Outbox {
  /** Forgets keys of what was sent or given up and was put before. */
  clean(before: number): void
}

export function createMemoryOutbox(clock: Clock): MemoryOutbox {
  const rows = new Map<number, OutboxRow & { readonly at: number }>()
  /** Key → when it was put. */
  const keys = new Map<string, number>()
  let seq = 0

  return {
    async put(row) {
      if (keys.has(row.key)) return
      keys.set(row.key, clock.now())
      seq++
      rows.set(seq, { ...row, seq, attempts: 0, createdAt: clock.now(), at: 0 })
    },
    async due(now, limit, busy = new Set()) {
      const heads = new Map<string, OutboxRow & { readonly at: number }>()
      for (const row of rows.values()) if (!heads.has(chatKey(row.target))) heads.set(chatKey(row.target), row)
      const due = [...heads].filter(([chat, { at }]) => at <= now && !busy.has(chat)).map(([, row]) => row)
      const later = [...heads.values()].map(({ at }) => at).filter((at) => at > now)
      return { rows: due.slice(0, limit), nextAt: later.length === 0 ? null : Math.min(...later) }
    },
    async waits(target) {
      return [...rows.values()].some((row) => chatKey(row.target) === chatKey(target))
    },
    async attempt(number) {
      const row = rows.get(number)
      if (row === undefined) throw new Error(`There is no outbox row ${number}.`)
      rows.set(number, { ...row, attempts: row.attempts + 1 })
      return row.attempts + 1
    },
    sent: async (number) => void rows.delete(number),
    async retry(number, at, { notSent } = { notSent: false }) {
      const row = rows.get(number)
      if (row !== undefined) rows.set(number, { ...row, at, attempts: Math.max(0, row.attempts - (notSent ? 1 : 0)) })
    },
    fail: async (number) => void rows.delete(number),
    clean(before) {
      const open = new Set([...rows.values()].map(({ key }) => key))
      for (const [key, at] of keys) if (at < before && !open.has(key)) keys.delete(key)
    },
  }
}
