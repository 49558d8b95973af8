// Tokens in, turns started: never two of one session at once, lanes by rank with a bound each, the sessions of a lane in turn.

import { messageOf } from '../errors.ts'
import { type Clock, type Logger, silentLogger, systemClock } from '../ports.ts'
import type { Lane, Token, TurnQueue } from '../storage/ports.ts'

export interface LanesOptions {
  readonly clock?: Clock
  readonly log?: Logger
  /** The lane in which work still waits in a session, or null. Absent: a session runs until its turn finds nothing. */
  waitingLane?(session: string): Lane | null
  /** A turn threw; it is tried again after a while. */
  onFailure?(session: string): void
}

const RANKED: readonly Lane[] = ['realtime', 'scheduled', 'background']
const FIRST_RETRY_MS = 500
const LONGEST_RETRY_MS = 60_000

type RunTurn = (token: Token) => Promise<'done' | 'noop'>

/** A session that runs: what came for it meanwhile. */
interface Running {
  again: Token | null
}

export function createLanes(options: LanesOptions = {}): TurnQueue {
  const { clock = systemClock, log = silentLogger } = options
  /** Insertion order is the order of service. */
  const queues: Record<Lane, Map<string, Token>> = { realtime: new Map(), scheduled: new Map(), background: new Map() }
  const laneOf = new Map<string, Lane>()
  const running = new Map<string, Running>()
  const runningIn: Record<Lane, number> = { realtime: 0, scheduled: 0, background: 0 }
  const failures = new Map<string, number>()
  let caps: Readonly<Record<Lane, number>> = { realtime: 0, scheduled: 0, background: 0 }
  let runTurn: RunTurn | null = null
  let draining = false
  let onIdle: (() => void)[] = []

  function enqueue(token: Token): void {
    const busy = running.get(token.session)
    if (busy !== undefined) {
      busy.again = better(busy.again, token)
      return
    }
    const queued = laneOf.get(token.session)
    // Tokens of one session are one; the better lane wins and keeps no place in the worse.
    if (queued !== undefined && RANKED.indexOf(queued) <= RANKED.indexOf(token.lane)) return
    if (queued !== undefined) queues[queued].delete(token.session)
    queues[token.lane].set(token.session, token)
    laneOf.set(token.session, token.lane)
    pump()
  }

  function pump(): void {
    if (runTurn === null || draining) return
    for (const lane of RANKED) {
      const queue = queues[lane]
      while (runningIn[lane] < caps[lane] && queue.size > 0) {
        const [session, token] = queue.entries().next().value as [string, Token]
        queue.delete(session)
        laneOf.delete(session)
        void run(runTurn, token)
      }
    }
  }

  /** Must not throw. */
  async function run(turn: RunTurn, token: Token): Promise<void> {
    const { session, lane } = token
    const state: Running = { again: null }
    running.set(session, state)
    runningIn[lane]++
    let next: Token | null = null
    try {
      const outcome = await turn(token)
      failures.delete(session)
      next = better(state.again, outcome === 'done' ? leftOver(token) : null)
    } catch (error) {
      log.error({ session, error: messageOf(error) }, 'a turn could not be ended; it will be tried again')
      options.onFailure?.(session)
      retryLater(better(state.again, token) as Token)
    }
    running.delete(session)
    runningIn[lane]--
    if (next !== null) enqueue(next)
    pump()
    if (running.size === 0) {
      for (const resolve of onIdle) resolve()
      onIdle = []
    }
  }

  function leftOver(token: Token): Token | null {
    if (options.waitingLane === undefined) return token
    const lane = options.waitingLane(token.session)
    return lane === null ? null : { ...token, lane }
  }

  function retryLater(token: Token): void {
    const failed = (failures.get(token.session) ?? 0) + 1
    failures.set(token.session, failed)
    clock.after(Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failed - 1)), () => enqueue(token))
  }

  return {
    enqueue,
    start(turn, bounds) {
      runTurn = turn
      caps = bounds
      draining = false
      pump()
    },
    setCaps(bounds) {
      caps = bounds
      pump()
    },
    depths: () => ({ realtime: queues.realtime.size, scheduled: queues.scheduled.size, background: queues.background.size }),
    drain(timeoutMs) {
      draining = true
      if (running.size === 0) return Promise.resolve(true)
      return new Promise((resolve) => {
        const cancel = clock.after(timeoutMs, () => resolve(false))
        onIdle.push(() => {
          cancel()
          resolve(true)
        })
      })
    },
  }
}

function better(one: Token | null, other: Token | null): Token | null {
  if (one === null || other === null) return one ?? other
  return RANKED.indexOf(one.lane) <= RANKED.indexOf(other.lane) ? one : other
}
