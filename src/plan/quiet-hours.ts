// A schedule and quiet hours in, the schedule without the times that fall into them out. Hours are local to the time zone.

/** Milliseconds since the epoch; null: never. */
interface Schedule {
  next(after: number): number | null
  latest(at: number): number | null
}

const MINUTE = 60_000
const DAY_MINUTES = 1440

interface Hours {
  /** Minutes after midnight; `to` itself is not quiet. */
  readonly from: number
  readonly to: number
}

/** `22:00-07:00`; null: not of this form, or of no length. */
export function parseQuiet(text: string): Hours | null {
  const [, fromHour, fromMinute, toHour, toMinute] = /^(\d\d):(\d\d)-(\d\d):(\d\d)$/.exec(text) ?? []
  if (toMinute === undefined) return null
  const [from, to] = [Number(fromHour) * 60 + Number(fromMinute), Number(toHour) * 60 + Number(toMinute)]
  return from === to || from >= DAY_MINUTES || to >= DAY_MINUTES ? null : { from, to }
}

/** Looks at so many quiet spans in a row, one a day: a schedule that is quiet longer never fires. */
const MOST_SPANS = 20_000

export function withoutQuiet(schedule: Schedule, quiet: string | undefined, timezone: string): Schedule {
  const hours = quiet === undefined ? null : parseQuiet(quiet)
  if (hours === null) return schedule
  const clock = new Intl.DateTimeFormat('en-GB', { timeZone: timezone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  const length = (hours.to - hours.from + DAY_MINUTES) % DAY_MINUTES

  /** Minutes since the quiet hours began; -1: it is not quiet. */
  const into = (at: number): number => {
    const [hour = 0, minute = 0] = clock.format(at).split(':').map(Number)
    const since = (hour * 60 + minute - hours.from + DAY_MINUTES) % DAY_MINUTES
    return since < length ? since : -1
  }
  /** An hour at most is left for small steps: the clocks may be set in between. */
  const leap = (minutes: number): number => (minutes > 60 ? minutes - 60 : minutes)

  return {
    next(after) {
      let at = schedule.next(after)
      for (let count = 0; at !== null && count < MOST_SPANS; count++) {
        const since = into(at)
        if (since < 0) return at
        const start = Math.floor(at / MINUTE) * MINUTE
        at = schedule.next(start + leap(length - since) * MINUTE - 1)
      }
      return null
    },
    latest(before) {
      let at = schedule.latest(before)
      for (let count = 0; at !== null && count < MOST_SPANS; count++) {
        const since = into(at)
        if (since < 0) return at
        const start = Math.floor(at / MINUTE) * MINUTE
        at = schedule.latest(start - leap(since + 1) * MINUTE + MINUTE - 1)
      }
      return null
    },
  }
}
