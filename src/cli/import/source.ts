// The configuration that is read: every value with its path and line, and a record of what was used, so that what was not
// can be listed.

export type Kind = 'dropped' | 'changed' | 'secret'

/** One line of the report. */
export interface Finding {
  /** As one would write it: `agents.list[0].heartbeat`. */
  readonly path: string
  /** Line in the source, from 1; 0 where it is not known. */
  readonly line: number
  readonly kind: Kind
  readonly message: string
}

/** A place in the source. Reading a value marks it used. */
export interface Cursor {
  readonly path: readonly string[]
  /** The raw value; marks nothing. */
  readonly raw: unknown
  readonly exists: boolean
  at(...keys: string[]): Cursor
  text(): string | undefined
  number(): number | undefined
  flag(): boolean | undefined
  /** Texts of a list (numbers become texts), or one text alone. */
  texts(): string[]
  items(): Cursor[]
  entries(): [string, Cursor][]
  /** Marks it and all below as used. */
  use(): void
  note(kind: Kind, message: string): void
  /** Says why this has no counterpart, where it is present. */
  drop(message: string): void
}

export interface Source {
  readonly root: Cursor
  /** What was noted, and what nobody read, by line. `why` explains an unread path. */
  findings(why: (path: readonly string[]) => string): readonly Finding[]
}

const SEPARATOR = '\u0000'
const keyOf = (path: readonly string[]): string => path.join(SEPARATOR)
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export function createSource(value: unknown, lines: ReadonlyMap<string, number>): Source {
  const used = new Set<string>()
  const findings: Finding[] = []

  const lineOf = (path: readonly string[]): number => {
    for (let length = path.length; length > 0; length--) {
      const line = lines.get(keyOf(path.slice(0, length)))
      if (line !== undefined) return line
    }
    return 0
  }
  const report = (path: readonly string[], kind: Kind, message: string): void => {
    const one = { path: display(path), line: lineOf(path), kind, message }
    // Several parts may be made of the same place, such as the accounts of one channel.
    if (!findings.some((other) => other.path === one.path && other.kind === kind && other.message === message)) findings.push(one)
  }

  function cursor(raw: unknown, path: readonly string[]): Cursor {
    const use = (): void => {
      used.add(keyOf(path))
    }
    const read = <T>(ok: (value: unknown) => value is T): T | undefined => {
      if (!ok(raw)) return undefined
      use()
      return raw
    }
    return {
      path,
      raw,
      exists: raw !== undefined && raw !== null,
      at: (...keys) => {
        let current: Cursor = cursor(raw, path)
        for (const key of keys) current = cursor(child(current.raw, key), [...current.path, key])
        return current
      },
      text: () => read((one): one is string => typeof one === 'string'),
      number: () => read((one): one is number => typeof one === 'number' && Number.isFinite(one)),
      flag: () => read((one): one is boolean => typeof one === 'boolean'),
      texts: () => {
        if (raw === undefined || raw === null) return []
        use()
        return (Array.isArray(raw) ? raw : [raw]).filter((one) => typeof one === 'string' || typeof one === 'number').map(String)
      },
      items: () => (Array.isArray(raw) ? raw.map((one, index) => cursor(one, [...path, String(index)])) : []),
      entries: () => (isObject(raw) ? Object.keys(raw).map((key) => [key, cursor(raw[key], [...path, key])]) : []),
      use,
      note: (kind, message) => report(path, kind, message),
      drop(message) {
        if (raw === undefined || raw === null) return
        use()
        report(path, 'dropped', message)
      },
    }
  }

  /** Lists the highest places of which nothing was read. */
  function unread(raw: unknown, path: readonly string[], why: (path: readonly string[]) => string): void {
    if (used.has(keyOf(path))) return
    const below = Array.isArray(raw) ? raw.map((one, i) => [String(i), one] as const) : isObject(raw) ? Object.entries(raw) : []
    const prefix = path.length === 0 ? '' : `${keyOf(path)}${SEPARATOR}`
    const touched = path.length === 0 || [...used].some((key) => key.startsWith(prefix))
    if (!touched) report(path, 'dropped', why(path))
    else for (const [key, one] of below) unread(one, [...path, key], why)
  }

  return {
    root: cursor(value, []),
    findings(why) {
      unread(value, [], why)
      return [...findings].sort((a, b) => a.line - b.line || (a.path < b.path ? -1 : 1))
    },
  }
}

function child(raw: unknown, key: string): unknown {
  if (Array.isArray(raw)) return raw[Number(key)]
  return isObject(raw) && Object.hasOwn(raw, key) ? raw[key] : undefined
}

const display = (path: readonly string[]): string =>
  path
    .map((part, i) =>
      /^[0-9]+$/.test(part) ? `[${part}]` : /^[\w$-]+$/.test(part) ? `${i === 0 ? '' : '.'}${part}` : `[${JSON.stringify(part)}]`,
    )
    .join('')
