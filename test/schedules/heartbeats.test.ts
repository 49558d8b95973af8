import t from 'tap'
import { createFakeClock } from '../support/fake-clock.ts'
import { createMemorySlots } from '../support/memory-slots.ts'
import { HOUR, heartbeat, MINUTE, START, setUp } from './clockwork.ts'

t.test('fires when it is due, once a slot', async (t) => {
  const { heartbeats, clock, fired, states } = setUp()
  heartbeats.apply([heartbeat()])
  t.equal(heartbeats.next('a'), START + HOUR)
  t.equal(heartbeats.next('nobody'), null)
  await clock.advance(HOUR - 1)
  t.strictSame(fired, [])
  await clock.advance(1)
  t.strictSame(fired, ['a 01-01T01:00'])
  await clock.advance(2 * HOUR)
  t.strictSame(fired, ['a 01-01T01:00', 'a 01-01T02:00', 'a 01-01T03:00'])
  t.strictSame(states(), ['01-01T01:00 ran', '01-01T02:00 ran', '01-01T03:00 ran'])
})

t.test('two processes on one ledger run a slot once', async (t) => {
  const one = setUp()
  const two = setUp({ clock: one.clock, ledger: one.ledger })
  one.heartbeats.apply([heartbeat()])
  two.heartbeats.apply([heartbeat()])
  await one.clock.advance(3 * HOUR)
  t.equal(one.fired.length + two.fired.length, 3)
})

t.test('no overlap with itself', async (t) => {
  const clock = createFakeClock(START)
  const { heartbeats, fired, events, states } = setUp({
    clock,
    fire: () => new Promise((resolve) => clock.after(90 * MINUTE, () => resolve('silent'))),
  })
  heartbeats.apply([heartbeat()])
  await clock.advance(4 * HOUR)
  t.strictSame(fired, ['a 01-01T01:00', 'a 01-01T03:00'])
  t.strictSame(states(), ['01-01T01:00 silent', '01-01T02:00 skipped', '01-01T03:00 claimed', '01-01T04:00 skipped'])
  t.match(events, [{ type: 'heartbeat', name: 'a', outcome: 'skipped' }, { outcome: 'skipped' }])
})

t.test('a failed run is recorded, and the next one comes', async (t) => {
  const { heartbeats, clock, states } = setUp({ fire: () => Promise.reject(new Error('boom')) })
  heartbeats.apply([heartbeat()])
  await clock.advance(2 * HOUR)
  t.strictSame(states(), ['01-01T01:00 failed', '01-01T02:00 failed'])
})

t.test('a ledger that fails runs nothing, and does not stop the clockwork', async (t) => {
  const ledger = createMemorySlots()
  let broken = true
  const { heartbeats, clock, fired } = setUp({
    ledger: {
      ...ledger,
      claimSlot: (...slot) => (broken ? Promise.reject(new Error('disk full')) : ledger.claimSlot(...slot)),
      lastSlot: () => Promise.reject(new Error('disk full')),
    },
  })
  heartbeats.apply([heartbeat()])
  await clock.advance(HOUR)
  t.strictSame(fired, [])
  broken = false
  await clock.advance(HOUR)
  t.strictSame(fired, ['a 01-01T02:00'])
})

t.test('the clocks change in spring and in autumn', async (t) => {
  const DAY = 24 * HOUR
  const hours = (from: string, count: number): readonly string[] =>
    Array.from({ length: count }, (_, i) => `a ${new Date(Date.parse(from) + i * HOUR).toISOString().slice(5, 16)}`)
  for (const [name, schedule, from, days, expected] of [
    [
      'a time that is left out comes right after the gap',
      '30 2 * * *',
      '2026-03-27T12:00:00Z',
      4,
      ['a 03-28T01:30', 'a 03-29T01:00', 'a 03-30T00:30', 'a 03-31T00:30'],
    ],
    [
      'a time that comes twice counts once',
      '30 2 * * *',
      '2026-10-23T12:00:00Z',
      4,
      ['a 10-24T00:30', 'a 10-25T00:30', 'a 10-26T01:30', 'a 10-27T01:30'],
    ],
    // From midnight to midnight by the clocks of the zone: 23 hours, and 25.
    ['every hour of a short day', '0 * * * *', '2026-03-28T22:59:59Z', 23 / 24, hours('2026-03-28T23:00:00Z', 23)],
    ['every hour of a long day', '0 * * * *', '2026-10-24T21:59:59Z', 25 / 24, hours('2026-10-24T22:00:00Z', 25)],
  ] as const) {
    const { heartbeats, clock, fired } = setUp({ clock: createFakeClock(Date.parse(from)) })
    heartbeats.apply([heartbeat({ schedule, timezone: 'Europe/Paris' })])
    await clock.advance(days * DAY)
    t.strictSame(fired, expected, name)
  }
  for (const [catchUp, expected] of [
    ['none', ['03-28T01:30 ran', '03-29T01:00 missed', '03-30T00:30 missed']],
    ['last', ['03-28T01:30 ran', '03-29T01:00 missed', '03-30T00:30 ran']],
    ['all', ['03-28T01:30 ran', '03-29T01:00 ran', '03-30T00:30 ran']],
  ] as const) {
    const plan = heartbeat({ schedule: '30 2 * * *', timezone: 'Europe/Paris', catchUp })
    const before = setUp({ clock: createFakeClock(Date.parse('2026-03-27T12:00:00Z')) })
    before.heartbeats.apply([plan])
    await before.clock.advance(DAY)
    before.heartbeats.stop()
    before.clock.jump(2 * DAY)
    const after = setUp({ clock: before.clock, ledger: before.ledger })
    after.heartbeats.apply([plan])
    await after.heartbeats.ready()
    await after.clock.advance(MINUTE)
    t.strictSame(
      after.states().filter((state) => !state.startsWith('03-27')),
      expected,
      `down over the change, catchUp ${catchUp}`,
    )
  }
})

t.test('a few seconds late is on time', async (t) => {
  const { heartbeats, clock, fired } = setUp()
  heartbeats.apply([heartbeat()])
  clock.jump(HOUR + 20_000)
  await clock.advance(1)
  t.strictSame(fired, ['a 01-01T01:00'])
})

t.test('a reload', async (t) => {
  const clock = createFakeClock(START)
  const { heartbeats, fired } = setUp({
    clock,
    fire: () => new Promise((resolve) => clock.after(10 * MINUTE, () => resolve('ran'))),
  })
  heartbeats.apply([heartbeat(), heartbeat({ name: 'b', schedule: '*/30 * * * *' }), heartbeat({ name: 'off', enabled: false })])
  t.equal(heartbeats.next('off'), null)
  await clock.advance(10 * MINUTE)
  heartbeats.apply([
    heartbeat(),
    heartbeat({ name: 'b', schedule: '45 * * * *' }),
    heartbeat({ name: 'c', schedule: '20 * * * *' }),
  ])
  t.equal(heartbeats.next('a'), START + HOUR)
  t.equal(heartbeats.next('b'), START + 45 * MINUTE)
  await clock.advance(HOUR)
  t.strictSame(fired, ['c 01-01T00:20', 'b 01-01T00:45', 'a 01-01T01:00'])
  heartbeats.apply([])
  t.equal(heartbeats.next('a'), null)
  await clock.advance(5 * HOUR)
  t.equal(fired.length, 3)
  t.equal(clock.pending(), 0, 'no timer is left')
})

t.test('what fell due just before a reload runs all the same, once', async (t) => {
  const { heartbeats, clock, fired } = setUp()
  heartbeats.apply([heartbeat(), heartbeat({ name: 'b' }), heartbeat({ name: 'c' })])
  await heartbeats.ready()
  clock.jump(HOUR)
  heartbeats.apply([heartbeat({ schedule: '30 * * * *' }), heartbeat({ name: 'b', prompt: 'other' })])
  await clock.advance(1)
  t.strictSame([...fired].sort(), ['a 01-01T01:00', 'b 01-01T01:00', 'c 01-01T01:00'])
  await clock.advance(HOUR - 1)
  t.strictSame(fired.slice(3), ['a 01-01T01:30', 'b 01-01T02:00'])
})

t.test('brought back while its last run goes on, it still does not overlap', async (t) => {
  const clock = createFakeClock(START)
  const { heartbeats, fired, states } = setUp({
    clock,
    fire: () => new Promise((resolve) => clock.after(90 * MINUTE, () => resolve('ran'))),
  })
  heartbeats.apply([heartbeat()])
  await clock.advance(HOUR)
  heartbeats.apply([])
  heartbeats.apply([heartbeat({ prompt: 'other' })])
  await clock.advance(HOUR)
  t.equal(fired.length, 1)
  t.ok(states().includes('01-01T02:00 skipped'))
})

t.test('a new schedule does not make up for times that were never its own', async (t) => {
  const { heartbeats, clock, fired } = setUp()
  heartbeats.apply([heartbeat({ catchUp: 'last', schedule: '0 3 * * *' })])
  await clock.advance(9 * HOUR)
  heartbeats.apply([heartbeat({ catchUp: 'last', schedule: '0 8 * * *' })])
  await heartbeats.ready()
  await clock.advance(HOUR)
  t.strictSame(fired, ['a 01-01T03:00'])
})

t.test('a schedule that cannot be used stops nobody else', async (t) => {
  const { heartbeats, clock, fired } = setUp()
  heartbeats.apply([heartbeat({ name: 'bad', schedule: 'x' }), heartbeat({ name: 'never', schedule: '0 0 30 2 *' }), heartbeat()])
  await clock.advance(HOUR)
  t.strictSame(fired, ['a 01-01T01:00'])
  t.equal(heartbeats.next('never'), null)
})

t.test('ten thousand in one second', async (t) => {
  const { heartbeats, clock, fired } = setUp()
  heartbeats.apply(Array.from({ length: 10_000 }, (_, i) => heartbeat({ name: `h${i}` })))
  await heartbeats.ready()
  await clock.advance(HOUR + 1000)
  t.equal(fired.length, 10_000)
  t.equal(new Set(fired).size, 10_000)
  t.ok(clock.pending() <= 1, 'one timer for all')
})
