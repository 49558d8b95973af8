// Transcripts of a storage in memory.

import { windowStart } from '../../sessions/window.ts'
import type { TranscriptEntry, TranscriptStore } from '../ports.ts'

interface Kept {
  readonly session: string
  readonly agentId: string
  entries: readonly TranscriptEntry[]
  readonly ids: Set<string>
  modified: number
  bytes: number
}

export function createMemoryTranscripts(now: () => number): TranscriptStore {
  const kept = new Map<string, Kept>()
  const keyOf = (session: string, agentId: string): string => `${agentId}/${session}`

  return {
    async append(session, agentId, entries) {
      const key = keyOf(session, agentId)
      const file: Kept = kept.get(key) ?? { session, agentId, entries: [], ids: new Set(), modified: now(), bytes: 0 }
      kept.set(key, file)
      for (const entry of entries) {
        if (file.ids.has(entry.id)) continue
        file.ids.add(entry.id)
        file.bytes += JSON.stringify(entry).length
        file.entries = [...file.entries, entry]
      }
      file.modified = now()
    },
    async load(session, agentId) {
      const { entries = [], bytes = 0 } = kept.get(keyOf(session, agentId)) ?? {}
      return { session, entries: entries.slice(windowStart(entries)), bytes, skippedBytes: 0, damage: [] }
    },
    async list(filter = {}) {
      return [...kept.values()]
        .filter(({ agentId }) => filter.agentId === undefined || agentId === filter.agentId)
        .sort((a, b) => b.modified - a.modified)
        .map(({ session, agentId, modified, bytes }) => ({
          key: session,
          agentId,
          modified,
          bytes,
        }))
    },
    async remove(session, agentId) {
      kept.delete(keyOf(session, agentId))
    },
    async expire(session, agentId, before) {
      const file = kept.get(keyOf(session, agentId))
      const last = file?.entries.at(-1)
      if (file === undefined || last === undefined || Date.parse(last.timestamp) >= before) return { outcome: 'kept', bytes: 0 }
      kept.delete(keyOf(session, agentId))
      return { outcome: 'removed', bytes: file.bytes }
    },
    async *export(session, agentId) {
      yield* kept.get(keyOf(session, agentId))?.entries ?? []
    },
  }
}
