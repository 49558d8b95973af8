// Heartbeats on a clock and a ledger that a test owns.

import type { HeartbeatPlan } from '../../src/plan/plan.ts'
import { silentLogger } from '../../src/ports.ts'
import { createHeartbeats } from '../../src/schedules/heartbeats.ts'
import type { FireHeartbeat, SlotNotRun } from '../../src/schedules/port.ts'
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts'
import { createMemorySlots, type MemorySlots } from '../support/memory-slots.ts'

export const START = Date.parse('2026-01-01T00:00:00Z')
export const MINUTE = 60_000
export const HOUR = 60 * MINUTE

export const heartbeat = (more: Partial<HeartbeatPlan> = {}): HeartbeatPlan => {
  const plan: Omit<HeartbeatPlan, 'fingerprint'> = {
    name: 'a',
    schedule: '0 * * * *',
    timezone: 'UTC',
    agentId: 'main',
    prompt: 'go',
    catchUp: 'none',
    silentToken: 'HEARTBEAT_OK',
    enabled: true,
    place: { file: 'openclaw.yaml', line: 1, column: 1 },
    ...more,
  }
  return { ...plan, fingerprint: JSON.stringify(plan) }
}

interface SetUp {
  readonly clock?: FakeClock
  readonly ledger?: MemorySlots
  readonly fire?: FireHeartbeat
}

/** Like a process: the clock and the ledger may outlive it. */
export function setUp({ clock = createFakeClock(START), ledger = createMemorySlots(), fire }: SetUp = {}) {
  const fired: string[] = []
  const events: SlotNotRun[] = []
  const heartbeats = createHeartbeats({
    clock,
    log: silentLogger,
    ledger,
    fire: (plan, slot) => {
      fired.push(`${plan.name} ${slot.slice(5, 16)}`)
      return fire?.(plan, slot) ?? Promise.resolve('ran')
    },
    emit: (event) => events.push(event),
  })
  const states = (name?: string) =>
    ledger.rows(name).map((row) => `${new Date(row.slot).toISOString().slice(5, 16)} ${row.state}`)
  return { clock, ledger, fired, events, heartbeats, states }
}
