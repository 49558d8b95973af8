// Sessions that live as long as the process: for `claw test` and for engines that must leave nothing behind. Keeps the same
// promises as the embedded store but for surviving.

import { windowStart } from '../../sessions/window.ts'
import type {
  Claim,
  InboxRow,
  NewInboxRow,
  Outbox,
  SessionInfo,
  SessionStore,
  StoredAnswer,
  Transcript,
  TranscriptEntry,
} from '../ports.ts'

interface Kept {
  readonly agentId: string
  entries: TranscriptEntry[]
  readonly ids: Set<string>
  modified: number
}

export function createMemorySessions(outbox: Outbox, now: () => number): SessionStore {
  const known = new Map<string, { seq: number; session: string; agentId: string }>()
  const inbox = new Map<string, InboxRow[]>()
  const answers = new Map<string, StoredAnswer>()
  const kept = new Map<string, Kept>()
  let seq = 0

  const keep = (session: string, agentId: string): Kept => {
    const found = kept.get(session)
    if (found !== undefined) return found
    const fresh: Kept = { agentId, entries: [], ids: new Set(), modified: now() }
    kept.set(session, fresh)
    return fresh
  }

  return {
    async post(row: NewInboxRow, key) {
      const earlier = known.get(key)
      if (earlier !== undefined) return { seq: earlier.seq, duplicate: true }
      seq++
      known.set(key, { seq, session: row.session, agentId: row.agentId })
      inbox.set(row.session, [...(inbox.get(row.session) ?? []), { ...row, seq, attempts: 0 }])
      return { seq, duplicate: false }
    },
    known: async (key) => known.get(key) ?? null,
    async claimNext(session, { all = false, max = 50 } = {}): Promise<Claim | null> {
      const waiting = inbox.get(session) ?? []
      const [first] = waiting
      if (first === undefined) return null
      const others = waiting.findIndex((row) => row.kind !== 'message')
      const together = all && first.kind === 'message' ? Math.min(max, others === -1 ? waiting.length : others) : 1
      const rows = waiting.slice(0, together).map((row) => ({ ...row, attempts: row.attempts + 1 }))
      inbox.set(session, waiting.slice(together))
      return { run: `run-${first.seq}`, rows, resumed: false }
    },
    async append(session, agentId, entries) {
      const file = keep(session, agentId)
      for (const entry of entries) {
        if (file.ids.has(entry.id)) continue
        file.ids.add(entry.id)
        file.entries = [...file.entries, entry]
      }
      file.modified = now()
    },
    async load(session, agentId): Promise<Transcript> {
      const { entries } = keep(session, agentId)
      return { session, entries: entries.slice(windowStart(entries)), skippedBytes: 0, damage: [] }
    },
    async finish(_claim, outcome) {
      for (const answer of outcome.answers) answers.set(answerKey(answer.session, answer.messageId), answer)
      for (const row of outcome.outbox) await outbox.put(row)
    },
    answer: async (session, messageId) => answers.get(answerKey(session, messageId)) ?? null,
    waiting: (session) => inbox.get(session)?.length ?? 0,
    pending: async () =>
      [...inbox].flatMap(([session, [row]]) =>
        row === undefined ? [] : [{ session, agentId: row.agentId, lane: row.lane, begun: 0 }],
      ),
    async sessions(filter = {}): Promise<readonly SessionInfo[]> {
      return [...kept]
        .filter(([, { agentId }]) => filter.agentId === undefined || agentId === filter.agentId)
        .map(([key, { agentId, modified, entries }]) => ({ key, agentId, modified, bytes: JSON.stringify(entries).length }))
    },
    async *export(session) {
      yield* kept.get(session)?.entries ?? []
    },
  }
}

const answerKey = (session: string, messageId: string): string => `${session}\n${messageId}`
