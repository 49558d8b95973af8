// When a conversation starts over by itself: at a time of day, or after it was idle; and the line that marks it.

import type { AgentPlan } from '../plan/plan.ts'
import type { TranscriptEntry } from '../storage/ports.ts'

/** The line from which on a conversation is a new one. */
export const resetEntry = (id: string, at: number): TranscriptEntry => ({
  id,
  role: 'system',
  kind: 'reset',
  content: 'The session started over.',
  timestamp: new Date(at).toISOString(),
})

/** Why a session whose last line is of `lastEntryAt` starts over at `now`; null: it goes on. */
export function needsReset(lastEntryAt: number, now: number, reset: AgentPlan['reset']): 'daily' | 'idle' | null {
  if (!Number.isFinite(lastEntryAt)) return null
  if (reset.idleMs !== undefined && now - lastEntryAt >= reset.idleMs) return 'idle'
  if (reset.daily !== undefined && lastEntryAt < lastDaily(reset.daily, reset.timezone, now)) return 'daily'
  return null
}

const DAY_MS = 24 * 3_600_000

/** The latest moment at or before `now` at which the zone's clocks reached `HH:MM`. */
function lastDaily(time: string, timezone: string, now: number): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  const today = wallClock(now, timezone)
  for (const back of [0, 1, 2]) {
    const date = Date.UTC(today.year, today.month - 1, today.day) - back * DAY_MS
    const at = instantOf(date + (hours * 60 + minutes) * 60_000, timezone)
    if (at <= now) return at
  }
  return Number.NEGATIVE_INFINITY
}

/**
 * The instant at which the zone's clocks show `wall` (written as if it were UTC). A time that the clocks jump over becomes the
 * moment of the jump's end or just after it; of a time that comes twice, one is taken, always the same.
 */
function instantOf(wall: number, timezone: string): number {
  const guess = wall - offsetAt(wall, timezone)
  return wall - offsetAt(guess, timezone)
}

function offsetAt(at: number, timezone: string): number {
  const { year, month, day, hour, minute, second } = wallClock(at, timezone)
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000
}

type WallClock = Record<'year' | 'month' | 'day' | 'hour' | 'minute' | 'second', number>

const formats = new Map<string, Intl.DateTimeFormat>()

function wallClock(at: number, timezone: string): WallClock {
  let format = formats.get(timezone)
  if (format === undefined) {
    const numeric = {
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    } as const
    format = new Intl.DateTimeFormat('en-US', { timeZone: timezone, hourCycle: 'h23', ...numeric })
    formats.set(timezone, format)
  }
  return Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)])) as WallClock
}
