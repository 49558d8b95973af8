// Spend in, sums out: per UTC day, agent and spender. Sums of this month stay in memory, so that limits cost nothing.

import type { UsageStore, UsageTotals } from '../ports.ts'
import type { Database, Row } from './database.ts'

interface Sums {
  tokens: number
  cost: number
}

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10)

export function createUsageStore(db: Database, onError: (error: unknown) => void): UsageStore {
  /** agentId → day → sums; filled from the table for an agent when it is first asked for. */
  const byAgent = new Map<string, Map<string, Sums>>()

  function daysOf(agentId: string): Map<string, Sums> {
    let days = byAgent.get(agentId)
    if (days === undefined) {
      const rows = db
        .sql('SELECT day, sum(input + output) AS tokens, sum(cost) AS cost FROM usage WHERE agent_id = ? GROUP BY day')
        .all(agentId)
      days = new Map(rows.map((row) => [String(row['day']), { tokens: Number(row['tokens']), cost: Number(row['cost']) }]))
      byAgent.set(agentId, days)
    }
    return days
  }

  return {
    add({ at, agentId, by, usage, cost }) {
      const day = dayOf(at)
      const input = usage.input + usage.cacheRead + usage.cacheWrite
      const days = daysOf(agentId)
      const sums = days.get(day) ?? { tokens: 0, cost: 0 }
      sums.tokens += input + usage.output
      sums.cost += cost
      days.set(day, sums)
      db.write(() =>
        db
          .sql(
            `INSERT INTO usage (day, agent_id, by, input, output, calls, cost) VALUES (?, ?, ?, ?, ?, 1, ?)
             ON CONFLICT (day, agent_id, by) DO UPDATE SET
               input = input + excluded.input, output = output + excluded.output, calls = calls + 1, cost = cost + excluded.cost`,
          )
          .run(day, agentId, by, input, usage.output, cost),
      ).catch(onError)
    },
    async list(since = '') {
      await db.flush()
      return db.sql('SELECT * FROM usage WHERE day >= ? ORDER BY day, agent_id, by').all(since).map(toTotals)
    },
    total(agentId, since) {
      let tokens = 0
      let cost = 0
      for (const [day, sums] of daysOf(agentId)) {
        if (day < since) continue
        tokens += sums.tokens
        cost += sums.cost
      }
      return { tokens, cost }
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
