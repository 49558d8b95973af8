// What the program takes from the world besides files and sockets. Passed in, so that tests own time and chance.

/** Milliseconds since the epoch, and timers on the same time. */
export interface Clock {
  now(): number
  /** Milliseconds since some moment. Unlike `now` it never jumps, so it is what durations are measured by. */
  elapsed(): number
  /** Calls back once after `ms`; returns what cancels it. Timers never keep the process alive by themselves. */
  after(ms: number, callback: () => void): () => void
}

/** Identifiers and chance. */
export interface Random {
  /** A fresh id: URL-safe, sortable by time, at least 80 random bits. */
  id(): string
  /** A number in [0, 1). */
  number(): number
}

export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

const MAX_TIMER = 2 ** 31 - 1

/** The machine's clock. Longer waits than setTimeout takes are chained. */
export const systemClock: Clock = {
  now: Date.now,
  elapsed: () => performance.now(),
  after(ms, callback) {
    let timer: NodeJS.Timeout
    const arm = (left: number): void => {
      timer = setTimeout(() => (left > MAX_TIMER ? arm(left - MAX_TIMER) : callback()), Math.max(0, Math.min(left, MAX_TIMER)))
      timer.unref()
    }
    arm(ms)
    return () => clearTimeout(timer)
  },
}

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

function encode(value: number, length: number): string {
  let text = ''
  for (let rest = value, i = 0; i < length; i++) {
    text = ALPHABET.charAt(rest % 32) + text
    rest = Math.floor(rest / 32)
  }
  return text
}

/** Ids in the manner of ULID, lower case: ten characters of time, sixteen of chance. */
export const systemRandom: Random = {
  id() {
    const bytes = crypto.getRandomValues(new Uint8Array(16))
    let text = encode(Date.now(), 10)
    for (const byte of bytes) text += ALPHABET.charAt(byte % 32)
    return text
  },
  number: () => Math.random(),
}

export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} }
