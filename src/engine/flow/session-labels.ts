// The labels of sessions, stored so that they outlive a restart and a compaction. A fresh session has none.

import { type FlowLabels, NO_LABELS, withLabels } from '../../permissions/flow/labels.ts'
import type { KeyValueStore } from '../../storage/ports.ts'

export interface SessionId {
  readonly key: string
  readonly agentId: string
}

export interface SessionLabels {
  of(session: SessionId): Promise<FlowLabels>
  /** Writes only where something is new. @throws when it cannot be stored */
  add(session: SessionId, more: FlowLabels): Promise<void>
  clear(session: SessionId): Promise<void>
}

/** Sessions that are remembered; all are read again when there are more. */
const MOST_KNOWN = 10_000

export function createSessionLabels(kv: KeyValueStore): SessionLabels {
  const known = new Map<string, FlowLabels>()
  const nameOf = ({ key, agentId }: SessionId): string => `flow:${agentId}/${key}`

  function keep(name: string, labels: FlowLabels): FlowLabels {
    if (known.size >= MOST_KNOWN) known.clear()
    known.set(name, labels)
    return labels
  }

  async function of(session: SessionId): Promise<FlowLabels> {
    const name = nameOf(session)
    const there = known.get(name)
    if (there !== undefined) return there
    const stored = parseLabels(await kv.get(name))
    // A call that ran meanwhile may have added to it.
    return known.get(name) ?? keep(name, stored)
  }

  return {
    of,
    async add(session, more) {
      const before = await of(session)
      const labels = withLabels(before, more)
      if (labels === before) return
      const name = nameOf(session)
      keep(name, labels)
      await kv.set(name, JSON.stringify(labels))
    },
    async clear(session) {
      if ((await of(session)) === NO_LABELS) return
      keep(nameOf(session), NO_LABELS)
      await kv.delete(nameOf(session))
    },
  }
}

/** What cannot be read holds both: nobody knows what was in the session. */
function parseLabels(text: string | null): FlowLabels {
  if (text === null) return NO_LABELS
  try {
    const { outside, private: hidden, followed } = JSON.parse(text) as FlowLabels
    if (Array.isArray(outside) && Array.isArray(hidden) && typeof followed === 'number')
      return { outside, private: hidden, followed }
  } catch {}
  return { outside: ['unknown'], private: ['unknown'], followed: 0 }
}
