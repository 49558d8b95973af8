// A gateway session over a restart: Discord keeps it for a few minutes and sends again what came meanwhile, also from people
// who never wrote before. Kept under a mark of the token, taken once.

import { createHash } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import type { SessionInfo } from 'discord.js'
import writeFileAtomic from 'write-file-atomic'
import type { GuildPacket, ReadyData } from './packets.ts'

export interface KeptSession {
  readonly info: SessionInfo
  /** What the session began with, and the names heard since: they are not said again when it is resumed. */
  readonly ready: ReadyData
  readonly guilds: readonly GuildPacket[]
}

/** Later, asking for it would only be refused. */
const USEFUL_MS = 10 * 60_000

const markOf = (token: string): string => createHash('sha256').update(token).digest('hex').slice(0, 16)

export async function keepSession(file: string, token: string, now: number, kept: KeptSession): Promise<void> {
  await writeFileAtomic(file, JSON.stringify({ ...kept, mark: markOf(token), at: now }), { fsync: false, mode: 0o600 })
}

/** null: none, another token's, too old, or of an older version. */
export async function takeSession(file: string, token: string, now: number): Promise<KeptSession | null> {
  try {
    const { info, ready, guilds, mark, at } = JSON.parse(await readFile(file, 'utf8')) as KeptSession & {
      mark: string
      at: number
    }
    await rm(file, { force: true })
    const isOurs = mark === markOf(token) && now - at < USEFUL_MS && ready !== undefined
    return isOurs ? { info, ready, guilds } : null
  } catch {
    return null
  }
}
