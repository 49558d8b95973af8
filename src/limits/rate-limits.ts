// Every limit of an agent behind one port: messages by the hour, tokens and money by the day and month.

import { messageOf } from '../errors.ts'
import type { Clock, Logger } from '../ports.ts'
import type { AdmissionLog, KeyValueStore, UsageStore } from '../storage/ports.ts'
import { Budget } from './budget.ts'
import { createMessageLimits } from './message-limits.ts'
import type { Limits, SpendWarning } from './port.ts'

export interface LimitsOptions {
  readonly storage: { readonly admissions: AdmissionLog; readonly usage: UsageStore; readonly kv: KeyValueStore }
  readonly clock: Clock
  readonly log: Logger
  /** At 80% of a limit, once a period. Must not throw. */
  warn(warning: SpendWarning): void
}

export async function createLimits({ storage, clock, log, warn }: LimitsOptions): Promise<Limits> {
  const onLost = (error: unknown): void => log.error({ error: messageOf(error) }, 'a count could not be stored')
  const { admit, refund } = await createMessageLimits(storage.admissions, clock.now(), onLost)
  const budget = new Budget({ usage: storage.usage, warn: warnOnce(storage.kv, warn, onLost) })
  return { admit, refund, reserve: budget.reserve.bind(budget) }
}

/** A limit and period is warned of once, in whatever process. */
function warnOnce(kv: KeyValueStore, warn: (warning: SpendWarning) => void, onLost: (error: unknown) => void) {
  const seen = new Set<string>()
  return (warning: SpendWarning): void => {
    const key = `spend-warning:${warning.agentId}:${warning.limit}:${warning.period}`
    if (seen.has(key)) return
    seen.add(key)
    const once = async (): Promise<void> => {
      if ((await kv.get(key)) !== null) return
      warn(warning)
      // Told again after a crash in this moment: better than not at all.
      await kv.set(key, '1')
    }
    once().catch((error: unknown) => {
      seen.delete(key)
      onLost(error)
    })
  }
}
