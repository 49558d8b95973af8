// What was spent, by day, agent and spender.

import type { Usage } from '../../models/port.ts'

/** Spend per UTC day, agent and spender. */
export interface UsageStore {
  /** Shown by cached views at once. `by`: `user:<link or identity>`, `heartbeat:<name>` or `engine:<what>`. */
  add(spend: {
    readonly at: number
    readonly agentId: string
    readonly by: string
    readonly usage: Usage
    readonly cost: number
  }): Promise<void>
  /** `since`: first day, `YYYY-MM-DD`. `input` counts all that was sent, cached or not. */
  list(since?: string): Promise<readonly UsageTotals[]>
  /** One agent's sums, to be asked within a decision; the same view for the same agent. */
  cachedView(agentId: string): Promise<CachedSpend>
}

/** Cached view of one agent's spend: this process's at once, that of others as of the last `refresh`. */
export interface CachedSpend {
  /** Sums over days from `since` on. */
  total(since: string): { readonly tokens: number; readonly cost: number }
  refresh(): Promise<void>
}

/** What was spent in a day by one agent for one spender. */
export interface UsageTotals {
  /** `YYYY-MM-DD`, UTC. */
  readonly day: string
  readonly agentId: string
  /** As in `add`. */
  readonly by: string
  readonly input: number
  readonly output: number
  readonly calls: number
  readonly cost: number
}
