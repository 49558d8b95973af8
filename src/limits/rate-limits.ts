// Every limit of an agent behind one port: messages by the hour, tokens and money by the day and month.

import type { Clock } from '../ports.ts'
import type { AdmissionLog, KeyValueStore, UsageStore } from '../storage/ports.ts'
import { createBudget } from './budget.ts'
import { createMessageLimits } from './message-limits.ts'
import type { Limits, SpendWarning } from './port.ts'

export interface LimitsOptions {
  readonly storage: { readonly admissions: AdmissionLog; readonly usage: UsageStore; readonly kv: KeyValueStore }
  readonly clock: Clock
  /** At 80% of a limit, once a period. Must not throw. */
  warn(warning: SpendWarning): void
}

/** Counts go on where the last process left them. */
export function createLimits({ storage, clock, warn }: LimitsOptions): Limits {
  const rates = createMessageLimits(storage.admissions, clock.now())
  const warned = new Set<string>()
  const budget = createBudget({
    usage: storage.usage,
    warn,
    firstWarning(key) {
      if (warned.has(key) || storage.kv.get(key) !== null) return false
      warned.add(key)
      // Told again after a crash in this moment: better than not at all.
      storage.kv.set(key, '1').catch(() => warned.delete(key))
      return true
    },
  })
  return {
    admit: rates.admit,
    refund: rates.refund,
    reserve: budget.reserve,
    standing: (agent, at) => ({ messagesLastHour: rates.messagesLastHour(agent.id, at), ...budget.spent(agent.id, at) }),
  }
}
