import t from 'tap'
import type { HeartbeatPlan } from '../../src/plan/plan.ts'
import { silentLogger } from '../../src/ports.ts'
import { createHeartbeats } from '../../src/schedules/heartbeats.ts'
import type { FireHeartbeat, SlotNotRun } from '../../src/schedules/port.ts'
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts'
import { createMemorySlots, type MemorySlots } from '../support/memory-slots.ts'

const START = Date.parse('2026-01-01T00:00:00Z')
const MINUTE = 60_000
const HOUR = 60 * MINUTE

const heartbeat = (more: Partial<HeartbeatPlan> = {}): HeartbeatPlan => {
  const plan: Omit<HeartbeatPlan, 'fingerprint'> = {
    name: 'a',
    schedule: '0 * * * *',
    timezone: 'UTC',
    agentId: 'main',
    prompt: 'go',
    catchUp: 'none',
    silentToken: 'HEARTBEAT_OK',
    enabled: true,
    place: { file: 'openclaw.yaml', line: 1, column: 1 },
    ...more,
  }
  return { ...plan, fingerprint: JSON.stringify(plan) }
}

interface SetUp {
  readonly clock?: FakeClock
  readonly ledger?: MemorySlots
  readonly fire?: FireHeartbeat
}

/** Like a process: the clock and the ledger may outlive it. */
function setUp({ clock = createFakeClock(START), ledger = createMemorySlots(), fire }: SetUp = {}) {
  const fired: string[] = []
  const events: SlotNotRun[] = []
  const heartbeats = createHeartbeats({
    clock,
    log: silentLogger,
    ledger,
    fire: (plan, slot) => {
      fired.push(`${plan.name} ${slot.slice(5, 16)}`)
      return fire?.(plan, slot) ?? Promise.resolve('ran')
    },
    emit: (event) => events.push(event),
  })
  const states = (name?: string) =>
    ledger.rows(name).map((row) => `${new Date(row.slot).toISOString().slice(5, 16)} ${row.state}`)
  return { clock, ledger, fired, events, heartbeats, states }
}

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

t.test('catching up after a stop', async (t) => {
  for (const [catchUp, expected] of [
    ['none', ['a 01-01T06:00']],
    ['last', ['a 01-01T05:00', 'a 01-01T06:00']],
    ['all', ['a 01-01T02:00', 'a 01-01T03:00', 'a 01-01T04:00', 'a 01-01T05:00', 'a 01-01T06:00']],
  ] as const) {
    const before = setUp()
    before.heartbeats.apply([heartbeat({ catchUp })])
    await before.clock.advance(HOUR)
    before.heartbeats.stop()
    await before.clock.advance(4.5 * HOUR)
    const { heartbeats, clock, fired, states } = setUp({ clock: before.clock, ledger: before.ledger })
    heartbeats.apply([heartbeat({ catchUp })])
    await heartbeats.ready()
    await clock.advance(HOUR)
    t.strictSame(fired, expected, catchUp)
    if (catchUp !== 'all') t.ok(states().includes('01-01T02:00 missed'), 'what was missed is on record')
  }
})

t.test('all means all, one after another', async (t) => {
  const before = setUp()
  before.heartbeats.apply([heartbeat({ catchUp: 'all' })])
  await before.clock.advance(HOUR)
  before.heartbeats.stop()
  await before.clock.advance(5.5 * HOUR)
  const { clock, ledger } = before
  let running = 0
  let most = 0
  const after = setUp({
    clock,
    ledger,
    fire: async () => {
      most = Math.max(most, ++running)
      await new Promise<void>((resolve) => clock.after(20 * MINUTE, resolve))
      running--
      return 'ran'
    },
  })
  after.heartbeats.apply([heartbeat({ catchUp: 'all' })])
  await after.heartbeats.ready()
  await clock.advance(4 * HOUR)
  t.equal(most, 1)
  t.strictSame(after.fired.slice(0, 5), ['a 01-01T02:00', 'a 01-01T03:00', 'a 01-01T04:00', 'a 01-01T05:00', 'a 01-01T06:00'])
  t.equal(new Set(after.fired).size, after.fired.length)
})

t.test('a run that is taken up again costs none of the slots that were due while the engine was down', async (t) => {
  for (const [catchUp, expected] of [
    ['all', ['00:10 ran', '00:11 ran', '00:12 ran', '00:13 ran']],
    ['last', ['00:10 ran', '00:11 skipped', '00:12 skipped', '00:13 ran']],
    ['none', ['00:10 ran', '00:11 skipped', '00:12 skipped', '00:13 ran']],
  ] as const) {
    const clock = createFakeClock(START + 12_500)
    const ledger = createMemorySlots()
    await ledger.claimSlot('a', START + 10_000, START + 10_000)
    const { heartbeats } = setUp({
      clock,
      ledger,
      fire: () => new Promise((resolve) => clock.after(200, () => resolve('ran'))),
    })
    heartbeats.apply([heartbeat({ catchUp, schedule: '* * * * * *' })])
    await heartbeats.ready()
    await clock.advance(2400)
    heartbeats.stop()
    const states = ledger.rows().map((row) => `${new Date(row.slot).toISOString().slice(14, 19)} ${row.state}`)
    t.strictSame(states.slice(0, 4), expected, catchUp)
  }
})

t.test('a slot that comes due while the ledger is read hides none before it', async (t) => {
  const clock = createFakeClock(START + 11_900)
  const rows = createMemorySlots()
  await rows.claimSlot('a', START + 9000, START + 9000)
  await rows.endSlot('a', START + 9000, 'ran', START + 9000)
  let read: () => void = () => {}
  const held = new Promise<void>((resolve) => {
    read = resolve
  })
  const ledger: MemorySlots = {
    ...rows,
    unfinished: async () => {
      await held
      return await rows.unfinished()
    },
  }
  const { heartbeats } = setUp({ clock, ledger })
  heartbeats.apply([heartbeat({ catchUp: 'all', schedule: '* * * * * *' })])
  await clock.advance(200)
  read()
  await heartbeats.ready()
  await clock.advance(200)
  t.strictSame(
    rows.rows().map(({ slot, state }) => `${(slot - START) / 1000} ${state}`),
    ['9 ran', '10 ran', '11 ran', '12 ran'],
  )
})

t.test('a kill while it makes up for slots loses none of them', async (t) => {
  const clock = createFakeClock(START + 15_900)
  const ledger = createMemorySlots()
  await ledger.claimSlot('a', START + 9000, START + 9000)
  const pulse = heartbeat({ catchUp: 'all', schedule: '* * * * * *' })
  const slow = setUp({ clock, ledger, fire: () => new Promise(() => {}) })
  slow.heartbeats.apply([pulse])
  await clock.advance(1500)
  slow.heartbeats.stop()
  const after = setUp({ clock, ledger })
  after.heartbeats.apply([pulse])
  await clock.advance(2000)
  t.strictSame(
    ledger.rows().map(({ slot, state }) => `${(slot - START) / 1000} ${state}`),
    Array.from({ length: 11 }, (_, i) => `${i + 9} ran`),
  )
})

t.test('what it makes up for comes before what is due meanwhile', async (t) => {
  const clock = createFakeClock(START + 12_500)
  const ledger = createMemorySlots()
  await ledger.claimSlot('a', START + 10_000, START + 10_000)
  const { heartbeats, fired } = setUp({
    clock,
    ledger,
    fire: (_, slot) => {
      const ms = slot.endsWith(':10.000Z') ? 1200 : 50
      return new Promise((resolve) => clock.after(ms, () => resolve('ran')))
    },
  })
  const order: number[] = []
  const claim = ledger.claimSlot
  ledger.claimSlot = (name, slot, at) => {
    order.push((slot - START) / 1000)
    return claim(name, slot, at)
  }
  heartbeats.apply([heartbeat({ catchUp: 'all', schedule: '* * * * * *' })])
  await clock.advance(3000)
  t.strictSame(order, [11, 12, 13, 14, 15])
  t.equal(fired.length, 6)
})

t.test('each slot that did not run is on record; of very many the first hundred', async (t) => {
  const { heartbeats, clock, ledger, states } = setUp()
  heartbeats.apply([heartbeat({ catchUp: 'last' })])
  await clock.advance(HOUR)
  clock.jump(4.5 * HOUR)
  await clock.advance(MINUTE)
  t.strictSame(states().slice(1), [
    '01-01T01:00 ran',
    '01-01T02:00 missed',
    '01-01T03:00 missed',
    '01-01T04:00 missed',
    '01-01T05:00 ran',
  ])
  clock.jump(500 * HOUR)
  await clock.advance(MINUTE)
  const missed = ledger.rows().filter((row) => row.state === 'missed')
  t.equal(missed.length, 103)
  t.match(missed.at(-1)?.detail, /are not listed/)
  t.equal(ledger.rows().at(-1)?.state, 'ran')
})

t.test('one that was never seen has missed nothing; a start after a longer stop knows what it missed', async (t) => {
  const first = setUp()
  first.heartbeats.apply([heartbeat({ catchUp: 'last', schedule: '30 7 * * *' })])
  await first.heartbeats.ready()
  await first.clock.advance(MINUTE)
  t.strictSame(first.fired, [])
  first.heartbeats.stop()
  await first.clock.advance(10 * HOUR)
  const second = setUp({ clock: first.clock, ledger: first.ledger })
  second.heartbeats.apply([heartbeat({ catchUp: 'last', schedule: '30 7 * * *' })])
  await second.heartbeats.ready()
  await second.clock.advance(MINUTE)
  t.strictSame(second.fired, ['a 01-01T07:30'])
})

t.test('a run that a crash cut off is taken up again under its slot', async (t) => {
  const { clock, ledger } = setUp()
  await clock.advance(30 * MINUTE)
  await ledger.claimSlot('a', START, START)
  const { heartbeats, fired, states } = setUp({ clock, ledger })
  heartbeats.apply([heartbeat()])
  await heartbeats.ready()
  await clock.advance(MINUTE)
  t.strictSame(fired, ['a 01-01T00:00'])
  t.ok(states().includes('01-01T00:00 ran'))
})

t.test('the machine slept', async (t) => {
  for (const [catchUp, expected] of [
    ['none', ['a 01-01T01:00']],
    ['last', ['a 01-01T01:00', 'a 01-01T05:00']],
    ['all', ['a 01-01T01:00', 'a 01-01T02:00', 'a 01-01T03:00', 'a 01-01T04:00', 'a 01-01T05:00']],
  ] as const) {
    const { heartbeats, clock, fired } = setUp()
    heartbeats.apply([heartbeat({ catchUp })])
    await clock.advance(HOUR)
    clock.jump(4.5 * HOUR)
    await clock.advance(MINUTE)
    t.strictSame(fired, expected, catchUp)
    await clock.advance(30 * MINUTE)
    t.equal(fired.at(-1), 'a 01-01T06:00', 'and it goes on')
  }
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

t.test('a clock that is set back repeats nothing', async (t) => {
  const { heartbeats, clock, fired } = setUp()
  heartbeats.apply([heartbeat()])
  await clock.advance(2 * HOUR)
  clock.jump(-90 * MINUTE)
  await clock.advance(2.5 * HOUR)
  t.strictSame(fired, ['a 01-01T01:00', 'a 01-01T02:00', 'a 01-01T03:00'])
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
