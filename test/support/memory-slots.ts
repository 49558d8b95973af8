// The ledger of heartbeats in memory, for tests that are about time.

import type { SlotLedger } from '../../src/schedules/port.ts'
import type { SlotRow } from '../../src/storage/ports.ts'

export interface MemorySlots extends SlotLedger {
  rows(name?: string): readonly SlotRow[]
}

export function createMemorySlots(): MemorySlots {
  const rows = new Map<string, SlotRow>()
  const keyOf = (name: string, slot: number): string => `${name} ${slot}`
  const ofName = (name?: string): SlotRow[] =>
    [...rows.values()].filter((row) => name === undefined || row.name === name).sort((a, b) => a.slot - b.slot)
  return {
    rows: ofName,
    async claimSlot(name, slot, at) {
      if (rows.has(keyOf(name, slot))) return false
      rows.set(keyOf(name, slot), { name, slot, state: 'claimed', at })
      return true
    },
    async endSlot(name, slot, outcome, at, detail) {
      const known = rows.get(keyOf(name, slot))
      if (known !== undefined && known.state !== 'claimed') return
      rows.set(keyOf(name, slot), { name, slot, state: outcome, at, ...(detail === undefined ? {} : { detail }) })
    },
    lastSlot: async (name) => ofName(name).at(-1) ?? null,
    unfinished: async () => ofName().filter((row) => row.state === 'claimed'),
  }
}
