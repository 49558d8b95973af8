// Transcripts of one machine: a file of JSON lines a session, at `<stateDir>/agents/<agentId>/sessions/<encoded key>.jsonl`, and
// which sessions have one.

import { readdir, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { decodeKeyFromFile, encodeKeyForFile } from '../../plan/session-key.ts'
import { readTranscript, type TranscriptFiles } from '../../sessions/transcript.ts'
import type { SessionInfo, Transcript, TranscriptEntry, TranscriptStore } from '../ports.ts'
import type { Database } from './database.ts'
import { storageFailure } from './failures.ts'

const ENDING = '.jsonl'
/** Files looked at side by side. */
const BATCH = 64
/** Paths that are remembered; all are forgotten when there are more. */
const MOST_PATHS = 10_000

export class EmbeddedTranscripts implements TranscriptStore {
  readonly #stateDir: string
  readonly #files: TranscriptFiles
  readonly #db: Database
  /** By agent and session, of files whose session can be found. A path is asked for several times a turn. */
  readonly #paths = new Map<string, string>()

  constructor(stateDir: string, files: TranscriptFiles, db: Database) {
    this.#stateDir = stateDir
    this.#files = files
    this.#db = db
  }

  async append(session: string, agentId: string, entries: readonly TranscriptEntry[]): Promise<void> {
    const path = this.#paths.get(pathKey(session, agentId)) ?? (await this.#nameFile(session, agentId))
    try {
      await this.#files.append(path, entries)
    } catch (error) {
      throw storageFailure(error, path)
    }
  }

  async load(session: string, agentId: string): Promise<Transcript> {
    const path = this.#paths.get(pathKey(session, agentId)) ?? transcriptPath(this.#stateDir, session, agentId)
    try {
      return this.#files.load(path, session)
    } catch (error) {
      throw storageFailure(error, path)
    }
  }

  list({ agentId }: { agentId?: string } = {}): Promise<readonly SessionInfo[]> {
    return listSessions(
      this.#stateDir,
      agentId,
      (agent, name) => this.#db.sql('SELECT value FROM kv WHERE key = ?').get(nameKey(agent, name))?.['value'],
    )
  }

  export(session: string, agentId: string): AsyncIterable<TranscriptEntry> {
    return readTranscript(transcriptPath(this.#stateDir, session, agentId))
  }

  async remove(session: string, agentId: string): Promise<void> {
    const path = transcriptPath(this.#stateDir, session, agentId)
    this.#paths.delete(pathKey(session, agentId))
    try {
      await this.#files.remove(path)
      const name = encodeKeyForFile(session)
      const forget = 'DELETE FROM kv WHERE key = ?'
      if (name.includes('~')) await this.#db.write(() => void this.#db.sql(forget).run(nameKey(agentId, name)))
    } catch (error) {
      throw storageFailure(error, path)
    }
  }

  /** Before the first line: a file whose name cannot say its session is found by what is stored of it. */
  async #nameFile(session: string, agentId: string): Promise<string> {
    const path = transcriptPath(this.#stateDir, session, agentId)
    const name = encodeKeyForFile(session)
    if (name.includes('~')) {
      const insert = 'INSERT OR IGNORE INTO kv (key, value) VALUES (?, ?)'
      await this.#db.write(() => void this.#db.sql(insert).run(nameKey(agentId, name), session))
    }
    if (this.#paths.size >= MOST_PATHS) this.#paths.clear()
    this.#paths.set(pathKey(session, agentId), path)
    return path
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

const pathKey = (session: string, agentId: string): string => `${agentId}/${session}`
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
