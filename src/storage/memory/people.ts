// People of a storage in memory: codes that let strangers in and make two identities one person.

import type { Random } from '../../ports.ts'
import { MOST_OPEN_PAIRINGS, type Pairing, type PeopleStore } from '../ports.ts'

const LINK_MS = 10 * 60_000

export function createMemoryPeople(random: Random): PeopleStore {
  const open = new Map<string, string>()
  const names = new Map<string, string>()
  const paired = new Map<string, Pairing>()
  const linkCodes = new Map<string, { readonly identity: string; readonly until: number }>()
  let links: { readonly identities: readonly [string, string]; readonly at: number }[] = []
  const code = (): string => random.id().slice(-6)

  function offer(given: string, identity: string, at: number): string | null {
    const other = linkCodes.get(given)
    return other === undefined || other.identity === identity || other.until < at ? null : other.identity
  }

  return {
    async openPairing(identity, displayName) {
      if (displayName !== undefined) names.set(identity, displayName)
      for (const [known, one] of open) if (one === identity) return known
      const channel = identity.slice(0, identity.indexOf(':') + 1)
      if ([...open.values()].filter((one) => one.startsWith(channel)).length >= MOST_OPEN_PAIRINGS) return null
      const fresh = code()
      open.set(fresh, identity)
      return fresh
    },
    async approvePairing(given, by, at) {
      const identity = open.get(given)
      if (identity === undefined) return null
      open.delete(given)
      const displayName = names.get(identity)
      paired.set(identity, { identity, ...(displayName === undefined ? {} : { displayName }), by, at })
      return identity
    },
    isPaired: async (identity) => paired.has(identity),
    pairings: async () => [...paired.values()],
    removePairing: async (identity) => paired.delete(identity),
    async openLink(identity, now) {
      const fresh = code()
      linkCodes.set(fresh, { identity, until: now + LINK_MS })
      return fresh
    },
    linkOffer: async (given, identity, at) => offer(given, identity, at),
    async confirmLink(given, identity, at) {
      const other = offer(given, identity, at)
      if (other === null) return null
      linkCodes.delete(given)
      links.push({ identities: [other, identity], at })
      return other
    },
    links: async () => links,
    async removeLinks(identity) {
      const kept = links.filter(({ identities }) => !identities.includes(identity))
      const removed = links.length - kept.length
      links = kept
      return removed
    },
  }
}
