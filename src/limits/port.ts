// Limits as the engine sees them: asked before a message is admitted and before a model is called, told afterwards.

import type { Usage } from '../models/port.ts'
import type { AgentPlan } from '../plan/plan.ts'
import type { StopSignal } from '../stop.ts'

/** An agent as limits need it: today's, so that a reload changes limits without losing counts. */
export type Limited = Pick<AgentPlan, 'id' | 'rateLimit'>

export type MessageLimit = 'maxMessagesPerHour' | 'maxMessagesPerUser'
export type SpendLimit = 'maxTokensPerDay' | 'maxCostPerDay' | 'maxCostPerMonth'

export type Admission =
  | { readonly ok: true }
  | {
      readonly ok: false
      readonly limit: MessageLimit
      /** When the next message would be admitted, milliseconds; Infinity where the limit is zero. */
      readonly retryAt: number
      /** True once a window for each sender: who is told again and again is annoyed. */
      readonly tell: boolean
    }

export type Reservation =
  | {
      readonly ok: true
      /** Tokens the answer may take to stay within the day's budget; absent: no bound but the agent's own. */
      readonly maxOutput?: number
      /** What it really was, once; nothing for a call that failed. */
      settle(usage: Usage, cost: number): void
    }
  | { readonly ok: false; readonly limit: SpendLimit; readonly retryAt: number; readonly message: string }

/** Told once per agent, limit and period, at 80%. */
export interface SpendWarning {
  readonly agentId: string
  readonly limit: SpendLimit
  readonly spent: number
  readonly max: number
  /** `2026-01-31` or `2026-01`. */
  readonly period: string
}

export interface Limits {
  /** Counts and admits, or refuses without counting. `who`: a link's name or an identity. */
  admit(agent: Limited, who: string, now: number): Admission
  /** Takes back the latest admission: the message was a repeat, or could not be stored. */
  refund(agent: Limited, who: string): void
  /**
   * Holds `tokens` (and `cost`) until settled; `input` of them are sent, the rest may be answered. Near the limit calls wait
   * for those in flight, so that parallel turns spend no more than turns one after the other would. Must be settled in any case.
   */
  reserve(
    agent: Limited,
    tokens: number,
    now: number,
    more?: { cost?: number; input?: number; signal?: StopSignal },
  ): Promise<Reservation>
}
