// Which sessions have work, and in which order they get their turns.

import type { StopSignal } from '../../stop.ts'

/** Order of service: people first, then the clock, then the rest. */
export type Lane = 'realtime' | 'scheduled' | 'background'

/** Best first. */
export const RANKED_LANES: readonly Lane[] = ['realtime', 'scheduled', 'background']

export interface Token {
  readonly session: string
  readonly agentId: string
  readonly lane: Lane
}

export interface PendingToken extends Token {
  /** Times a turn began on the session's oldest row. */
  readonly begun: number
}

/** Tokens say "this session has work". One turn a session at a time, lanes by rank, agents, people and sessions of a lane in turn. */
export interface TurnQueue {
  /** Passes on that a session has work. The waiting row is the work itself, so this never rejects and need not be waited for. */
  enqueue(token: Token): Promise<void>
  start(runTurn: (token: Token) => Promise<'done' | 'noop'>, caps: Readonly<Record<Lane, number>>): Promise<void>
  setCaps(caps: Readonly<Record<Lane, number>>): Promise<void>
  /**
   * Runs what the session's turn waits for outside (a person's answer, a sub-agent). Its place in the lane is free meanwhile; it
   * goes on once there is one again, before all that is queued, or at once when the signal aborts.
   */
  waitOutside<T>(session: string, signal: StopSignal, wait: () => Promise<T>): Promise<T>
  /**
   * The session's turn asked a service, or hears from it: at the question, and with every piece of the answer. A turn that hears
   * nothing for a while gives its place to others who wait, until it hears something.
   */
  listens(session: string): void
  /** The service has answered. */
  heard(session: string): void
  depths(): Promise<Readonly<Record<Lane, number>>>
  /** Takes nothing new, waits for what runs; false: the time was up. */
  drain(timeoutMs: number): Promise<boolean>
}
