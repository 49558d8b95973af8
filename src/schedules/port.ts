// What heartbeats ask of the world around them.

import type { HeartbeatPlan } from '../plan/plan.ts'
import type { SlotStore } from '../storage/ports.ts'

/** Which due times were taken, and what came of them. */
export type SlotLedger = Pick<SlotStore, 'claimSlot' | 'endSlot' | 'lastSlot' | 'unfinished'>

/** Runs one due slot (ISO 8601) to its end. A slot begun by an earlier process comes again with the same name and slot. */
export type FireHeartbeat = (heartbeat: HeartbeatPlan, slot: string) => Promise<'ran' | 'silent' | 'failed'>

/** A slot that did not run; what `fire` does, it tells itself. */
export interface SlotNotRun {
  readonly type: 'heartbeat'
  readonly name: string
  readonly outcome: 'skipped' | 'missed'
  readonly at: number
  readonly detail: string
}
