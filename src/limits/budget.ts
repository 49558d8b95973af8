// Tokens and money, counted per agent: reserved before a call, settled after it. What was spent is the usage store's.

import type { Usage } from '../models/port.ts'
import type { StopSignal } from '../stop.ts'
import type { CachedSpend, UsageStore } from '../storage/ports.ts'
import type { Limited, Reservation, SpendLimit, SpendWarning } from './port.ts'

export interface BudgetOptions {
  readonly usage: Pick<UsageStore, 'cachedView'>
  /** A limit is near. Called more than once a period. */
  warn(warning: SpendWarning): void
}

/** What an agent has under way, and who waits for it. */
interface Reserved {
  tokens: number
  cost: number
  calls: number
  waiters: (() => void)[]
}

/** One limit of an agent as a call finds it. */
interface Bound {
  readonly limit: SpendLimit
  readonly max: number
  readonly spent: number
  readonly expected: number
  readonly reserved: number
  readonly period: string
  readonly retryAt: number
}

/** What a call may cost. */
interface Estimate {
  readonly tokens: number
  readonly cost: number
  /** Tokens that are sent, where the caller knows. */
  readonly input: number | undefined
}

const WARN_AT = 0.8
const FADE = 0.9
/** Near its budget an agent still gets an answer of this many tokens; with less it could say nothing. */
const LEAST_OUTPUT = 256
/** An answer shorter than this is none. */
const SHORTEST_OUTPUT = 16

export class Budget {
  readonly #usage: BudgetOptions['usage']
  readonly #warn: BudgetOptions['warn']
  readonly #reserved = new Map<string, Reserved>()
  /** What an agent's calls cost lately at most, for reservations that don't say. */
  readonly #typicalCost = new Map<string, number>()

  constructor({ usage, warn }: BudgetOptions) {
    this.#usage = usage
    this.#warn = warn
  }

  /** See Limits. */
  async reserve(
    agent: Limited,
    tokens: number,
    now: number,
    { cost: asked, input, signal }: { cost?: number; input?: number; signal?: StopSignal } = {},
  ): Promise<Reservation> {
    signal?.throwIfAborted()
    const view = await this.#usage.cachedView(agent.id)
    for (;;) {
      signal?.throwIfAborted()
      // Unknown before the first call: it goes alone, the next ones know.
      const estimate = { tokens, input, cost: asked ?? this.#typicalCost.get(agent.id) ?? Number.POSITIVE_INFINITY }
      const bounds = this.#boundsOf(agent, view, estimate, now)
      this.#warnNear(agent.id, bounds)
      const passed = bounds.find((bound) => bound.spent >= bound.max)
      if (passed !== undefined) return refused(passed)
      const reserved = this.#reserved.get(agent.id) ?? { tokens: 0, cost: 0, calls: 0, waiters: [] }
      this.#reserved.set(agent.id, reserved)
      const fits = bounds.every((bound) => bound.spent + bound.reserved + bound.expected <= bound.max)
      // The estimate is high: what is under way will leave more than it holds. Alone, a call may begin while a short answer fits.
      if (!fits && reserved.calls > 0) {
        await settledOne(reserved, signal)
        continue
      }
      // Where the caller knows what it sends, nothing is begun whose answer cannot fit any more.
      const day = bounds.find((bound) => bound.limit === 'maxTokensPerDay')
      if (!fits && day !== undefined && input !== undefined && day.max - day.spent - input < SHORTEST_OUTPUT) return refused(day)
      return this.#hold(agent, view, reserved, estimate, day, now)
    }
  }

  #boundsOf({ id, rateLimit }: Limited, view: CachedSpend, estimate: Estimate, now: number): readonly Bound[] {
    const { maxTokensPerDay, maxCostPerDay, maxCostPerMonth } = rateLimit
    const reserved = this.#reserved.get(id)
    const [day, month] = [dayOf(now), dayOf(now).slice(0, 7)]
    const today = view.total(day)
    const bounds: Bound[] = []
    const tokens = { expected: estimate.tokens, reserved: reserved?.tokens ?? 0 }
    const cost = { expected: estimate.cost, reserved: reserved?.cost ?? 0 }
    const daily = { period: day, retryAt: nextDay(now) }
    if (maxTokensPerDay !== undefined)
      bounds.push({ limit: 'maxTokensPerDay', max: maxTokensPerDay, spent: today.tokens, ...tokens, ...daily })
    if (maxCostPerDay !== undefined)
      bounds.push({ limit: 'maxCostPerDay', max: maxCostPerDay, spent: today.cost, ...cost, ...daily })
    if (maxCostPerMonth !== undefined) {
      const spent = view.total(`${month}-01`).cost
      bounds.push({ limit: 'maxCostPerMonth', max: maxCostPerMonth, spent, ...cost, period: month, retryAt: nextMonth(now) })
    }
    return bounds
  }

  #warnNear(agentId: string, bounds: readonly Bound[]): void {
    for (const { limit, max, spent, period } of bounds)
      if (spent >= max * WARN_AT) this.#warn({ agentId, limit, spent, max, period })
  }

  #hold(
    agent: Limited,
    view: CachedSpend,
    reserved: Reserved,
    estimate: Estimate,
    day: Bound | undefined,
    now: number,
  ): Reservation {
    const { tokens, input } = estimate
    const cost = Number.isFinite(estimate.cost) ? estimate.cost : 0
    reserved.calls++
    reserved.tokens += tokens
    reserved.cost += cost
    let settled = false
    const unspent = day === undefined ? undefined : day.max - day.spent
    const left = unspent === undefined || input === undefined ? unspent && Math.max(LEAST_OUTPUT, unspent) : unspent - input
    return {
      ok: true,
      ...(left === undefined || left >= tokens - (input ?? 0) ? {} : { maxOutput: left }),
      settle: (used: Usage, realCost: number) => {
        if (settled) return
        settled = true
        // The spender adds to the usage store right after: code that waits looks then.
        queueMicrotask(() => {
          reserved.calls--
          reserved.tokens -= tokens
          reserved.cost -= cost
          if (realCost > 0) this.#typicalCost.set(agent.id, Math.max(realCost, (this.#typicalCost.get(agent.id) ?? 0) * FADE))
          if (used.input + used.output > 0 || realCost > 0) this.#warnNear(agent.id, this.#boundsOf(agent, view, NONE, now))
          for (const wake of reserved.waiters.splice(0)) wake()
          if (reserved.calls === 0 && reserved.waiters.length === 0) this.#reserved.delete(agent.id)
        })
      },
    }
  }
}

const NONE: Estimate = { tokens: 0, cost: 0, input: undefined }

const refused = (bound: Bound): Reservation => ({
  ok: false,
  limit: bound.limit,
  retryAt: bound.retryAt,
  message: WORDS[bound.limit],
})

function settledOne(reserved: Reserved, signal: StopSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal?.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    reserved.waiters.push(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
  })
}

const WORDS: Readonly<Record<SpendLimit, string>> = {
  maxTokensPerDay: 'I have used up my tokens for today. I can answer again from midnight UTC.',
  maxCostPerDay: 'I have used up my budget for today. I can answer again from midnight UTC.',
  maxCostPerMonth: 'I have used up my budget for this month. I can answer again next month.',
}

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10)

function nextDay(now: number): number {
  const date = new Date(now)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + 1)
}

function nextMonth(now: number): number {
  const date = new Date(now)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)
}
