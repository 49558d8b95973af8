// Leases of the one process that has the state folder: its lock makes every other process wait at the door, so a lease is free
// unless this process holds it.

import type { LeaseStore } from '../ports.ts'

export function createLeases(): LeaseStore {
  const held = new Set<string>()
  return {
    async acquire(name) {
      if (held.has(name)) return null
      held.add(name)
      return {
        // The lock is lost with the process alone.
        lost: new AbortController().signal,
        release: async () => void held.delete(name),
      }
    },
  }
}
