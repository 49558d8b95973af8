// Tokens and money, counted per agent: reserved before a call, settled after it. What was spent is the usage store's.

import type { Usage } from '../models/port.ts'
import type { StopSignal } from '../stop.ts'
import type { UsageStore } from '../storage/ports.ts'
import type { Limited, Limits, Reservation, SpendLimit, SpendWarning } from './port.ts'

export interface Budget extends Pick<Limits, 'reserve'> {
  spent(agentId: string, now: number): Spent
}

export interface Spent {
  readonly tokensToday: number
  readonly costToday: number
  readonly costMonth: number
}

export interface BudgetOptions {
  readonly usage: Pick<UsageStore, 'total'>
  /** Whether this warning is the first of its period; remembers it. */
  firstWarning(key: string): boolean
  warn(warning: SpendWarning): void
}

/** What an agent has under way, and who waits for it. */
interface Held {
  tokens: number
  cost: number
  calls: number
  waiters: (() => void)[]
}

interface Bound {
  readonly limit: SpendLimit
  readonly max: number
  readonly spent: number
  readonly wanted: number
  readonly held: number
  readonly period: string
  readonly retryAt: number
}

const WARN_AT = 0.8
const FADE = 0.9
/** Near its budget an agent still gets an answer of this many tokens; with less it could say nothing. */
const LEAST_OUTPUT = 256
/** An answer shorter than this is none. */
const SHORTEST_OUTPUT = 16

export function createBudget({ usage, firstWarning, warn }: BudgetOptions): Budget {
  const holding = new Map<string, Held>()
  /** What an agent's calls cost lately at most, for reservations that don't say. */
  const typical = new Map<string, number>()

  const spent = (agentId: string, now: number): Spent => {
    const month = new Date(now).toISOString().slice(0, 7)
    const today = usage.total(agentId, dayOf(now))
    return { tokensToday: today.tokens, costToday: today.cost, costMonth: usage.total(agentId, `${month}-01`).cost }
  }

  function boundsOf({ id, rateLimit }: Limited, tokens: number, cost: number, now: number): readonly Bound[] {
    const { maxTokensPerDay, maxCostPerDay, maxCostPerMonth } = rateLimit
    if (maxTokensPerDay === undefined && maxCostPerDay === undefined && maxCostPerMonth === undefined) return []
    const so = spent(id, now)
    const held = holding.get(id)
    const [day, month] = [dayOf(now), dayOf(now).slice(0, 7)]
    const bound = (
      limit: SpendLimit,
      max: number | undefined,
      already: number,
      wanted: number,
      under: number,
      period: string,
      retryAt: number,
    ): Bound[] => (max === undefined ? [] : [{ limit, max, spent: already, wanted, held: under, period, retryAt }])
    return [
      ...bound('maxTokensPerDay', maxTokensPerDay, so.tokensToday, tokens, held?.tokens ?? 0, day, nextDay(now)),
      ...bound('maxCostPerDay', maxCostPerDay, so.costToday, cost, held?.cost ?? 0, day, nextDay(now)),
      ...bound('maxCostPerMonth', maxCostPerMonth, so.costMonth, cost, held?.cost ?? 0, month, nextMonth(now)),
    ]
  }

  function warnNear(agentId: string, bounds: readonly Bound[]): void {
    for (const { limit, max, spent: so, period } of bounds) {
      if (so < max * WARN_AT || !firstWarning(`spend-warning:${agentId}:${limit}:${period}`)) continue
      warn({ agentId, limit, spent: so, max, period })
    }
  }

  return {
    spent,
    async reserve(agent, tokens, now, { cost: asked, input, signal } = {}) {
      for (;;) {
        signal?.throwIfAborted()
        // Unknown before the first call: it goes alone, the next ones know.
        const cost = asked ?? typical.get(agent.id) ?? Number.POSITIVE_INFINITY
        const bounds = boundsOf(agent, tokens, cost, now)
        if (bounds.length === 0) return { ok: true, settle: () => {} }
        warnNear(agent.id, bounds)
        const passed = bounds.find((bound) => bound.spent >= bound.max)
        if (passed !== undefined) return { ok: false, limit: passed.limit, retryAt: passed.retryAt, message: wordsFor(passed) }
        const held = holding.get(agent.id) ?? { tokens: 0, cost: 0, calls: 0, waiters: [] }
        holding.set(agent.id, held)
        const fits = bounds.every((bound) => bound.spent + bound.held + bound.wanted <= bound.max)
        // The estimate is high: what is under way will leave more than it holds. Alone, a call may begin while a short answer fits.
        if (!fits && held.calls > 0) {
          await settledOne(held, signal)
          continue
        }
        // Where the caller knows what it sends, nothing is begun whose answer cannot fit any more.
        const day = bounds.find((bound) => bound.limit === 'maxTokensPerDay')
        if (!fits && day !== undefined && input !== undefined && day.max - day.spent - input < SHORTEST_OUTPUT) {
          return { ok: false, limit: day.limit, retryAt: day.retryAt, message: wordsFor(day) }
        }
        return hold(agent, held, tokens, input, cost, bounds, now)
      }
    },
  }

  function hold(
    agent: Limited,
    held: Held,
    tokens: number,
    input: number | undefined,
    cost: number,
    bounds: readonly Bound[],
    now: number,
  ): Reservation {
    held.calls++
    held.tokens += tokens
    const heldCost = Number.isFinite(cost) ? cost : 0
    held.cost += heldCost
    let settled = false
    const day = bounds.find((bound) => bound.limit === 'maxTokensPerDay')
    const rest = day === undefined ? undefined : day.max - day.spent
    const left = rest === undefined || input === undefined ? rest && Math.max(LEAST_OUTPUT, rest) : rest - input
    return {
      ok: true,
      ...(left === undefined || left >= tokens - (input ?? 0) ? {} : { maxOutput: left }),
      settle(used: Usage, realCost: number) {
        if (settled) return
        settled = true
        // The spender adds to the usage store right after: whoever waits looks then.
        queueMicrotask(() => {
          held.calls--
          held.tokens -= tokens
          held.cost -= heldCost
          if (realCost > 0) typical.set(agent.id, Math.max(realCost, (typical.get(agent.id) ?? 0) * FADE))
          if (used.input + used.output > 0 || realCost > 0) warnNear(agent.id, boundsOf(agent, 0, 0, now))
          for (const wake of held.waiters.splice(0)) wake()
          if (held.calls === 0 && held.waiters.length === 0) holding.delete(agent.id)
        })
      },
    }
  }
}

function settledOne(held: Held, signal: StopSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal?.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    held.waiters.push(() => {
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
const wordsFor = ({ limit }: Bound): string => WORDS[limit]

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10)

function nextDay(now: number): number {
  const date = new Date(now)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + 1)
}

function nextMonth(now: number): number {
  const date = new Date(now)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)
}
