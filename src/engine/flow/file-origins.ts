// Which files of a workspace came from outside: those that people sent in, and those that changed while a call ran that could bring
// outside text. Kept as spans of time by workspace, so that a later session knows it too.

import type { KeyValueStore } from '../../storage/ports.ts'

/** `received`: files that people sent in. `wrote`: what a call of a model wrote. */
export type Origin = 'received' | 'wrote'

export interface FileOrigins {
  /** Outside text came into the workspace between two times, in ms. @throws when it cannot be stored */
  note(workspace: string, origin: Origin, from: number, to: number): Promise<void>
  /** Where a file came from; undefined: not from outside. `changedMs`: when its entry last changed. */
  of(workspace: string, changedMs: number): Promise<Origin | undefined>
  /** Whether anything in the workspace came from outside. */
  any(workspace: string): Promise<boolean>
}

type Span = readonly [from: number, to: number]
type Spans = Readonly<Record<Origin, readonly Span[]>>

/** The system's clock of files runs in steps. */
const SLACK_MS = 25
/** More are joined: the oldest two become one, with what lies between. */
const MOST_SPANS = 500
const NONE: Spans = { received: [], wrote: [] }

export function createFileOrigins(kv: Pick<KeyValueStore, 'get' | 'set'>): FileOrigins {
  const known = new Map<string, Spans>()
  const nameOf = (workspace: string): string => `flow-files:${workspace}`

  async function spansOf(workspace: string): Promise<Spans> {
    const spans = known.get(workspace) ?? parse(await kv.get(nameOf(workspace)))
    known.set(workspace, spans)
    return spans
  }

  return {
    async note(workspace, origin, from, to) {
      const before = await spansOf(workspace)
      const spans = { ...before, [origin]: joined([...before[origin], [from - SLACK_MS, to + SLACK_MS]]) }
      known.set(workspace, spans)
      await kv.set(nameOf(workspace), JSON.stringify(spans))
    },
    async of(workspace, changedMs) {
      const { received, wrote } = await spansOf(workspace)
      const within = ([from, to]: Span): boolean => changedMs >= from && changedMs <= to
      if (wrote.some(within)) return 'wrote'
      return received.some(within) ? 'received' : undefined
    },
    async any(workspace) {
      const { received, wrote } = await spansOf(workspace)
      return received.length + wrote.length > 0
    },
  }
}

function parse(text: string | null): Spans {
  if (text === null) return NONE
  try {
    const { received, wrote } = JSON.parse(text) as Spans
    if (Array.isArray(received) && Array.isArray(wrote)) return { received, wrote }
  } catch {}
  // What cannot be read covers everything.
  return { received: [], wrote: [[0, Number.MAX_SAFE_INTEGER]] }
}

/** Spans that touch become one. */
function joined(spans: readonly Span[]): readonly Span[] {
  const merged: [number, number][] = []
  for (const [from, to] of [...spans].sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1)
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to)
    else merged.push([from, to])
  }
  const [first, second, ...rest] = merged
  if (merged.length <= MOST_SPANS || first === undefined || second === undefined) return merged
  return [[first[0], second[1]], ...rest]
}
