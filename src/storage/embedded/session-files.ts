// Where a session's transcript stands, and which sessions have one.

import { readdir, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { decodeKeyFromFile, encodeKeyForFile } from '../../plan/session-key.ts'
import type { SessionInfo } from '../ports.ts'
import type { Database } from './database.ts'

export interface SessionFiles {
  /** `<stateDir>/agents/<agentId>/sessions/<encoded key>.jsonl` */
  pathOf(session: string, agentId: string): string
  /** Remembers the key of a session whose file name cannot say it. */
  named(session: string, agentId: string): Promise<void>
  list(agentId?: string): Promise<readonly SessionInfo[]>
}

const ENDING = '.jsonl'
/** Files looked at side by side. */
const BATCH = 64

const fileOf = (session: string): string => encodeKeyForFile(session) + ENDING

const sessionsFolder = (stateDir: string, agentId: string): string => join(stateDir, 'agents', folderOf(agentId), 'sessions')

/** Agents' names are safe as they stand; anything else is encoded. */
const folderOf = (agentId: string): string => (/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(agentId) ? agentId : encodeKeyForFile(agentId))

/** Of a state folder. Without a database (reading beside an engine) sessions with very long keys are listed by file name. */
export function createSessionFiles(stateDir: string, db?: Database): SessionFiles {
  const nameKey = (agentId: string, name: string): string => `session-file:${agentId}/${name}`
  const remembered = new Set<string>()
  /** By agent. A path is asked for several times a turn. */
  const folders = new Map<string, string>()

  async function listFolder(agentId: string): Promise<SessionInfo[]> {
    const folder = sessionsFolder(stateDir, agentId)
    const names = (await entriesOf(folder)).filter((name) => name.endsWith(ENDING))
    const found: SessionInfo[] = []
    for (let at = 0; at < names.length; at += BATCH) {
      const infos = await Promise.all(names.slice(at, at + BATCH).map((name) => info(folder, name, agentId)))
      found.push(...infos.flatMap((one) => one ?? []))
    }
    return found
  }

  async function info(folder: string, file: string, agentId: string): Promise<SessionInfo | null> {
    const name = file.slice(0, -ENDING.length)
    const key =
      decodeKeyFromFile(name) ?? db?.sql('SELECT value FROM kv WHERE key = ?').get(nameKey(agentId, name))?.['value'] ?? name
    const stats = await stat(join(folder, file)).catch(() => null)
    return stats?.isFile() ? { key: String(key), agentId, modified: stats.mtimeMs, bytes: stats.size } : null
  }

  return {
    pathOf(session, agentId) {
      let folder = folders.get(agentId)
      if (folder === undefined) {
        folder = sessionsFolder(stateDir, agentId) + sep
        folders.set(agentId, folder)
      }
      return folder + fileOf(session)
    },
    async named(session, agentId) {
      const name = encodeKeyForFile(session)
      if (db === undefined || !name.includes('~') || remembered.has(name)) return
      await db.write(() => db.sql('INSERT OR IGNORE INTO kv (key, value) VALUES (?, ?)').run(nameKey(agentId, name), session))
      remembered.add(name)
    },
    async list(agentId) {
      const agents = agentId === undefined ? await entriesOf(join(stateDir, 'agents')) : [agentId]
      const found = (await Promise.all(agents.map(listFolder))).flat()
      return found.sort((a, b) => b.modified - a.modified)
    },
  }
}

async function entriesOf(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return []
    throw error
  }
}
