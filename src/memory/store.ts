// What agents remember: scopes of notes under one folder, and for a turn a view of those that it may read and write.

import { ClawError, EXIT } from '../errors.ts'
import type { MemoryHit, MemoryStore } from '../tools/port.ts'
import { ScopeNotes } from './scope-notes.ts'
import { type Scope, scopeText } from './scopes.ts'
import { stem, tellingStems, wordsOf } from './words.ts'

export interface MemoryOptions {
  /** The memory folder. */
  readonly folder: string
  readonly clock: { now(): number }
  /** A file that cannot be read as what it is; once for each state of it. */
  onProblem?(message: string): void
}

/** One scope, as a view needs it. */
export type ScopeView = Pick<ScopeNotes, 'save' | 'search' | 'list' | 'read' | 'twinOf' | 'remove' | 'erase'>

/** What a turn may reach. `write`: null where it works for nobody whose notes it could write. */
export interface ReachedScopes {
  readonly write: Scope | null
  readonly read: readonly Scope[]
}

export interface ViewOptions extends ReachedScopes {
  /** Why a key may not be used; undefined: it may. `twins`: keys that differ from it in case alone. */
  keyProblem?(key: string, twins: readonly string[]): string | undefined
}

export interface Memory {
  of(scope: Scope): ScopeNotes
  close(): void
}

/** Indexes that are kept open. */
const MAX_OPEN = 64

export function createMemory({ folder, clock, onProblem }: MemoryOptions): Memory {
  const open = new Map<string, ScopeNotes>()
  return {
    of(scope) {
      const name = scopeText(scope)
      const known = open.get(name)
      const notes =
        known ?? new ScopeNotes({ root: folder, scope, now: clock.now, ...(onProblem === undefined ? {} : { onProblem }) })
      open.delete(name)
      open.set(name, notes)
      const [oldest] = open
      if (open.size > MAX_OPEN && oldest !== undefined) {
        oldest[1].close()
        open.delete(oldest[0])
      }
      return notes
    },
    close() {
      for (const notes of open.values()) notes.close()
      open.clear()
    },
  }
}

/** The notes of some scopes as one; a key is looked for in the order of `read`. */
export function memoryView(notesOf: (scope: Scope) => ScopeView, { write, read, keyProblem }: ViewOptions): MemoryStore {
  const readable = (): readonly ScopeView[] => read.map(notesOf)
  const writable = (): ScopeView => {
    if (write !== null) return notesOf(write)
    throw new ClawError('Nobody is known here whose notes these could be.', { exitCode: EXIT.refused })
  }
  return {
    async save(key, content, by, head) {
      const notes = writable()
      const twin = notes.twinOf(key)
      const problem = keyProblem?.(key, twin === undefined ? [] : [twin])
      if (problem !== undefined) throw new ClawError(problem, { exitCode: EXIT.refused })
      return notes.save(key, content, by.agentId, head)
    },
    search: async (query, limit = 8) =>
      mergeHits(
        query,
        readable().map((notes) => notes.search(query, limit)),
      ).slice(0, limit),
    list: async () => readable().flatMap((notes) => notes.list()),
    async read(key) {
      for (const notes of readable()) {
        const found = notes.read(key)
        if (found !== null) return found
      }
      return null
    },
    remove: async (key) => writable().remove(key, 'agent'),
    forget: async (key) => writable().erase(key),
  }
}

/** Scores tell within a scope; between scopes the share of the question that a note answers counts too. */
function mergeHits(query: string, lists: readonly (readonly MemoryHit[])[]): readonly MemoryHit[] {
  if (lists.length < 2) return lists[0] ?? []
  const wanted = tellingStems(wordsOf(query))
  const covered = ({ key, content }: MemoryHit): number => {
    const stems = new Set(wordsOf(`${key}\n${content}`).map(stem))
    return (1 + wanted.filter((one) => stems.has(one)).length) / (1 + wanted.length)
  }
  return lists
    .flat()
    .map((hit) => ({ hit, weight: hit.score * covered(hit) }))
    .sort((a, b) => b.weight - a.weight)
    .map(({ hit }) => hit)
}
