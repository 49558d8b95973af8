// Which sessions have work, and in which order they get their turns.

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

/** Tokens say "this session has work". One turn a session at a time, lanes by rank, sessions of a lane in turn. */
export interface TurnQueue {
  /** Passes on that a session has work. The waiting row is the work itself, so this never rejects and need not be waited for. */
  enqueue(token: Token): Promise<void>
  start(runTurn: (token: Token) => Promise<'done' | 'noop'>, caps: Readonly<Record<Lane, number>>): Promise<void>
  setCaps(caps: Readonly<Record<Lane, number>>): Promise<void>
  depths(): Promise<Readonly<Record<Lane, number>>>
  /** Takes nothing new, waits for what runs; false: the time was up. */
  drain(timeoutMs: number): Promise<boolean>
}
