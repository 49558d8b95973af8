// Tokens in, turns started: never two of one session at once, lanes by rank with a bound each, the agents, people and sessions of a
// lane in turn. A turn that waits for something outside holds no place in its lane.

import { messageOf } from '../errors.ts'
import { type Clock, type Logger, silentLogger, systemClock } from '../ports.ts'
import type { StopSignal } from '../stop.ts'
import { type Lane, RANKED_LANES, type Token, type TurnQueue } from '../storage/ports.ts'
import { FairQueue } from './fair-queue.ts'

export interface LanesOptions {
  readonly clock?: Clock
  readonly log?: Logger
  /** The lane in which work still waits in a session, or null. Absent: a session runs until its turn finds nothing. */
  waitingLane?(session: string): Lane | null
  /** A turn threw; it is tried again after a while. */
  onFailure?(session: string): void
}

type RunTurn = (token: Token) => Promise<'done' | 'noop'>
type PerLane<T> = Record<Lane, T>

/** A session whose turn runs. */
interface Running {
  readonly token: Token
  /** What came for it meanwhile. */
  again: Token | null
  hasPlace: boolean
  /** Waits outside that go on side by side. */
  waits: number
  /** Since when it has heard nothing from the service it asked, by the clock that never jumps; null: it asked none. */
  silentSince: number | null
  /** Its place was given to others for its silence. */
  isSilent: boolean
}

/** A lane: who waits for it, and who has a place in it. */
interface LaneState {
  readonly queue: FairQueue
  /** How many tokens are in it. */
  waiting: number
  readonly placed: Set<Running>
  /** Turns that waited outside and want a place again. */
  readonly returning: Set<() => void>
  /** Turns that were silent for too long, and have not been heard of since. */
  silent: number
  cancelLook: (() => void) | null
}

const FIRST_RETRY_MS = 500
const LONGEST_RETRY_MS = 60_000
/** A turn that hears nothing for so long makes way, where others wait for its place. */
const SILENCE_MS = 750
/** So many turns for each place of a lane may be silent beside those that have one: each is a call to a service. */
const MOST_SILENT = 16
const DONE = Promise.resolve()

export class Lanes implements TurnQueue {
  readonly #options: LanesOptions
  readonly #clock: Clock
  readonly #log: Logger
  readonly #lanes: PerLane<LaneState> = { realtime: createLane(), scheduled: createLane(), background: createLane() }
  readonly #laneOf = new Map<string, Lane>()
  readonly #running = new Map<string, Running>()
  readonly #failures = new Map<string, number>()
  #caps: Readonly<PerLane<number>> = { realtime: 0, scheduled: 0, background: 0 }
  #runTurn: RunTurn | null = null
  #draining = false
  #onIdle: (() => void)[] = []

  constructor(options: LanesOptions = {}) {
    const { clock = systemClock, log = silentLogger } = options
    this.#options = options
    this.#clock = clock
    this.#log = log
  }

  enqueue(token: Token): Promise<void> {
    const busy = this.#running.get(token.session)
    if (busy === undefined) this.#add(token)
    else busy.again = better(busy.again, token)
    return DONE
  }

  async start(runTurn: RunTurn, caps: Readonly<PerLane<number>>): Promise<void> {
    this.#runTurn = runTurn
    this.#caps = caps
    this.#draining = false
    this.#pump()
  }

  async setCaps(caps: Readonly<PerLane<number>>): Promise<void> {
    this.#caps = caps
    this.#pump()
  }

  async depths(): Promise<Readonly<PerLane<number>>> {
    const { realtime, scheduled, background } = this.#lanes
    return { realtime: realtime.waiting, scheduled: scheduled.waiting, background: background.waiting }
  }

  drain(timeoutMs: number): Promise<boolean> {
    this.#draining = true
    if (this.#running.size === 0) return Promise.resolve(true)
    return new Promise((resolve) => {
      const cancel = this.#clock.after(timeoutMs, () => resolve(false))
      this.#onIdle.push(() => {
        cancel()
        resolve(true)
      })
    })
  }

  async waitOutside<T>(session: string, signal: StopSignal, wait: () => Promise<T>): Promise<T> {
    const turn = this.#running.get(session)
    if (turn === undefined) return await wait()
    turn.waits++
    if (turn.waits === 1) {
      this.#giveUp(turn)
      this.#pump()
    }
    try {
      return await wait()
    } finally {
      turn.waits--
      if (turn.waits === 0) await this.#return(turn, signal)
    }
  }

  listens(session: string): void {
    const turn = this.#running.get(session)
    if (turn === undefined) return
    this.#regain(turn)
    turn.silentSince = this.#clock.elapsed()
    this.#look(turn.token.lane)
  }

  heard(session: string): void {
    const turn = this.#running.get(session)
    if (turn === undefined) return
    this.#regain(turn)
    turn.silentSince = null
  }

  /** Tokens of one session are one; the better lane wins and keeps no place in the worse. */
  #add(token: Token): void {
    const queued = this.#laneOf.get(token.session)
    if (queued !== undefined && RANKED_LANES.indexOf(queued) <= RANKED_LANES.indexOf(token.lane)) return
    const lane = this.#lanes[token.lane]
    if (queued !== undefined) {
      this.#lanes[queued].queue.remove(token.session)
      this.#lanes[queued].waiting--
    } else if (this.#isFree(token.lane) && this.#runTurn !== null && !this.#draining) {
      void this.#run(this.#runTurn, token)
      return
    }
    lane.queue.add(token)
    lane.waiting++
    this.#laneOf.set(token.session, token.lane)
    this.#pump()
  }

  /** Nobody waits for a place, and there is one. */
  #isFree(name: Lane): boolean {
    const { waiting, returning, placed } = this.#lanes[name]
    return waiting === 0 && returning.size === 0 && placed.size < this.#caps[name]
  }

  #pump(): void {
    for (const name of RANKED_LANES) {
      const lane = this.#lanes[name]
      for (const goOn of lane.returning) {
        if (lane.placed.size >= this.#caps[name]) break
        goOn()
      }
      const runTurn = this.#draining ? null : this.#runTurn
      while (runTurn !== null && lane.placed.size < this.#caps[name]) {
        const token = lane.waiting === 0 ? undefined : lane.queue.take([...lane.placed].map((turn) => turn.token))
        if (token === undefined) break
        lane.waiting--
        this.#laneOf.delete(token.session)
        void this.#run(runTurn, token)
      }
      this.#look(name)
    }
  }

  /** Must not throw. */
  async #run(runTurn: RunTurn, token: Token): Promise<void> {
    const { session } = token
    const turn: Running = { token, again: null, hasPlace: false, waits: 0, silentSince: null, isSilent: false }
    this.#running.set(session, turn)
    this.#place(turn)
    let next: Token | null = null
    try {
      const outcome = await runTurn(token)
      this.#failures.delete(session)
      next = better(turn.again, outcome === 'done' ? this.#leftOver(token) : null)
    } catch (error) {
      this.#log.error({ session, error: messageOf(error) }, 'a turn could not be ended; it will be tried again')
      this.#options.onFailure?.(session)
      this.#retryLater(better(turn.again, token) as Token)
    }
    this.#running.delete(session)
    if (turn.isSilent) this.#lanes[token.lane].silent--
    this.#giveUp(turn)
    if (next !== null) this.#add(next)
    this.#pump()
    if (this.#running.size > 0) return
    for (const resolve of this.#onIdle) resolve()
    this.#onIdle = []
  }

  #place(turn: Running): void {
    if (turn.hasPlace) return
    turn.hasPlace = true
    const lane = this.#lanes[turn.token.lane]
    lane.placed.add(turn)
  }

  #giveUp(turn: Running): void {
    if (!turn.hasPlace) return
    turn.hasPlace = false
    const lane = this.#lanes[turn.token.lane]
    lane.placed.delete(turn)
  }

  /** A place again, once there is one, after a wait outside. */
  async #return(turn: Running, signal: StopSignal): Promise<void> {
    const name = turn.token.lane
    const lane = this.#lanes[name]
    if (turn.hasPlace || turn.isSilent) return
    if (!signal.aborted && lane.placed.size >= this.#caps[name]) {
      await new Promise<void>((resolve) => {
        const goOn = (): void => {
          lane.returning.delete(goOn)
          signal.removeEventListener('abort', goOn)
          // Taken now, so that nobody else gets it before this promise is seen.
          this.#place(turn)
          resolve()
        }
        lane.returning.add(goOn)
        signal.addEventListener('abort', goOn)
        this.#look(name)
      })
    } else this.#place(turn)
    // It waits for something else by now.
    if (turn.waits > 0) this.#giveUp(turn)
  }

  /** What was silent speaks: it cannot be held up, so it goes on beside those that have a place. */
  #regain(turn: Running): void {
    if (!turn.isSilent) return
    turn.isSilent = false
    this.#lanes[turn.token.lane].silent--
    this.#place(turn)
  }

  /** Where others wait for places of this lane, those of turns that hear nothing are theirs, as soon as the silence is long enough. */
  #look(name: Lane): void {
    const lane = this.#lanes[name]
    if (lane.cancelLook !== null || (lane.waiting === 0 && lane.returning.size === 0)) return
    let earliest = Number.POSITIVE_INFINITY
    for (const { silentSince } of lane.placed) if (silentSince !== null && silentSince < earliest) earliest = silentSince
    if (earliest === Number.POSITIVE_INFINITY) return
    // Where as many as may be are silent already, it is looked again later.
    const due = earliest + SILENCE_MS - this.#clock.elapsed()
    const left = due > 0 ? due : SILENCE_MS
    lane.cancelLook = this.#clock.after(left, () => {
      lane.cancelLook = null
      this.#takeFromSilent(name)
      this.#pump()
    })
  }

  #takeFromSilent(name: Lane): void {
    const lane = this.#lanes[name]
    const before = this.#clock.elapsed() - SILENCE_MS
    for (const turn of [...lane.placed]) {
      if (lane.silent >= MOST_SILENT * this.#caps[name]) return
      if (turn.silentSince === null || turn.silentSince > before) continue
      turn.isSilent = true
      lane.silent++
      this.#giveUp(turn)
    }
  }

  #leftOver(token: Token): Token | null {
    if (this.#options.waitingLane === undefined) return token
    const lane = this.#options.waitingLane(token.session)
    return lane === null ? null : { ...token, lane }
  }

  #retryLater(token: Token): void {
    const failed = (this.#failures.get(token.session) ?? 0) + 1
    this.#failures.set(token.session, failed)
    const wait = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failed - 1))
    this.#clock.after(wait, () => void this.enqueue(token))
  }
}

const createLane = (): LaneState => ({
  queue: new FairQueue(),
  waiting: 0,
  placed: new Set(),
  returning: new Set(),
  silent: 0,
  cancelLook: null,
})

function better(one: Token | null, other: Token | null): Token | null {
  if (one === null || other === null) return one ?? other
  return RANKED_LANES.indexOf(one.lane) <= RANKED_LANES.indexOf(other.lane) ? one : other
}
