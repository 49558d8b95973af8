// Transcripts of one machine: a file of JSON lines a session, at `<stateDir>/agents/<agentId>/sessions/<encoded key>.jsonl`, and
// which sessions have one.

import { readdir, stat } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { decodeKeyFromFile, encodeKeyForFile } from '../../plan/session-key.ts'
import { readTranscript, SessionTranscripts, type TranscriptFiles } from '../../sessions/transcript.ts'
import type { SessionInfo, TranscriptStore } from '../ports.ts'
import type { Database } from './database.ts'
import { storageFailure } from './failures.ts'
import type { FolderHealth } from './health.ts'

const ENDING = '.jsonl'
/** Files looked at side by side. */
const BATCH = 64

export function createTranscripts(
  stateDir: string,
  files: TranscriptFiles,
  db: Database,
  health: Pick<FolderHealth, 'note'>,
): TranscriptStore {
  const bySession = new SessionTranscripts(files, {
    pathOf: (session, agentId) => transcriptPath(stateDir, session, agentId),
    // A file whose name cannot say its session is found by what is stored of it.
    async beforeFirst(session, agentId) {
      const name = encodeKeyForFile(session)
      if (!name.includes('~')) return
      const insert = 'INSERT OR IGNORE INTO kv (key, value) VALUES (?, ?)'
      await db.write(() => void db.sql(insert).run(nameKey(agentId, name), session))
    },
    async afterLast(session, agentId) {
      const name = encodeKeyForFile(session)
      if (!name.includes('~')) return
      await db.write(() => void db.sql('DELETE FROM kv WHERE key = ?').run(nameKey(agentId, name)))
    },
    failure(error, path) {
      const failure = storageFailure(error, path)
      health.note(failure, dirname(path))
      return failure
    },
  })
  const storedKey = (agentId: string, name: string): unknown =>
    db.sql('SELECT value FROM kv WHERE key = ?').get(nameKey(agentId, name))?.['value']
  return {
    append: bySession.append.bind(bySession),
    load: bySession.load.bind(bySession),
    remove: bySession.remove.bind(bySession),
    expire: bySession.expire.bind(bySession),
    list: ({ agentId } = {}) => listSessions(stateDir, agentId, storedKey),
    export: (session, agentId) => readTranscript(transcriptPath(stateDir, session, agentId)),
  }
}

export const transcriptPath = (stateDir: string, session: string, agentId: string): string =>
  sessionsFolder(stateDir, agentId) + sep + encodeKeyForFile(session) + ENDING

/** The sessions of a state folder, newest first. `keyOf`: the key of a file whose name cannot say it; else its name stands in. */
export async function listSessions(
  stateDir: string,
  agentId?: string,
  keyOf: (agentId: string, name: string) => unknown = () => undefined,
): Promise<readonly SessionInfo[]> {
  const agents = agentId === undefined ? await entriesOf(join(stateDir, 'agents')) : [agentId]
  const found = await Promise.all(agents.map((agent) => listFolder(stateDir, agent, keyOf)))
  return found.flat().sort((a, b) => b.modified - a.modified)
}

const nameKey = (agentId: string, name: string): string => `session-file:${agentId}/${name}`

const sessionsFolder = (stateDir: string, agentId: string): string => join(stateDir, 'agents', folderOf(agentId), 'sessions')

/** Agents' names are safe as they are; anything else is encoded. */
const folderOf = (agentId: string): string => (/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(agentId) ? agentId : encodeKeyForFile(agentId))

async function listFolder(
  stateDir: string,
  agentId: string,
  keyOf: (agentId: string, name: string) => unknown,
): Promise<SessionInfo[]> {
  const folder = sessionsFolder(stateDir, agentId)
  const names = (await entriesOf(folder)).filter((name) => name.endsWith(ENDING))
  const found: SessionInfo[] = []
  const info = async (file: string): Promise<SessionInfo | null> => {
    const name = file.slice(0, -ENDING.length)
    const key = decodeKeyFromFile(name) ?? keyOf(agentId, name) ?? name
    const stats = await stat(join(folder, file)).catch(() => null)
    return stats?.isFile() ? { key: String(key), agentId, modified: stats.mtimeMs, bytes: stats.size } : null
  }
  for (let at = 0; at < names.length; at += BATCH) {
    const infos = await Promise.all(names.slice(at, at + BATCH).map(info))
    found.push(...infos.flatMap((one) => one ?? []))
  }
  return found
}

async function entriesOf(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return []
    throw error
  }
}
