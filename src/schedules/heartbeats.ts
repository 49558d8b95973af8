// The plan's heartbeats in, due slots fired out. One timer for the earliest; each slot once, whatever happens; no heartbeat
// overlaps itself; times that passed unseen (the engine was down, the machine slept) are made up for as `catchUp` says.

import { messageOf } from '../errors.ts'
import type { HeartbeatPlan } from '../plan/plan.ts'
import { withoutQuiet } from '../plan/quiet-hours.ts'
import type { Clock, Logger } from '../ports.ts'
import { parseSchedule, remembering, type Schedule } from './cron.ts'
import { createHeap } from './heap.ts'
import type { FireHeartbeat, SlotLedger, SlotNotRun } from './port.ts'

export interface Heartbeats {
  /** Takes the heartbeats of a plan. Unchanged ones are not touched; the first call also catches up. Must not throw. */
  apply(heartbeats: readonly HeartbeatPlan[]): void
  /** When it is due next; null: unknown, off or never. */
  next(name: string): number | null
  /** Resolves when what the first `apply` had to catch up on is known and begun. */
  ready(): Promise<void>
  /** Nothing new fires; what runs goes on. */
  stop(): void
}

export interface HeartbeatsOptions {
  readonly clock: Clock
  readonly log: Logger
  readonly ledger: SlotLedger
  readonly fire: FireHeartbeat
  readonly emit?: (event: SlotNotRun) => void
}

/** A slot this late still counts as on time. */
const GRACE_MS = 30_000
/** The clock is looked at this often at least: timers don't notice when it is set, or when the machine slept. */
const LOOK_MS = 30_000
/** So many slots are begun before others get a turn on the event loop. */
const BATCH = 200
/** So many slots in a row that did not run are recorded one by one. */
const MOST_LISTED = 100
const MISSED = 'It was due while nothing ran.'
const OVERLAPPED = 'The run before had not ended.'

interface Entry {
  plan: HeartbeatPlan
  schedule: Schedule
  /** The next slot; null: never. */
  nextAt: number | null
  /** Its place in the heap; any other that is found there was given up. */
  due: Due | null
  removed: boolean
  /** Slots up to here are made up for one after another, as `catchUp: all` wants. */
  backlogUntil: number
  /** At the start nothing fires before the ledger was read: slots are recorded in order, so that the last tells what was missed. */
  held: boolean
}

interface Due {
  readonly entry: Entry
  readonly at: number
}

export function createHeartbeats(options: HeartbeatsOptions): Heartbeats {
  const { clock, log, ledger } = options
  const entries = new Map<string, Entry>()
  // By name, not by entry: a heartbeat taken away and brought back must not overlap its own last run either.
  const running = new Map<string, Promise<void>>()
  const heap = createHeap<Due>((a, b) => a.at < b.at)
  // Thousands of heartbeats share few schedules, and the next time of one costs about as much as a small turn's overhead.
  const schedules = new Map<string, Schedule | null>()
  let cancelTimer: (() => void) | undefined
  let timerAt = Number.POSITIVE_INFINITY
  let started = false
  let stopped = false
  let caughtUp: Promise<void> = Promise.resolve()

  function scheduleOf(plan: HeartbeatPlan): Schedule | null {
    const key = `${plan.timezone} ${plan.quiet ?? ''} ${plan.schedule}`
    const known = schedules.get(key)
    if (known !== undefined) return known
    const parsed = parseSchedule(plan.schedule, plan.timezone)
    if ('problem' in parsed)
      log.error({ heartbeat: plan.name, problem: parsed.problem.message }, 'A heartbeat has no usable schedule')
    const schedule = 'problem' in parsed ? null : remembering(withoutQuiet(parsed.schedule, plan.quiet, plan.timezone))
    schedules.set(key, schedule)
    return schedule
  }

  function wait(entry: Entry, at: number | null): void {
    entry.nextAt = at
    if (at === null || entry.removed) return
    entry.due = { entry, at }
    heap.push(entry.due)
    arm()
  }

  function arm(): void {
    if (stopped) return
    // What was replaced or removed stays in the heap until it comes up.
    for (let top = heap.peek(); top !== undefined && isStale(top); top = heap.peek()) heap.pop()
    const top = heap.peek()
    const at = top === undefined ? Number.POSITIVE_INFINITY : Math.min(top.at, clock.now() + LOOK_MS)
    if (cancelTimer !== undefined && at >= timerAt && top !== undefined) return
    cancelTimer?.()
    cancelTimer = undefined
    timerAt = at
    if (top === undefined) return
    cancelTimer = clock.after(Math.max(0, at - clock.now()), () => {
      cancelTimer = undefined
      timerAt = Number.POSITIVE_INFINITY
      runDue()
    })
  }

  const isStale = (due: Due): boolean => due.entry.removed || due.entry.due !== due

  function runDue(): void {
    const now = clock.now()
    for (let count = 0; count < BATCH; ) {
      const top = heap.peek()
      if (top === undefined || (top.at > now && !isStale(top))) break
      heap.pop()
      if (isStale(top) || top.entry.held) continue
      count++
      takeDue(top.entry, top.at, now)
    }
    arm()
  }

  /** One entry is due. Decides what becomes of the slots up to now, and when it is due again. Must not throw. */
  function takeDue(entry: Entry, slot: number, now: number): void {
    const { catchUp, name } = entry.plan
    const following = entry.schedule.next(slot)
    const isBacklog = slot <= entry.backlogUntil
    const isLate = now - slot > GRACE_MS
    entry.due = null
    if (catchUp === 'all' && (isBacklog || isLate || (following !== null && following <= now && !running.has(name)))) {
      if (!isBacklog) entry.backlogUntil = now
      entry.nextAt = following
      // The next one waits for this one: none of them is lost to an overlap.
      const { schedule } = entry
      void begin(entry, slot, 'wait').then(() => {
        if (entry.schedule === schedule && entry.nextAt === following) wait(entry, following)
      })
      return
    }
    const latest = following !== null && following <= now ? (entry.schedule.latest(now) ?? slot) : slot
    passOver(entry, slot, latest)
    wait(entry, entry.schedule.next(latest))
    if (catchUp === 'none' && now - latest > GRACE_MS) notRun(name, latest, 'missed', MISSED)
    else void begin(entry, latest, 'skip')
  }

  /** Records each slot from the first up to the latest, of very many only the first ones. */
  function passOver({ plan: { name }, schedule }: Entry, first: number, latest: number): void {
    const [outcome, why] = running.has(name) ? (['skipped', OVERLAPPED] as const) : (['missed', MISSED] as const)
    let left = MOST_LISTED
    for (let slot: number | null = first; slot !== null && slot < latest && left-- > 0; slot = schedule.next(slot)) {
      notRun(name, slot, outcome, left === 0 ? `${why} Later ones up to ${new Date(latest).toISOString()} are not listed.` : why)
    }
  }

  /** Claims a slot and runs it. Must not throw. */
  async function begin(entry: Entry, slot: number, whenRunning: 'skip' | 'wait', claimed = false): Promise<void> {
    const { plan } = entry
    if (running.has(plan.name) && whenRunning === 'skip') return notRun(plan.name, slot, 'skipped', OVERLAPPED)
    while (running.has(plan.name)) await running.get(plan.name)
    if (stopped || entry.removed) return
    const run = runSlot(plan, slot, claimed)
    running.set(plan.name, run)
    await run
    running.delete(plan.name)
  }

  /** Must not throw. */
  async function runSlot(plan: HeartbeatPlan, slot: number, claimed: boolean): Promise<void> {
    try {
      if (!claimed && !(await ledger.claimSlot(plan.name, slot, clock.now()))) return
      const outcome = await options.fire(plan, new Date(slot).toISOString()).catch((error: unknown) => {
        log.error({ heartbeat: plan.name, error: messageOf(error) }, 'A heartbeat failed')
        return 'failed' as const
      })
      await ledger.endSlot(plan.name, slot, outcome, clock.now())
    } catch (error) {
      // A slot that can't be written down is not run: better missed than run twice.
      log.error({ heartbeat: plan.name, slot, error: messageOf(error) }, 'The heartbeat ledger could not be written')
    }
  }

  function notRun(name: string, slot: number, outcome: 'skipped' | 'missed', detail: string): void {
    const at = clock.now()
    ledger
      .claimSlot(name, slot, at)
      .then(async (mine) => {
        if (!mine) return
        await ledger.endSlot(name, slot, outcome, at, detail)
        options.emit?.({ type: 'heartbeat', name, outcome, at, detail })
      })
      .catch((error: unknown) =>
        log.error({ heartbeat: name, slot, error: messageOf(error) }, 'The heartbeat ledger could not be written'),
      )
  }

  /** At the start: slots an earlier process began and did not end go on, then what it missed comes due. */
  async function catchUpAll(names: readonly string[]): Promise<void> {
    const unread = new Set(names)
    try {
      const unfinished = new Map<string, number[]>()
      for (const { name, slot } of await ledger.unfinished()) unfinished.set(name, [...(unfinished.get(name) ?? []), slot])
      await inChunks(names, async (name) => {
        const entry = entries.get(name)
        if (entry === undefined || stopped) return
        const begun = unfinished.get(name) ?? []
        // Begun at once, so that a slot due in the meantime finds it running.
        if (begun.length > 0) void resume(entry, begun)
        const last = await ledger.lastSlot(name)
        unread.delete(name)
        if (last === null) await noteFirst(entry)
        goOn(entry, last?.slot ?? null)
      })
    } finally {
      for (const name of unread) {
        const entry = entries.get(name)
        if (entry !== undefined) goOn(entry, null)
      }
    }
  }

  /** Slots after the last known one that have passed are due now. */
  function goOn(entry: Entry, last: number | null): void {
    const first = last === null ? null : entry.schedule.next(last)
    // A run that is taken up again is no overlap for what was due while the engine was down.
    entry.backlogUntil = clock.now()
    entry.held = false
    wait(entry, first !== null && entry.nextAt !== null && first < entry.nextAt ? first : entry.nextAt)
  }

  async function resume(entry: Entry, slots: readonly number[]): Promise<void> {
    for (const slot of slots) await begin(entry, slot, 'wait', true)
  }

  /** A heartbeat never seen before has missed nothing. Noted, so that a start after a longer stop knows from when on it has. */
  async function noteFirst({ plan: { name, catchUp }, schedule }: Entry): Promise<void> {
    const now = clock.now()
    const before = catchUp === 'none' ? null : schedule.latest(now)
    if (before === null || before >= now) return
    if (await ledger.claimSlot(name, before, now)) {
      await ledger.endSlot(name, before, 'skipped', now, 'It was due before the heartbeat was set up.')
    }
  }

  function add(plan: HeartbeatPlan, schedule: Schedule): void {
    const entry: Entry = { plan, schedule, nextAt: null, due: null, removed: false, backlogUntil: 0, held: !started }
    entries.set(plan.name, entry)
    wait(entry, schedule.next(clock.now()))
  }

  return {
    apply(heartbeats) {
      // A busy process may be late with its timers: what is due by now belongs to the plan that ruled when it fell due.
      runDue()
      const wanted = new Map(heartbeats.filter((heartbeat) => heartbeat.enabled).map((heartbeat) => [heartbeat.name, heartbeat]))
      for (const [name, entry] of [...entries]) {
        if (wanted.has(name)) continue
        entry.removed = true
        entries.delete(name)
      }
      const added: string[] = []
      for (const plan of wanted.values()) {
        const known = entries.get(plan.name)
        if (known?.plan.fingerprint === plan.fingerprint) continue
        const schedule = scheduleOf(plan)
        if (schedule === null) {
          if (known !== undefined) known.removed = true
          entries.delete(plan.name)
          continue
        }
        if (known === undefined) {
          add(plan, schedule)
          added.push(plan.name)
          continue
        }
        // The same heartbeat with another text or time: a run that goes on still counts against an overlap.
        known.plan = plan
        if (known.schedule === schedule) continue
        known.schedule = schedule
        known.backlogUntil = 0
        wait(known, schedule.next(clock.now()))
      }
      const job = started ? noteNew(added) : catchUpAll(added)
      started = true
      caughtUp = Promise.all([
        caughtUp,
        job.catch((error: unknown) => log.error({ error: messageOf(error) }, 'The heartbeat ledger could not be read')),
      ]).then(() => {})
      arm()
    },
    next: (name) => entries.get(name)?.nextAt ?? null,
    ready: () => caughtUp,
    stop() {
      stopped = true
      cancelTimer?.()
      cancelTimer = undefined
    },
  }

  /** Heartbeats that a reload brought: known to the ledger from here on, and with nothing to make up for. */
  async function noteNew(names: readonly string[]): Promise<void> {
    await inChunks(names, async (name) => {
      const entry = entries.get(name)
      if (entry !== undefined && (await ledger.lastSlot(name)) === null) await noteFirst(entry)
    })
  }
}

async function inChunks(names: readonly string[], each: (name: string) => Promise<void>): Promise<void> {
  for (let i = 0; i < names.length; i += BATCH) await Promise.all(names.slice(i, i + BATCH).map(each))
}
