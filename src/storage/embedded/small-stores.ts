// Stores too small for a file each: keys and values, and the log of admitted messages.

import type { AdmissionLog, KeyValueStore } from '../ports.ts'
import type { Database } from './database.ts'

export function createKeyValueStore(db: Database): KeyValueStore {
  return {
    async get(key) {
      const value = db.sql('SELECT value FROM kv WHERE key = ?').get(key)?.['value']
      return value === undefined ? null : String(value)
    },
    set: (key, value) => db.write(() => void db.sql('INSERT OR REPLACE INTO kv (key, value) VALUES (?, ?)').run(key, value)),
    delete: (key) => db.write(() => void db.sql('DELETE FROM kv WHERE key = ?').run(key)),
  }
}

export function createAdmissionLog(db: Database): AdmissionLog {
  return {
    since: async (at) =>
      db
        .sql('SELECT * FROM admissions WHERE at > ? ORDER BY at')
        .all(at)
        .map((row) => ({ agentId: String(row['agent_id']), who: String(row['who']), at: Number(row['at']) })),
    add: (agentId, who, at) =>
      db.write(() => void db.sql('INSERT INTO admissions (agent_id, who, at) VALUES (?, ?, ?)').run(agentId, who, at)),
    remove(agentId, who, at) {
      const first = 'SELECT rowid FROM admissions WHERE at = ? AND agent_id = ? AND who = ? LIMIT 1'
      return db.write(() => void db.sql(`DELETE FROM admissions WHERE rowid = (${first})`).run(at, agentId, who))
    },
  }
}
