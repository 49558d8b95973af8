import t from 'tap'
import { createFakeClock } from '../support/fake-clock.ts'
import { createMemorySlots, type MemorySlots } from '../support/memory-slots.ts'
import { HOUR, heartbeat, MINUTE, START, setUp } from './clockwork.ts'

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

t.test('a clock that is set back repeats nothing', async (t) => {
  const { heartbeats, clock, fired } = setUp()
  heartbeats.apply([heartbeat()])
  await clock.advance(2 * HOUR)
  clock.jump(-90 * MINUTE)
  await clock.advance(2.5 * HOUR)
  t.strictSame(fired, ['a 01-01T01:00', 'a 01-01T02:00', 'a 01-01T03:00'])
})
