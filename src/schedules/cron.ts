// Cron expressions: five fields, or six with seconds, in a time zone; instants out. A fixed time that the clocks jump over
// comes right after the gap, one that comes twice counts once; intervals go by real time.

import { Cron } from 'croner'

/** Milliseconds since the epoch throughout. */
export interface Schedule {
  /** The first time after `after`; null: never. */
  next(after: number): number | null
  /** The last time at or before `at`; null: never. */
  latest(at: number): number | null
}

/** Why a schedule can't be used. */
export interface ScheduleProblem {
  readonly what: 'schedule' | 'timezone'
  readonly message: string
}

export function parseSchedule(
  expression: string,
  timezone: string,
): { readonly schedule: Schedule } | { readonly problem: ScheduleProblem } {
  if (!isTimezone(timezone)) return { problem: { what: 'timezone', message: `There is no time zone ${timezone}.` } }
  const fields = expression.trim().split(/\s+/).length
  // The library takes a date, too; that is no schedule.
  if (fields !== 5 && fields !== 6 && !expression.trim().startsWith('@')) {
    return { problem: { what: 'schedule', message: `A schedule has five or six fields, not ${fields}.` } }
  }
  try {
    const cron = new Cron(expression, { timezone, paused: true, mode: '5-or-6-parts' })
    return {
      schedule: {
        next: (after) => cron.nextRun(new Date(after))?.getTime() ?? null,
        latest: (at) => cron.previousRuns(1, new Date(at + 1))[0]?.getTime() ?? null,
      },
    }
  } catch (error) {
    const message = (error instanceof Error ? error.message : String(error)).replace(/^Cron\w+: /, '')
    return { problem: { what: 'schedule', message } }
  }
}

export function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** The answers last given are kept: heartbeats on one schedule ask the same thing at the same moment. */
export function remembering(schedule: Schedule): Schedule {
  let after = Number.NaN
  let next: number | null = null
  let at = Number.NaN
  let latest: number | null = null
  return {
    next(wanted) {
      // Every moment between a slot and its follower has the same follower.
      if (!(wanted >= after && next !== null && wanted < next)) {
        next = schedule.next(wanted)
        after = wanted
      }
      return next
    },
    latest(wanted) {
      if (wanted !== at) {
        latest = schedule.latest(wanted)
        at = wanted
      }
      return latest
    },
  }
}
