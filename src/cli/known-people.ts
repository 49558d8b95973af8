// A Plan as configured in; out with it who the state folder knows besides: people linked by a code, and people let in by /pair.

import type { Plan } from '../plan/plan.ts'
import { withStoredLinks } from '../plan/stored-links.ts'
import { readPairings, readStoredLinks } from '../storage/embedded/read-outside.ts'

export interface KnownPeople {
  readonly plan: Plan
  /** Identities. */
  readonly paired: ReadonlySet<string>
}

/** @throws StateError when the database is damaged or cannot be read */
export function knownPeople(configured: Plan): KnownPeople {
  return {
    plan: withStoredLinks(configured, readStoredLinks(configured.stateDir)),
    paired: new Set(readPairings(configured.stateDir).map(({ identity }) => identity)),
  }
}
