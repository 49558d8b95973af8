import t from 'tap'
import { isTimezone, parseSchedule, type Schedule } from '../../src/schedules/cron.ts'

function schedule(expression: string, timezone = 'UTC'): Schedule {
  const parsed = parseSchedule(expression, timezone)
  if ('problem' in parsed) throw new Error(parsed.problem.message)
  return parsed.schedule
}
const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())
const next = (expression: string, timezone: string, after: string) => iso(schedule(expression, timezone).next(Date.parse(after)))

t.test('five and six fields', async (t) => {
  t.equal(next('30 7 * * *', 'UTC', '2026-01-01T07:30:00Z'), '2026-01-02T07:30:00.000Z', 'after means after')
  t.equal(next('*/10 * * * * *', 'UTC', '2026-01-01T00:00:01Z'), '2026-01-01T00:00:10.000Z')
  t.equal(next('0 9 * * MON-FRI', 'UTC', '2026-01-02T10:00:00Z'), '2026-01-05T09:00:00.000Z')
  t.equal(schedule('0 0 30 2 *').next(0), null, 'never')
})

t.test('time zones', async (t) => {
  t.equal(next('30 7 * * *', 'Europe/Paris', '2026-01-01T00:00:00Z'), '2026-01-01T06:30:00.000Z')
  t.equal(next('30 7 * * *', 'Europe/Paris', '2026-07-01T00:00:00Z'), '2026-07-01T05:30:00.000Z')
  t.equal(next('0 0 * * *', 'Asia/Kolkata', '2026-01-01T00:00:00Z'), '2026-01-01T18:30:00.000Z')
})

t.test('the clocks change', async (t) => {
  t.equal(
    next('30 2 * * *', 'Europe/Paris', '2026-03-28T12:00:00Z'),
    '2026-03-29T01:00:00.000Z',
    'a time that is left out comes after the gap',
  )
  t.equal(next('30 2 * * *', 'Europe/Paris', '2026-10-24T12:00:00Z'), '2026-10-25T00:30:00.000Z')
  t.equal(
    next('30 2 * * *', 'Europe/Paris', '2026-10-25T00:30:00Z'),
    '2026-10-26T01:30:00.000Z',
    'a time that comes twice counts once',
  )
  t.equal(next('*/30 * * * *', 'Europe/Paris', '2026-10-25T00:30:00Z'), '2026-10-25T01:00:00.000Z', 'intervals go on')
})

t.test('latest', async (t) => {
  const daily = schedule('30 7 * * *')
  t.equal(iso(daily.latest(Date.parse('2026-01-02T07:30:00Z'))), '2026-01-02T07:30:00.000Z', 'at counts')
  t.equal(iso(daily.latest(Date.parse('2026-01-02T07:29:59.999Z'))), '2026-01-01T07:30:00.000Z')
  t.equal(schedule('0 0 30 2 *').latest(Date.UTC(2026, 0, 1)), null)
})

t.test('problems', async (t) => {
  for (const [expression, timezone, what] of [
    ['* * *', 'UTC', 'schedule'],
    ['61 * * * *', 'UTC', 'schedule'],
    ['0 0 * * * * 2030', 'UTC', 'schedule'],
    ['2030-01-01T00:00:00', 'UTC', 'schedule'],
    ['every day', 'UTC', 'schedule'],
    ['* * * * *', 'Mars/Olympus', 'timezone'],
  ] as const) {
    t.match(parseSchedule(expression, timezone), { problem: { what, message: /./ } }, expression)
  }
  t.ok(isTimezone('Europe/Paris'))
  t.notOk(isTimezone('Europe/Atlantis'))
})
