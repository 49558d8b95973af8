// What the channel remembers over restarts: up to where updates were taken, and groups that became supergroups.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createKeptFile } from '../kept-file.ts'
import type { ChannelHost } from '../port.ts'

/** After a quiet week the platform may number updates anew; an older offset could then hide them. */
const TRUSTED_MS = 6 * 24 * 3600 * 1000

interface Kept {
  readonly botId: number
  readonly offset: number
  readonly at: number
  readonly moved: Readonly<Record<string, string>>
}

export interface Memory {
  /** The next update wanted, or undefined: whatever the platform holds. */
  offset(): number | undefined
  /** Kept in memory at once. The file may follow: after a crash the platform repeats what it was not told of, under the same ids. */
  setOffset(next: number): void
  /** The chat's id today. */
  chat(id: string): string
  setMoved(from: string, to: string): Promise<void>
  flush(): Promise<void>
}

/** Reads what stands for this bot; another bot's (the token was changed) or a damaged file counts as nothing. */
export async function openMemory(host: ChannelHost, botId: number): Promise<Memory> {
  const file = join(await host.stateFolder(), 'telegram.json')
  let kept: Kept = { botId, offset: 0, at: 0, moved: {} }
  try {
    const read = JSON.parse(await readFile(file, 'utf8')) as Partial<Kept>
    if (read.botId === botId && typeof read.offset === 'number') kept = { ...kept, ...read, moved: { ...read.moved } }
  } catch {
    // First start, or damage: the platform sends again what was not confirmed, and the engine knows the ids it had.
  }
  const saved = createKeptFile(file, host, () => JSON.stringify(kept))
  const change = (next: Partial<Kept>): void => {
    kept = { ...kept, ...next }
    saved.touch()
  }
  return {
    offset: () => (kept.offset > 0 && host.clock.now() - kept.at < TRUSTED_MS ? kept.offset : undefined),
    setOffset: (offset) => change({ offset, at: host.clock.now() }),
    chat: (id) => kept.moved[id] ?? id,
    setMoved(from, to) {
      change({ moved: { ...kept.moved, [from]: to } })
      return saved.flush()
    },
    flush: saved.flush,
  }
}
