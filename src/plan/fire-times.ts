// Heartbeats of two Plans → when each would next fire, before and after. The schedule library loads only here.

import type { HeartbeatPlan, Plan } from './plan.ts'
import { withoutQuiet } from './quiet-hours.ts'

export interface FireTimeMove {
  readonly name: string
  /** ISO 8601; null: it does not fire. */
  readonly before: string | null
  readonly after: string | null
}

/** Heartbeats whose next fire time after `now` (ms since the epoch) differs. */
export async function movedFireTimes(before: Plan | null, after: Plan, now: number): Promise<readonly FireTimeMove[]> {
  const names = new Set([...(before?.heartbeats ?? []), ...after.heartbeats].map((heartbeat) => heartbeat.name))
  if (names.size === 0) return []
  const { Cron } = await import('croner')
  const next = (heartbeat: HeartbeatPlan | undefined): string | null => {
    if (heartbeat === undefined || !heartbeat.enabled) return null
    const cron = new Cron(heartbeat.schedule, { timezone: heartbeat.timezone, paused: true })
    const schedule = {
      next: (after: number) => cron.nextRun(new Date(after))?.getTime() ?? null,
      latest: (until: number) => cron.previousRuns(1, new Date(until + 1))[0]?.getTime() ?? null,
    }
    const at = withoutQuiet(schedule, heartbeat.quiet, heartbeat.timezone).next(now)
    return at === null ? null : new Date(at).toISOString()
  }
  const find = (plan: Plan | null, name: string): HeartbeatPlan | undefined => plan?.heartbeats.find((one) => one.name === name)
  return [...names]
    .map((name) => ({ name, before: next(find(before, name)), after: next(find(after, name)) }))
    .filter((move) => move.before !== move.after)
}
