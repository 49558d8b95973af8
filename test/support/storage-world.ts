// A state folder opened and closed for tests of storage.

import { silentLogger, systemClock, systemRandom } from '../../src/ports.ts'
import { type EmbeddedStorageOptions, openEmbeddedStorage } from '../../src/storage/embedded/storage.ts'
import type { Claim, NewInboxRow, NewOutboxRow, Storage, TranscriptEntry } from '../../src/storage/ports.ts'

export const openStorage = (stateDir: string, more: Partial<EmbeddedStorageOptions> = {}): Promise<Storage> =>
  openEmbeddedStorage({ stateDir, clock: systemClock, random: systemRandom, log: silentLogger, ...more })

export const inboxRow = (session: string, messageId: string, more: Partial<NewInboxRow> = {}): NewInboxRow => ({
  session,
  agentId: 'main',
  lane: 'realtime',
  messageId,
  content: `text of ${messageId}`,
  kind: 'message',
  receivedAt: 1_700_000_000_000,
  ...more,
})

export const outboxRow = (key: string, more: Partial<NewOutboxRow> = {}): NewOutboxRow => ({
  key,
  session: 'agent:main:main',
  agentId: 'main',
  target: { channelId: 'telegram', userId: '1' },
  content: `reply ${key}`,
  ...more,
})

export const entry = (
  id: string,
  role: TranscriptEntry['role'] = 'user',
  more: Partial<TranscriptEntry> = {},
): TranscriptEntry => ({
  id,
  role,
  content: `words of ${id}`,
  timestamp: '2026-01-01T00:00:00.000Z',
  ...more,
})

/** Ends a claim with an answer for each of its rows. */
export const answered = (claim: Claim, response: string) => ({
  answers: claim.rows.map(({ agentId, session, messageId }) => ({ agentId, session, messageId, response })),
  outbox: [],
})
