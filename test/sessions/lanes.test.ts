// Lanes: exclusion, rank, bounds, fairness, and that no token is lost.

import fc from 'fast-check'
import t from 'tap'
import { Lanes } from '../../src/sessions/lanes.ts'
import { Stop } from '../../src/stop.ts'
import type { Lane, Token } from '../../src/storage/ports.ts'
import { createFakeClock } from '../support/fake-clock.ts'

const token = (session: string, lane: Lane = 'realtime'): Token => ({ session, agentId: 'main', lane })
const caps = (realtime: number, scheduled = realtime, background = realtime): Record<Lane, number> => ({
  realtime,
  scheduled,
  background,
})
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A session's work: a queue of rows, so that a turn takes one, as the store does. */
function createWork() {
  const rows = new Map<string, { lane: Lane; n: number }[]>()
  return {
    post(session: string, lane: Lane, n: number): void {
      rows.set(session, [...(rows.get(session) ?? []), { lane, n }])
    },
    take: (session: string) => rows.get(session)?.shift(),
    waitingLane(session: string): Lane | null {
      const lanes = (rows.get(session) ?? []).map((row) => row.lane)
      return (['realtime', 'scheduled', 'background'] as const).find((lane) => lanes.includes(lane)) ?? null
    },
  }
}

void t.test('never two turns of one session, order kept, nothing lost, bounds kept', async (t) => {
  const lane = fc.constantFrom<Lane>('realtime', 'scheduled', 'background')
  const post = fc.record({ session: fc.constantFrom('a', 'b', 'c', 'd', 'e'), lane, pause: fc.nat(2), turn: fc.nat(3) })
  await fc.assert(
    fc.asyncProperty(fc.array(post, { maxLength: 60 }), fc.nat(2), fc.boolean(), async (posts, extra, hooked) => {
      const work = createWork()
      const lanes = new Lanes(hooked ? { waitingLane: work.waitingLane } : {})
      const running = new Set<string>()
      const inLane: Record<Lane, number> = { realtime: 0, scheduled: 0, background: 0 }
      const bounds = caps(1 + extra, 1, 2)
      const done = new Map<string, number[]>()
      const problems: string[] = []
      void lanes.start(async ({ session, lane: own }) => {
        if (running.has(session)) problems.push('two turns of one session')
        running.add(session)
        if (++inLane[own] > bounds[own]) problems.push('over the bound')
        const row = work.take(session)
        for (let i = 0; i < (posts[row?.n ?? 0]?.turn ?? 0); i++) await tick()
        if (row !== undefined) done.set(session, [...(done.get(session) ?? []), row.n])
        inLane[own]--
        running.delete(session)
        return row === undefined ? 'noop' : 'done'
      }, bounds)
      for (const [n, { session, lane: own, pause }] of posts.entries()) {
        work.post(session, own, n)
        void lanes.enqueue(token(session, own))
        for (let i = 0; i < pause; i++) await tick()
      }
      for (let quiet = 0; quiet < 5; quiet++) {
        await tick()
        const { realtime, scheduled, background } = await lanes.depths()
        if (realtime + scheduled + background + running.size > 0) quiet = 0
      }
      t.strictSame(problems, [])
      for (const session of ['a', 'b', 'c', 'd', 'e']) {
        const expected = posts.flatMap((one, n) => (one.session === session ? [n] : []))
        t.strictSame(done.get(session) ?? [], expected)
      }
    }),
    { numRuns: 100 },
  )
})

void t.test('people first, then the clock, then the rest', async (t) => {
  const lanes = new Lanes()
  const order: string[] = []
  for (const [session, lane] of [
    ['x', 'background'],
    ['y', 'scheduled'],
    ['z', 'realtime'],
    ['w', 'background'],
  ] as const)
    void lanes.enqueue(token(session, lane))
  t.strictSame(await lanes.depths(), { realtime: 1, scheduled: 1, background: 2 })
  void lanes.enqueue(token('w', 'realtime'))
  t.strictSame(await lanes.depths(), { realtime: 2, scheduled: 1, background: 1 }, 'a session stands in its best lane only')
  void lanes.start(async ({ session }) => {
    order.push(session)
    return 'noop'
  }, caps(1))
  await lanes.drain(1000)
  t.strictSame(order.slice(0, 3), ['z', 'y', 'x'])
})

void t.test('the sessions of a lane take turns', async (t) => {
  const work = createWork()
  const lanes = new Lanes({ waitingLane: work.waitingLane })
  const order: string[] = []
  for (const session of ['busy', 'other', 'third']) {
    for (let n = 0; n < 3; n++) work.post(session, 'realtime', n)
    void lanes.enqueue(token(session))
  }
  void lanes.start(async ({ session }) => {
    work.take(session)
    order.push(session)
    await tick()
    return 'done'
  }, caps(1))
  while (order.length < 9) await tick()
  t.strictSame(order, ['busy', 'other', 'third', 'busy', 'other', 'third', 'busy', 'other', 'third'])
})

void t.test('many tokens of a waiting session are one; one that comes during its turn runs it again', async (t) => {
  const lanes = new Lanes({ waitingLane: () => null })
  let runs = 0
  let release = (): void => {}
  for (let i = 0; i < 5; i++) void lanes.enqueue(token('s'))
  void lanes.start(async () => {
    runs++
    if (runs === 1)
      await new Promise<void>((resolve) => {
        release = resolve
      })
    return 'done'
  }, caps(1))
  await tick()
  for (let i = 0; i < 5; i++) void lanes.enqueue(token('s'))
  release()
  for (let i = 0; i < 5; i++) await tick()
  t.equal(runs, 2)
})

void t.test('a turn that throws is tried again, later and later', async (t) => {
  const clock = createFakeClock()
  const failed: string[] = []
  const lanes = new Lanes({ clock, waitingLane: () => null, onFailure: (session) => void failed.push(session) })
  let runs = 0
  void lanes.start(async () => {
    if (++runs < 4) throw new Error('no disk')
    return 'done'
  }, caps(1))
  void lanes.enqueue(token('s'))
  await tick()
  await clock.advance(499)
  t.equal(runs, 1)
  await clock.advance(1)
  t.equal(runs, 2)
  await clock.advance(1000)
  t.equal(runs, 3)
  await clock.advance(2000)
  t.equal(runs, 4)
  await clock.advance(1_000_000)
  t.equal(runs, 4)
  t.strictSame(failed, ['s', 's', 's'])
})

void t.test('draining starts nothing new and waits for what runs', async (t) => {
  const clock = createFakeClock()
  const lanes = new Lanes({ clock })
  const ends: (() => void)[] = []
  void lanes.start(() => new Promise((resolve) => ends.push(() => resolve('noop'))), caps(1))
  void lanes.enqueue(token('a'))
  void lanes.enqueue(token('b'))
  const tooShort = lanes.drain(1000)
  await clock.advance(1000)
  t.equal(await tooShort, false)
  const enough = lanes.drain(1000)
  ends[0]?.()
  t.equal(await enough, true)
  t.equal(ends.length, 1)
  t.equal((await lanes.depths()).realtime, 1)
  t.equal(await lanes.drain(1000), true)
})

void t.test('a raised bound starts what waited', async (t) => {
  const lanes = new Lanes()
  let live = 0
  void lanes.start(() => new Promise(() => void live++), caps(1))
  for (const session of ['a', 'b', 'c']) void lanes.enqueue(token(session))
  t.equal(live, 1)
  void lanes.setCaps(caps(3))
  t.equal(live, 3)
})

void t.test(
  'whoever holds no place comes before all who hold one, and is passed over by each of the others once at most',
  async (t) => {
    const chat = fc.record({ agentId: fc.constantFrom('a', 'b', 'c'), person: fc.nat(4), chat: fc.nat(30) })
    const step = fc.oneof(
      { weight: 3, arbitrary: chat },
      { weight: 1, arbitrary: fc.record({ ends: fc.nat(20) }) },
      // One person of one agent writes in many chats at once.
      { weight: 1, arbitrary: fc.record({ flood: fc.nat(40), by: chat }) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), fc.integer({ min: 1, max: 5 }), async (steps, cap) => {
        const lanes = new Lanes({ waitingLane: () => null })
        const running: { token: Token; end: () => void }[] = []
        const personOf = ({ session }: Token): string => session.split(':').at(-1) ?? ''
        /** Of each that waits: who was begun since it came. */
        const waiting = new Map<string, { token: Token; passedBy: Token[]; hadNone: boolean }>()
        const unfair: string[] = []
        const holds = (test: (token: Token) => boolean): boolean => running.some((one) => test(one.token))
        void lanes.start((own) => {
          const mine = waiting.get(own.session)
          waiting.delete(own.session)
          if (mine?.hadNone) {
            const agents = mine.passedBy.filter(({ agentId }) => agentId !== own.agentId).map(({ agentId }) => agentId)
            const people = mine.passedBy.filter(({ agentId }) => agentId === own.agentId).map(personOf)
            if (new Set(people).size < people.length) unfair.push(`${own.session} of a person who had nothing: ${people}`)
            // Once its agent was served, others may be before it again.
            const isFirstOfAgent = people.length === 0
            if (isFirstOfAgent && new Set(agents).size < agents.length) unfair.push(`${own.agentId}: ${agents}`)
          }
          for (const one of waiting.values()) one.passedBy.push(own)
          return new Promise((resolve) => running.push({ token: own, end: () => resolve('done') }))
        }, caps(cap))
        const post = ({ agentId, person, chat: id }: { agentId: string; person: number; chat: number }): void => {
          const one = { session: `agent:${agentId}:telegram:${id}:${person}`, agentId, lane: 'realtime' } as const
          if (waiting.has(one.session) || holds(({ session }) => session === one.session)) return
          const others = [...waiting.values()].map((other) => other.token)
          const isFirst = !others.some((other) => other.agentId === agentId && personOf(other) === personOf(one))
          const agentHasNone = !holds((other) => other.agentId === agentId) && !others.some((other) => other.agentId === agentId)
          waiting.set(one.session, { token: one, passedBy: [], hadNone: isFirst && agentHasNone })
          void lanes.enqueue(one)
        }
        const end = async (at: number): Promise<void> => {
          running.splice(at % Math.max(1, running.length), 1)[0]?.end()
          await tick()
        }
        for (const one of steps) {
          if ('ends' in one) await end(one.ends)
          else if ('flood' in one) for (let id = 0; id < one.flood; id++) post({ ...one.by, chat: id })
          else post(one)
          if (running.length > cap) unfair.push('over the bound')
          if (running.length < cap && waiting.size > 0) unfair.push('a place is free and somebody waits')
        }
        while (running.length > 0) await end(0)
        t.equal(waiting.size, 0)
        t.strictSame(unfair, [])
      }),
      { numRuns: 200 },
    )
  },
)

void t.test('turns that wait outside hold no place, and go on before what is queued', async (t) => {
  const lanes = new Lanes({ waitingLane: () => null })
  const answers = new Map<string, () => void>()
  const ends: string[] = []
  const asked = (session: string): Promise<void> =>
    lanes.waitOutside(session, new Stop(), () => new Promise((resolve) => answers.set(session, () => resolve())))
  let finish = (): void => {}
  void lanes.start(async ({ session }) => {
    if (session.startsWith('ask')) await asked(session)
    else if (session === 'long') await new Promise<void>((resolve) => (finish = resolve))
    ends.push(session)
    return 'done'
  }, caps(2))
  for (let n = 0; n < 100; n++) void lanes.enqueue(token(`ask${n}`))
  await tick()
  t.equal(answers.size, 100, 'all of them ask at once')
  void lanes.enqueue(token('other'))
  await tick()
  t.strictSame(ends, ['other'], 'and another person is answered')
  for (const session of ['long', 'x1']) void lanes.enqueue(token(session))
  for (let n = 0; n < 100; n++) answers.get(`ask${n}`)?.()
  for (const session of ['y1', 'y2']) void lanes.enqueue(token(session))
  for (let n = 0; n < 20; n++) await tick()
  t.equal(ends.length, 1 + 1 + 100 + 2)
  t.ok(ends.indexOf('ask99') < ends.indexOf('y2'))
  finish()
  t.equal(await lanes.drain(1_000), true)
})

void t.test('who was stopped while it waits outside does not wait for a place', async (t) => {
  const lanes = new Lanes({ waitingLane: () => null })
  const stop = new Stop()
  const ends: string[] = []
  let answer = (): void => {}
  void lanes.start(async ({ session }) => {
    if (session === 'ask') await lanes.waitOutside(session, stop, () => new Promise<void>((resolve) => (answer = resolve)))
    else await new Promise(() => {})
    ends.push(session)
    return 'done'
  }, caps(1))
  void lanes.enqueue(token('ask'))
  void lanes.enqueue(token('long'))
  answer()
  await tick()
  t.strictSame(ends, [], 'its place is taken')
  stop.abort()
  await tick()
  t.strictSame(ends, ['ask'])
})

void t.test('turns that hear nothing make way once others wait, and speak on beside them', async (t) => {
  const clock = createFakeClock()
  const lanes = new Lanes({ clock, waitingLane: () => null })
  const begun: string[] = []
  void lanes.start(({ session }) => {
    begun.push(session)
    if (session.startsWith('stalled')) lanes.listens(session)
    return session === 'quick' ? Promise.resolve('done') : new Promise(() => {})
  }, caps(4))
  for (let n = 0; n < 40; n++) void lanes.enqueue(token(`stalled${n}`))
  t.equal(begun.length, 4)
  await clock.advance(10_000)
  t.equal(begun.length, 40, 'each gave its place to the next')
  t.equal(clock.pending(), 0, 'with nobody waiting nothing is looked at')
  for (let n = 0; n < 4; n++) void lanes.enqueue(token(`busy${n}`))
  await clock.advance(10_000)
  void lanes.enqueue(token('quick'))
  await clock.advance(60_000)
  t.notOk(begun.includes('quick'), 'turns that work keep their places')
  t.ok(begun.length >= 43)
  for (let n = 0; n < 40; n++) lanes.heard(`stalled${n}`)
  await clock.advance(60_000)
  t.notOk(begun.includes('quick'), 'and those that were heard of are as busy as any')
})

void t.test('silent turns have a bound: each is a call to a service', async (t) => {
  const clock = createFakeClock()
  const lanes = new Lanes({ clock, waitingLane: () => null })
  let begun = 0
  void lanes.start(({ session }) => {
    begun++
    lanes.listens(session)
    return new Promise(() => {})
  }, caps(1))
  for (let n = 0; n < 100; n++) void lanes.enqueue(token(`s${n}`))
  await clock.advance(100_000)
  t.equal(begun, 17)
})
