// A Storage that lives as long as the process. Same ports, same order, nothing on disk.

import type { Clock, Logger, Random } from '../../ports.ts'
import { createLanes } from '../../sessions/lanes.ts'
import {
  type ApprovalRow,
  type ApprovalsStore,
  type FileStore,
  type HaltStore,
  inboxKey,
  MOST_OPEN_PAIRINGS,
  type Outbox,
  type OutboxRow,
  type PeopleStore,
  type SessionStore,
  type SlotRow,
  type SlotStore,
  type StepJournal,
  type Storage,
  type UsageStore,
  type UsageTotals,
} from '../ports.ts'
import { createMemorySessions } from './sessions.ts'

export function createMemoryStorage(world: {
  readonly stateDir: string
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}): Storage {
  const { clock, random, stateDir } = world
  const outbox = createOutbox(clock)
  const values = new Map<string, string>()
  const sessions = createMemorySessions(outbox, clock.now)
  let admissions: { agentId: string; who: string; at: number }[] = []
  return {
    stateDir,
    sessions,
    queue: createLanes({ clock, log: world.log }),
    outbox,
    files: createFiles(random),
    approvals: createApprovals(sessions),
    usage: createUsage(),
    slots: createSlots(),
    halts: createHalts(),
    people: createPeople(random),
    kv: {
      get: (key) => values.get(key) ?? null,
      set: async (key, value) => void values.set(key, value),
      delete: async (key) => void values.delete(key),
    },
    admissions: {
      since: (at) => admissions.filter((one) => one.at >= at),
      add: (agentId, who, at) => void admissions.push({ agentId, who, at }),
      remove: (agentId, who, at) => {
        admissions = admissions.filter((one) => one.agentId !== agentId || one.who !== who || one.at !== at)
      },
    },
    journal: (run) => createJournal(run),
    clean: async () => {},
    close: async () => {},
  }
}

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

/** Nothing outlives the process, so every step is made once and remembered by its caller. */
const createJournal = (run: string): StepJournal => ({ has: () => false, step: (name, make) => make(`${run}:${name}`) })

function createOutbox(clock: Clock): Outbox {
  const rows = new Map<number, OutboxRow & { at: number }>()
  const keys = new Set<string>()
  let seq = 0
  return {
    async put(row) {
      if (keys.has(row.key)) return
      keys.add(row.key)
      seq++
      rows.set(seq, { ...row, seq, attempts: 0, createdAt: clock.now(), at: 0 })
    },
    async due(now, limit) {
      const held = new Set<string>()
      const due: OutboxRow[] = []
      for (const row of rows.values()) {
        const target = JSON.stringify({ ...row.target, replyTo: undefined })
        if (row.at > now) held.add(target)
        else if (!held.has(target)) due.push(row)
      }
      return due.slice(0, limit)
    },
    async attempt(number) {
      const row = rows.get(number)
      if (row === undefined) return 1
      rows.set(number, { ...row, attempts: row.attempts + 1 })
      return row.attempts + 1
    },
    sent: async (number) => void rows.delete(number),
    retry: async (number, at, { notSent } = { notSent: false }) => {
      const row = rows.get(number)
      if (row !== undefined) rows.set(number, { ...row, at, attempts: Math.max(0, row.attempts - (notSent ? 1 : 0)) })
    },
    fail: async (number) => void rows.delete(number),
    next() {
      const times = [...rows.values()].map((row) => row.at)
      return times.length === 0 ? null : { count: times.length, at: Math.min(...times) }
    },
    nextAfter(now) {
      const times = [...rows.values()].map((row) => row.at).filter((at) => at > now)
      return times.length === 0 ? null : Math.min(...times)
    },
  }
}

function createApprovals(sessions: Pick<SessionStore, 'post'>): ApprovalsStore {
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
      if (posted !== undefined) await sessions.post(posted, inboxKey(posted))
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
    add({ at, agentId, by, usage, cost }) {
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
    total(agentId, since) {
      const rows = [...totals.values()].filter((row) => row.agentId === agentId && row.day >= since)
      return {
        tokens: rows.reduce((sum, row) => sum + row.input + row.output, 0),
        cost: rows.reduce((sum, row) => sum + row.cost, 0),
      }
    },
  }
}

function createSlots(): SlotStore {
  const rows = new Map<string, SlotRow>()
  const keyOf = (name: string, slot: number): string => `${name}@${slot}`
  const newest = (name?: string): SlotRow[] =>
    [...rows.values()].filter((row) => name === undefined || row.name === name).sort((a, b) => b.slot - a.slot)
  return {
    async claimSlot(name, slot, at) {
      if (rows.has(keyOf(name, slot))) return false
      rows.set(keyOf(name, slot), { name, slot, state: 'claimed', at })
      return true
    },
    async endSlot(name, slot, outcome, at, detail) {
      const row = rows.get(keyOf(name, slot))
      if (row !== undefined && row.state !== 'claimed') return
      rows.set(keyOf(name, slot), { name, slot, state: outcome, at, ...(detail === undefined ? {} : { detail }) })
    },
    lastSlot: async (name) => newest(name)[0] ?? null,
    unfinished: async () => newest().filter((row) => row.state === 'claimed'),
    list: async (name, limit) => newest(name).slice(0, limit),
  }
}

function createHalts(): HaltStore {
  let halts: { agentId?: string; by: string; at: number }[] = []
  return {
    reread: () => async () => {},
    isHalted: (agentId) => halts.some((halt) => halt.agentId === undefined || halt.agentId === agentId),
    list: () => halts,
    async halt(agentId, by, at) {
      halts.push({ by, at, ...(agentId === undefined ? {} : { agentId }) })
    },
    async resume(agentId) {
      halts = agentId === undefined ? [] : halts.filter((halt) => halt.agentId !== agentId)
    },
  }
}

const LINK_MS = 10 * 60_000

function createPeople(random: Random): PeopleStore {
  const open = new Map<string, { identity: string; displayName?: string }>()
  const paired = new Map<string, { identity: string; displayName?: string; by: string; at: number }>()
  const linkCodes = new Map<string, { identity: string; until: number }>()
  const links: { identities: readonly [string, string]; at: number }[] = []
  const code = (): string => random.id().slice(-6)
  return {
    openPairing(identity, displayName) {
      for (const [known, one] of open) if (one.identity === identity) return known
      const channel = identity.slice(0, identity.indexOf(':') + 1)
      if ([...open.values()].filter((one) => one.identity.startsWith(channel)).length >= MOST_OPEN_PAIRINGS) return null
      const fresh = code()
      open.set(fresh, { identity, ...(displayName === undefined ? {} : { displayName }) })
      return fresh
    },
    approvePairing(given, by, at) {
      const found = open.get(given)
      if (found === undefined) return null
      open.delete(given)
      paired.set(found.identity, { ...found, by, at })
      return found.identity
    },
    isPaired: (identity) => paired.has(identity),
    removePairing: (identity) => paired.delete(identity),
    pairings: () => [...paired.values()],
    openLink(identity, now) {
      const fresh = code()
      linkCodes.set(fresh, { identity, until: now + LINK_MS })
      return fresh
    },
    confirmLink(given, identity, at) {
      const other = linkCodes.get(given)
      if (other === undefined || other.identity === identity || other.until < at) return null
      linkCodes.delete(given)
      links.push({ identities: [other.identity, identity], at })
      return other.identity
    },
    links: () => links,
  }
}
