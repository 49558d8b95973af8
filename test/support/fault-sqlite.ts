// The database whose statements fail as the dice say.

import { DatabaseSync as Real } from '@photostructure/sqlite'
import { calls, kind, sqlite, strikes } from './fault-dice.ts'

export * from '@photostructure/sqlite'

export class DatabaseSync extends Real {
  override prepare(...args: Parameters<InstanceType<typeof Real>['prepare']>): ReturnType<InstanceType<typeof Real>['prepare']> {
    const statement = super.prepare(...args)
    for (const name of ['run', 'get', 'all'] as const) {
      if (!calls.includes(`sqlite ${name}`)) continue
      const original = statement[name].bind(statement) as (...values: unknown[]) => unknown
      const value = (...values: unknown[]): unknown => {
        if (strikes()) throw Object.assign(new Error(`injected into SQLite: ${kind}`), { errcode: sqlite })
        return original(...values)
      }
      Object.defineProperty(statement, name, { value })
    }
    return statement
  }
}
