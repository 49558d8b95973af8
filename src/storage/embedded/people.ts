// Strangers let in by a code, and identities that turned out to be one person. Codes are short, live briefly and work once.

import { randomInt } from 'node:crypto'
import { MOST_OPEN_PAIRINGS, type Pairing, type PeopleStore } from '../ports.ts'
import type { Database, Row } from './database.ts'

const PAIRING_MS = 24 * 3_600_000
const LINK_MS = 10 * 60_000
/** Without letters and digits that look alike. */
const ALPHABET = 'ABCDEFGHJKMNPQRSTUVWXYZ23456789'
const CODE_LENGTH = 8

type Kind = 'pair' | 'link'

export function createPeople(db: Database): PeopleStore {
  function openCode(
    kind: Kind,
    identity: string,
    displayName: string | undefined,
    now: number,
    lifeMs: number,
  ): Promise<string | null> {
    return db.write(() => {
      db.sql('DELETE FROM codes WHERE expires_at <= ?').run(now)
      const existing = db.sql('SELECT code FROM codes WHERE kind = ? AND identity = ?').get(kind, identity)
      if (existing !== undefined) return String(existing['code'])
      if (kind === 'pair' && openPairings(identity.slice(0, identity.indexOf(':') + 1)) >= MOST_OPEN_PAIRINGS) return null
      const code = newCode()
      db.sql('INSERT INTO codes (code, kind, identity, display_name, expires_at) VALUES (?, ?, ?, ?, ?)').run(
        code,
        kind,
        identity,
        displayName ?? null,
        now + lifeMs,
      )
      return code
    })
  }

  /** How many codes of strangers are open on a channel, given as `channelId:`. */
  const openPairings = (channel: string): number =>
    Number(
      db
        .sql("SELECT count(*) AS open FROM codes WHERE kind = 'pair' AND substr(identity, 1, ?) = ?")
        .get(channel.length, channel)?.['open'] ?? 0,
    )

  function offer(code: string, identity: string, now: number): string | null {
    const open = "SELECT identity FROM codes WHERE code = ? AND kind = 'link' AND expires_at > ?"
    const other = db.sql(open).get(code.trim().toUpperCase(), now)?.['identity']
    return other === undefined || other === identity ? null : String(other)
  }

  /** Inside a transaction: the code's row, which is gone from here on. */
  function take(kind: Kind, code: string, now: number): { identity: string; displayName: string | null } | null {
    const row = db
      .sql('DELETE FROM codes WHERE code = ? AND kind = ? AND expires_at > ? RETURNING identity, display_name')
      .get(code.trim().toUpperCase(), kind, now)
    return row === undefined ? null : { identity: String(row['identity']), displayName: row['display_name'] as string | null }
  }

  return {
    openPairing: (identity, displayName, now) => openCode('pair', identity, displayName, now, PAIRING_MS),
    approvePairing: (code, by, now) =>
      db.write(() => {
        const taken = take('pair', code, now)
        if (taken === null) return null
        const { identity, displayName } = taken
        const insert = 'INSERT OR REPLACE INTO people (identity, display_name, by, at) VALUES (?, ?, ?, ?)'
        db.sql(insert).run(identity, displayName, by, now)
        return identity
      }),
    isPaired: async (identity) => db.sql('SELECT 1 FROM people WHERE identity = ?').get(identity) !== undefined,
    pairings: async () => db.sql('SELECT * FROM people ORDER BY at, identity').all().map(toPairing),
    removePairing: (identity) =>
      db.write(() => db.sql('DELETE FROM people WHERE identity = ? RETURNING identity').get(identity) !== undefined),
    openLink: async (identity, now) => String(await openCode('link', identity, undefined, now, LINK_MS)),
    linkOffer: async (code, identity, now) => offer(code, identity, now),
    confirmLink: (code, identity, now) =>
      db.write(() => {
        // One's own code is not used up by trying it.
        const other = offer(code, identity, now) === null ? null : (take('link', code, now)?.identity ?? null)
        if (other === null) return null
        const [one, two] = [other, identity].sort() as [string, string]
        db.sql('INSERT OR IGNORE INTO links (one, other, at) VALUES (?, ?, ?)').run(one, two, now)
        return other
      }),
    links: async () =>
      db
        .sql('SELECT * FROM links ORDER BY at, one')
        .all()
        .map((row) => ({ identities: [String(row['one']), String(row['other'])] as const, at: Number(row['at']) })),
    removeLinks: (identity) =>
      db.write(() => db.sql('DELETE FROM links WHERE one = ? OR other = ? RETURNING one').all(identity, identity).length),
  }
}

export const toPairing = (row: Row): Pairing => ({
  identity: String(row['identity']),
  ...(row['display_name'] == null ? {} : { displayName: String(row['display_name']) }),
  by: String(row['by']),
  at: Number(row['at']),
})

const newCode = (): string => Array.from({ length: CODE_LENGTH }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('')
