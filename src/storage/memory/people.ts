// People of a storage in memory: codes that let strangers in and make two identities one person.

import type { Random } from '../../ports.ts'
import { MOST_OPEN_PAIRINGS, type PeopleStore } from '../ports.ts'

const LINK_MS = 10 * 60_000

export function createMemoryPeople(random: Random): PeopleStore {
  const open = new Map<string, string>()
  const paired = new Set<string>()
  const linkCodes = new Map<string, { readonly identity: string; readonly until: number }>()
  const links: { readonly identities: readonly [string, string]; readonly at: number }[] = []
  const code = (): string => random.id().slice(-6)

  return {
    async openPairing(identity) {
      for (const [known, one] of open) if (one === identity) return known
      const channel = identity.slice(0, identity.indexOf(':') + 1)
      if ([...open.values()].filter((one) => one.startsWith(channel)).length >= MOST_OPEN_PAIRINGS) return null
      const fresh = code()
      open.set(fresh, identity)
      return fresh
    },
    async approvePairing(given) {
      const identity = open.get(given)
      if (identity === undefined) return null
      open.delete(given)
      paired.add(identity)
      return identity
    },
    isPaired: async (identity) => paired.has(identity),
    async openLink(identity, now) {
      const fresh = code()
      linkCodes.set(fresh, { identity, until: now + LINK_MS })
      return fresh
    },
    async confirmLink(given, identity, at) {
      const other = linkCodes.get(given)
      if (other === undefined || other.identity === identity || other.until < at) return null
      linkCodes.delete(given)
      links.push({ identities: [other.identity, identity], at })
      return other.identity
    },
    links: async () => links,
  }
}
