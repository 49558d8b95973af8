// A Plan as configured in; out with it who the state folder knows besides: people linked by a code, and people let in by /pair.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Plan } from '../plan/plan.ts'
import { withStoredLinks } from '../plan/stored-links.ts'

export interface KnownPeople {
  readonly plan: Plan
  /** Identities. */
  readonly paired: ReadonlySet<string>
}

/** @throws StateError when the database is damaged or cannot be read */
export async function knownPeople(configured: Plan): Promise<KnownPeople> {
  const { stateDir } = configured
  // The database's library loads for those who have one.
  if (!existsSync(join(stateDir, 'state.db'))) return { plan: configured, paired: new Set() }
  const { readPairings, readStoredLinks } = await import('../storage/embedded/read-outside.ts')
  return {
    plan: withStoredLinks(configured, readStoredLinks(stateDir)),
    paired: new Set(readPairings(stateDir).map(({ identity }) => identity)),
  }
}
