// When a session starts from scratch: times of day in a zone, over clock changes, and idle time.

import t from 'tap'
import { needsReset } from '../../src/sessions/reset.ts'

const at = (iso: string): number => Date.parse(iso)

void t.test('idle', async (t) => {
  const reset = { timezone: 'UTC', idleMs: 3_600_000 }
  t.equal(needsReset(at('2026-01-01T10:00:00Z'), at('2026-01-01T10:59:59Z'), reset), null)
  t.equal(needsReset(at('2026-01-01T10:00:00Z'), at('2026-01-01T11:00:00Z'), reset), 'idle')
  t.equal(needsReset(at('2026-01-01T10:00:00Z'), at('2026-01-05T11:00:00Z'), { timezone: 'UTC' }), null)
  t.equal(needsReset(Number.NaN, at('2026-01-05T11:00:00Z'), reset), null)
})

void t.test('daily, by the zone’s clocks', async (t) => {
  const reset = { timezone: 'Europe/Paris', daily: '04:00' }
  t.equal(needsReset(at('2026-01-01T02:59:00Z'), at('2026-01-01T03:00:00Z'), reset), 'daily', '04:00 in winter is 03:00 UTC')
  t.equal(needsReset(at('2026-01-01T03:00:00Z'), at('2026-01-02T02:59:00Z'), reset), null)
  t.equal(needsReset(at('2026-07-01T01:59:00Z'), at('2026-07-01T02:00:00Z'), reset), 'daily', 'in summer 02:00 UTC')
  t.equal(needsReset(at('2026-01-01T12:00:00Z'), at('2026-01-04T00:00:00Z'), reset), 'daily')
  t.equal(
    needsReset(at('2026-01-01T23:00:00Z'), at('2026-01-02T00:30:00Z'), { timezone: 'Asia/Kolkata', daily: '06:00' }),
    'daily',
    'half-hour zones',
  )
})

void t.test('once a day where the clocks jump', async (t) => {
  const day = (reset: { timezone: string; daily: string }, from: string, hours: number): number => {
    let last = at(from)
    let resets = 0
    for (let now = last; now <= at(from) + hours * 3_600_000; now += 60_000) {
      if (needsReset(last, now, reset) !== null) resets++
      last = now
    }
    return resets
  }
  const paris = { timezone: 'Europe/Paris', daily: '02:30' }
  t.equal(day(paris, '2026-03-28T12:00:00Z', 24), 1, 'a time that does not exist that day')
  t.equal(day(paris, '2026-10-24T12:00:00Z', 24), 1, 'a time that comes twice')
  t.equal(day({ timezone: 'Australia/Lord_Howe', daily: '02:15' }, '2026-10-03T00:00:00Z', 72), 3)
  t.equal(day({ timezone: 'UTC', daily: '00:00' }, '2026-12-30T12:00:00Z', 48), 2, 'over the year’s end')
})
