// Up to where each conversation was taken in, kept over restarts, for platforms that push events and forget them.

import { readFile } from 'node:fs/promises'
import type { Clock, Logger } from '../ports.ts'
import { createKeptFile } from './kept-file.ts'

export interface Positions {
  get(conversation: string): string | undefined
  /** Remembers; the file follows soon after. A crash in between means a message comes twice, under the same id. */
  set(conversation: string, position: string): void
  /** Newest first. */
  all(): readonly (readonly [conversation: string, position: string])[]
  /** Resolves when the file holds what is known. */
  flush(): Promise<void>
}

export async function openPositions(
  file: string,
  world: { readonly clock: Clock; readonly log: Logger },
  keep = 500,
): Promise<Positions> {
  const known = new Map<string, string>()
  try {
    for (const [key, value] of JSON.parse(await readFile(file, 'utf8')) as [string, string][]) known.set(key, value)
  } catch {
    // First start, or damage: what was said while away is not asked for this time.
  }
  const kept = createKeptFile(file, world, () => JSON.stringify([...known]))
  return {
    get: (conversation) => known.get(conversation),
    set(conversation, position) {
      known.delete(conversation)
      known.set(conversation, position)
      if (known.size > keep) known.delete(known.keys().next().value as string)
      kept.touch()
    },
    all: () => [...known].reverse(),
    flush: kept.flush,
  }
}
