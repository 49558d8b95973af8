// Due times of heartbeats, and what came of them.

export type SlotOutcome = 'ran' | 'silent' | 'failed' | 'skipped' | 'missed'

/** One due time of one heartbeat. */
export interface SlotRow {
  readonly name: string
  /** When it was due. */
  readonly slot: number
  /** `claimed`: begun, its end not recorded yet. */
  readonly state: 'claimed' | SlotOutcome
  readonly at: number
  readonly detail?: string
}

/** The heartbeat ledger: each due slot stands in it once. */
export interface SlotStore {
  /** True for the first caller only, and only when no outcome stands. Durable when it resolves. */
  claimSlot(name: string, slot: number, at: number): Promise<boolean>
  /** Ends a claimed slot, or records one that never began; a slot that has ended stays as it is. */
  endSlot(name: string, slot: number, outcome: SlotOutcome, at: number, detail?: string): Promise<void>
  /** Latest slot known, whatever came of it. */
  lastSlot(name: string): Promise<SlotRow | null>
  /** Claimed under a lease that has ended, and not ended itself. */
  unfinished(): Promise<readonly SlotRow[]>
  /** Newest first. */
  list(name: string | undefined, limit: number): Promise<readonly SlotRow[]>
}
