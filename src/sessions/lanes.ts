// Tokens in, turns started: never two of one session at once, lanes by rank with a bound each, the sessions of a lane in turn.

import { messageOf } from '../errors.ts'
import { type Clock, type Logger, silentLogger, systemClock } from '../ports.ts'
import { type Lane, RANKED_LANES, type Token, type TurnQueue } from '../storage/ports.ts'

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

/** A session that runs: what came for it meanwhile. */
interface Running {
  again: Token | null
}

const FIRST_RETRY_MS = 500
const LONGEST_RETRY_MS = 60_000
const DONE = Promise.resolve()

export class Lanes implements TurnQueue {
  readonly #options: LanesOptions
  readonly #clock: Clock
  readonly #log: Logger
  /** Insertion order is the order of service. */
  readonly #queues: PerLane<Map<string, Token>> = { realtime: new Map(), scheduled: new Map(), background: new Map() }
  readonly #laneOf = new Map<string, Lane>()
  readonly #running = new Map<string, Running>()
  readonly #runningIn: PerLane<number> = { realtime: 0, scheduled: 0, background: 0 }
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
    const { realtime, scheduled, background } = this.#queues
    return { realtime: realtime.size, scheduled: scheduled.size, background: background.size }
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

  /** Tokens of one session are one; the better lane wins and keeps no place in the worse. */
  #add(token: Token): void {
    const queued = this.#laneOf.get(token.session)
    if (queued !== undefined && RANKED_LANES.indexOf(queued) <= RANKED_LANES.indexOf(token.lane)) return
    if (queued !== undefined) this.#queues[queued].delete(token.session)
    this.#queues[token.lane].set(token.session, token)
    this.#laneOf.set(token.session, token.lane)
    this.#pump()
  }

  #pump(): void {
    const runTurn = this.#runTurn
    if (runTurn === null || this.#draining) return
    for (const lane of RANKED_LANES) {
      const queue = this.#queues[lane]
      while (this.#runningIn[lane] < this.#caps[lane] && queue.size > 0) {
        const [session, token] = queue.entries().next().value as [string, Token]
        queue.delete(session)
        this.#laneOf.delete(session)
        void this.#run(runTurn, token)
      }
    }
  }

  /** Must not throw. */
  async #run(runTurn: RunTurn, token: Token): Promise<void> {
    const { session, lane } = token
    const state: Running = { again: null }
    this.#running.set(session, state)
    this.#runningIn[lane]++
    let next: Token | null = null
    try {
      const outcome = await runTurn(token)
      this.#failures.delete(session)
      next = better(state.again, outcome === 'done' ? this.#leftOver(token) : null)
    } catch (error) {
      this.#log.error({ session, error: messageOf(error) }, 'a turn could not be ended; it will be tried again')
      this.#options.onFailure?.(session)
      this.#retryLater(better(state.again, token) as Token)
    }
    this.#running.delete(session)
    this.#runningIn[lane]--
    if (next !== null) this.#add(next)
    this.#pump()
    if (this.#running.size > 0) return
    for (const resolve of this.#onIdle) resolve()
    this.#onIdle = []
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

function better(one: Token | null, other: Token | null): Token | null {
  if (one === null || other === null) return one ?? other
  return RANKED_LANES.indexOf(one.lane) <= RANKED_LANES.indexOf(other.lane) ? one : other
}
