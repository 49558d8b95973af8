// Secret values in, a function that blots them out of any text. Their URL-encoded, JSON, base64 and hex forms count too.

const SHORTEST = 6

export type Redact = (text: string) => string

/** Every secret that was ever told: one that was rotated away still stands in old pages, errors and memories. */
export interface KnownSecrets {
  know(values: Iterable<string>): void
  readonly redact: Redact
  /** For text that comes in pieces; `emit` gets it cleared. What may be the start of a secret is held back until it is none. */
  stream(emit: (text: string) => void): RedactedStream
}

export interface RedactedStream {
  push(text: string): void
  /** Everything starts again; what was held back is forgotten. */
  restart(): void
  end(): void
}

/** Values shorter than six characters are left: they would blot out ordinary words. */
export const createRedactor = (values: Iterable<string>): Redact => {
  const secrets = createKnownSecrets()
  secrets.know(values)
  return secrets.redact
}

export function createKnownSecrets(): KnownSecrets {
  const forms = new Set<string>()
  let pattern: RegExp | null = null
  let starts = new Map<string, readonly string[]>()
  let longest = 0

  const redact: Redact = (text) => (pattern === null ? text : text.replace(pattern, '***'))

  /** Where the end of a text that could be the start of a secret begins; its length where there is none. */
  function openEnd(text: string): number {
    for (let at = Math.max(0, text.length - longest + 1); at < text.length; at++) {
      const rest = text.slice(at)
      if (starts.get(text.charAt(at))?.some((form) => form.length > rest.length && form.startsWith(rest)) === true) return at
    }
    return text.length
  }

  return {
    know(values) {
      const before = forms.size
      for (const value of values) if (value.length >= SHORTEST) for (const form of formsOf(value)) forms.add(form)
      if (forms.size === before) return
      const sorted = [...forms].sort((a, b) => b.length - a.length)
      pattern = new RegExp(sorted.map((form) => form.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|'), 'g')
      longest = sorted[0]?.length ?? 0
      starts = new Map()
      for (const form of sorted) starts.set(form.charAt(0), [...(starts.get(form.charAt(0)) ?? []), form])
    },
    redact: (text) => redact(text),
    stream(emit) {
      let held = ''
      return {
        push(text) {
          if (pattern === null && held === '') return emit(text)
          const cleared = redact(held + text)
          const end = openEnd(cleared)
          held = cleared.slice(end)
          if (end > 0) emit(cleared.slice(0, end))
        },
        restart() {
          held = ''
        },
        end() {
          if (held !== '') emit(held)
          held = ''
        },
      }
    },
  }
}

/** The same value with every text in it cleared, and every number that is a secret as a whole. */
export function redactDeep(value: unknown, redact: Redact): unknown {
  if (typeof value === 'string') return redact(value)
  if (typeof value === 'number') return redact(String(value)) === '***' ? '***' : value
  if (Array.isArray(value)) return value.map((one) => redactDeep(one, redact))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [redact(key), redactDeep(one, redact)]))
}

function* formsOf(value: string): Iterable<string> {
  const bytes = Buffer.from(value)
  yield value
  yield encodeURIComponent(bytes.toString())
  yield JSON.stringify(value).slice(1, -1)
  yield bytes.toString('hex')
  // As it stands in the base64 of any longer text: at each of three offsets, without the characters its neighbours share.
  for (const offset of [0, 1, 2]) {
    const shifted = Buffer.concat([Buffer.alloc(offset), bytes])
    const whole = Math.floor(shifted.length / 3) * 4
    for (const code of ['base64', 'base64url'] as const) {
      const form = shifted.toString(code).slice(offset === 0 ? 0 : offset + 1, whole)
      if (form.length >= SHORTEST) yield form
    }
  }
}
