// Spend in, sums out: per UTC day, agent and spender. Sums of agents with limits stay in memory, so that limits cost nothing.

import type { CachedSpend, UsageStore, UsageTotals } from '../ports.ts'
import type { Database, Row } from './database.ts'

interface Sums {
  readonly tokens: number
  readonly cost: number
}

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10)

export function createUsageStore(db: Database): UsageStore {
  /** agentId → day → sums, of agents whose view was asked for. */
  const byAgent = new Map<string, Map<string, Sums>>()
  const views = new Map<string, Promise<CachedSpend>>()

  /** What is added from here on is written after the sums are read, and counted beside them. */
  async function readDays(agentId: string): Promise<void> {
    const days = new Map<string, Sums>()
    byAgent.set(agentId, days)
    const select = 'SELECT day, sum(input + output) AS tokens, sum(cost) AS cost FROM usage WHERE agent_id = ? GROUP BY day'
    for (const row of await db.write(() => db.sql(select).all(agentId)))
      add(days, String(row['day']), Number(row['tokens']), Number(row['cost']))
  }

  function add(days: Map<string, Sums>, day: string, tokens: number, cost: number): void {
    const sums = days.get(day)
    days.set(day, { tokens: (sums?.tokens ?? 0) + tokens, cost: (sums?.cost ?? 0) + cost })
  }

  function total(agentId: string, since: string): Sums {
    let tokens = 0
    let cost = 0
    for (const [day, sums] of byAgent.get(agentId) ?? []) {
      if (day < since) continue
      tokens += sums.tokens
      cost += sums.cost
    }
    return { tokens, cost }
  }

  return {
    async add({ at, agentId, by, usage, cost }) {
      const day = dayOf(at)
      const input = usage.input + usage.cacheRead + usage.cacheWrite
      const days = byAgent.get(agentId)
      if (days !== undefined) add(days, day, input + usage.output, cost)
      await db.write(() =>
        db
          .sql(
            `INSERT INTO usage (day, agent_id, by, input, output, calls, cost) VALUES (?, ?, ?, ?, ?, 1, ?)
             ON CONFLICT (day, agent_id, by) DO UPDATE SET
               input = input + excluded.input, output = output + excluded.output, calls = calls + 1, cost = cost + excluded.cost`,
          )
          .run(day, agentId, by, input, usage.output, cost),
      )
    },
    async list(since = '') {
      await db.flush()
      return db.sql('SELECT * FROM usage WHERE day >= ? ORDER BY day, agent_id, by').all(since).map(toTotals)
    },
    async cachedView(agentId) {
      let view = views.get(agentId)
      if (view === undefined) {
        // No other process writes here, so a view is never out of date.
        view = readDays(agentId).then(() => ({ total: (since) => total(agentId, since), refresh: async () => {} }))
        views.set(agentId, view)
        view.catch(() => views.delete(agentId))
      }
      return await view
    },
  }
}

export const toTotals = (row: Row): UsageTotals => ({
  day: String(row['day']),
  agentId: String(row['agent_id']),
  by: String(row['by']),
  input: Number(row['input']),
  output: Number(row['output']),
  calls: Number(row['calls']),
  cost: Number(row['cost']),
})
