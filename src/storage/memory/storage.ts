// A Storage that lives as long as the process: same ports, same order, nothing on disk. Several may share one state, as several
// engines share a database: each is a node, whose leases end when it is closed.

import type { Clock, Logger, Random } from '../../ports.ts'
import { Lanes } from '../../sessions/lanes.ts'
import {
  type AdmissionLog,
  type ApprovalRow,
  type ApprovalsStore,
  type FileStore,
  type HaltStore,
  type Inbox,
  inboxKey,
  type KeyValueStore,
  type LeaseStore,
  type SlotRow,
  type SlotStore,
  type StepJournal,
  StepUnknown,
  type Storage,
  type UsageStore,
  type UsageTotals,
} from '../ports.ts'
import { MemoryInboxes, type MemoryNode } from './inbox.ts'
import { createMemoryOutbox } from './outbox.ts'
import { createMemoryPeople } from './people.ts'
import { createMemoryTranscripts } from './transcripts.ts'

interface MemoryWorld {
  readonly stateDir: string
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

export type MemoryState = ReturnType<typeof createMemoryState>

/** What nodes share. */
export function createMemoryState({ clock, random }: Pick<MemoryWorld, 'clock' | 'random'>) {
  const outbox = createMemoryOutbox(clock)
  const journal = createJournal()
  const inboxes = new MemoryInboxes(outbox.put, journal.forget)
  return {
    outbox,
    journal,
    inboxes,
    transcripts: createMemoryTranscripts(clock.now),
    approvals: createApprovals(inboxes),
    files: createFiles(random),
    usage: createUsage(),
    slots: createSlots(),
    halts: createHalts(),
    people: createMemoryPeople(random),
    kv: createKeyValues(),
    admissions: createAdmissions(),
    leases: createLeases(),
  }
}

const KEPT_MS = 7 * 24 * 3_600_000

function createFiles(random: Random): FileStore {
  const kept = new Map<string, Buffer>()
  return {
    async put(file, data) {
      const id = random.id()
      kept.set(id, Buffer.from(data))
      return { id, bytes: data.length, ...file }
    },
    read: async (id) => kept.get(id) ?? null,
  }
}

export function createMemoryStorage(world: MemoryWorld, state: MemoryState = createMemoryState(world)): Storage {
  const closing = new AbortController()
  const node: MemoryNode = { live: true, ended: closing.signal }
  const { outbox, files, journal, inboxes, transcripts, approvals, usage, slots, halts, people, kv, admissions, leases } = state
  const { clock, log, stateDir } = world
  return {
    stateDir,
    health: { cachedProblem: null },
    inbox: inboxes.of(node),
    transcripts,
    queue: new Lanes({ clock, log, onFailure: (session) => inboxes.release(session) }),
    outbox,
    files,
    approvals,
    usage,
    slots: slots(node),
    halts,
    people,
    kv,
    admissions,
    journal,
    leases: leases(node),
    async clean(now) {
      inboxes.clean(now - KEPT_MS)
      outbox.clean(now - KEPT_MS)
    },
    async close() {
      node.live = false
      closing.abort()
    },
  }
}

function createJournal(): StepJournal & { forget(run: string): void } {
  const runs = new Map<string, Map<string, { readonly value?: unknown }>>()
  const stepsOf = (run: string): Map<string, { readonly value?: unknown }> => {
    const steps = runs.get(run) ?? new Map()
    runs.set(run, steps)
    return steps
  }
  return {
    has: async (run, name) => runs.get(run)?.has(name) === true,
    async step<T>(run: string, name: string, make: (idempotencyKey: string) => Promise<T>, retry = 'always'): Promise<T> {
      const steps = stepsOf(run)
      const earlier = steps.get(name)
      if (earlier !== undefined && 'value' in earlier) return earlier.value as T
      if (earlier !== undefined && retry === 'never') throw new StepUnknown(name)
      if (retry === 'never') steps.set(name, {})
      try {
        const value = await make(`${run}:${name}`)
        steps.set(name, { value })
        return value
      } catch (error) {
        steps.delete(name)
        throw error
      }
    },
    forget: (run) => void runs.delete(run),
  }
}

function createApprovals(inbox: Pick<Inbox, 'post'>): ApprovalsStore {
  const rows = new Map<string, ApprovalRow>()
  return {
    insert: async (row) => void rows.set(row.id, row),
    get: async (id) => rows.get(id) ?? null,
    open: async () => [...rows.values()].filter((row) => row.state === 'open'),
    async settle(id, state, by, _at, message) {
      const row = rows.get(id)
      if (row === undefined || row.state !== 'open') return null
      const settled = { ...row, state, decidedBy: by }
      rows.set(id, settled)
      const posted = settled.late ? message(settled) : undefined
      if (posted !== undefined) await inbox.post(posted, inboxKey(posted))
      return settled
    },
    async setLate(id) {
      const row = rows.get(id)
      if (row === undefined || row.state !== 'open') return false
      rows.set(id, { ...row, late: true })
      return true
    },
  }
}

function createUsage(): UsageStore {
  const totals = new Map<string, UsageTotals>()
  return {
    async add({ at, agentId, by, usage, cost }) {
      const day = new Date(at).toISOString().slice(0, 10)
      const key = JSON.stringify([day, agentId, by])
      const before = totals.get(key) ?? { day, agentId, by, input: 0, output: 0, calls: 0, cost: 0 }
      const input = before.input + usage.input + usage.cacheRead + usage.cacheWrite
      totals.set(key, {
        ...before,
        input,
        output: before.output + usage.output,
        calls: before.calls + 1,
        cost: before.cost + cost,
      })
    },
    list: async (since = '') => [...totals.values()].filter((row) => row.day >= since),
    cachedView: async (agentId) => ({
      total(since) {
        const rows = [...totals.values()].filter((row) => row.agentId === agentId && row.day >= since)
        return {
          tokens: rows.reduce((sum, row) => sum + row.input + row.output, 0),
          cost: rows.reduce((sum, row) => sum + row.cost, 0),
        }
      },
      refresh: async () => {},
    }),
  }
}

function createSlots(): (node: MemoryNode) => SlotStore {
  const rows = new Map<string, SlotRow & { readonly holder: MemoryNode | null }>()
  const keyOf = (name: string, slot: number): string => `${name}@${slot}`
  const shown = ({ holder: _, ...row }: SlotRow & { holder: MemoryNode | null }): SlotRow => row
  const newest = (name?: string) =>
    [...rows.values()].filter((row) => name === undefined || row.name === name).sort((a, b) => b.slot - a.slot)
  return (node) => ({
    async claimSlot(name, slot, at) {
      if (rows.has(keyOf(name, slot))) return false
      rows.set(keyOf(name, slot), { name, slot, state: 'claimed', at, holder: node })
      return true
    },
    async endSlot(name, slot, outcome, at, detail) {
      const row = rows.get(keyOf(name, slot))
      if (row !== undefined && row.state !== 'claimed') return
      const ended = { name, slot, state: outcome, at, holder: null }
      rows.set(keyOf(name, slot), detail === undefined ? ended : { ...ended, detail })
    },
    async lastSlot(name) {
      const [row] = newest(name)
      return row === undefined ? null : shown(row)
    },
    unfinished: async () =>
      newest()
        .filter((row) => row.state === 'claimed' && row.holder?.live !== true)
        .map(shown),
    list: async (name, limit) => newest(name).slice(0, limit).map(shown),
  })
}

function createHalts(): HaltStore {
  let halts: readonly { readonly agentId?: string; readonly by: string; readonly at: number }[] = []
  return {
    cached: {
      stopped: { has: (agentId) => halts.some((halt) => halt.agentId === undefined || halt.agentId === agentId) },
      get isAllStopped() {
        return halts.some((halt) => halt.agentId === undefined)
      },
      list: () => halts,
    },
    async halt(agentId, by, at) {
      halts = [...halts, agentId === undefined ? { by, at } : { by, at, agentId }]
    },
    async resume(agentId) {
      halts = agentId === undefined ? [] : halts.filter((halt) => halt.agentId !== agentId)
    },
    reread: async () => async () => {},
  }
}

function createKeyValues(): KeyValueStore {
  const values = new Map<string, string>()
  return {
    get: async (key) => values.get(key) ?? null,
    set: async (key, value) => void values.set(key, value),
    delete: async (key) => void values.delete(key),
  }
}

function createAdmissions(): AdmissionLog {
  let admissions: readonly { readonly agentId: string; readonly who: string; readonly at: number }[] = []
  return {
    since: async (at) => admissions.filter((one) => one.at > at),
    async add(agentId, who, at) {
      admissions = [...admissions, { agentId, who, at }]
    },
    async remove(agentId, who, at) {
      const index = admissions.findIndex((one) => one.agentId === agentId && one.who === who && one.at === at)
      admissions = admissions.filter((_, place) => place !== index)
    },
  }
}

function createLeases(): (node: MemoryNode) => LeaseStore {
  const holders = new Map<string, MemoryNode>()
  return (node) => ({
    async acquire(name) {
      if (!node.live || holders.get(name)?.live === true) return null
      holders.set(name, node)
      return {
        lost: node.ended,
        async release() {
          if (holders.get(name) === node) holders.delete(name)
        },
      }
    },
  })
}
