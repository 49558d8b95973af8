// Who was let in by `/pair` or linked, and how that ends. Works on the store of people alone, so that it also works while no
// engine runs.

import type { Audit } from '../../permissions/audit.ts'
import { takesPairs } from '../../plan/admission.ts'
import type { Plan } from '../../plan/plan.ts'
import { type Speaker, sessionKey } from '../../plan/session-key.ts'
import { withStoredLinks } from '../../plan/stored-links.ts'
import type { Pairing, PeopleStore, Storage } from '../../storage/ports.ts'
import type { TurnRunner } from '../turns/turn-runner.ts'
import type { Generations } from '../world.ts'

export interface Person {
  /** An identity, or the name of a link. */
  readonly id: string
  readonly kind: 'paired' | 'linked'
  readonly identities: readonly string[]
  /** Where it comes from: a code that people said, or `identityLinks` of the file. */
  readonly source: 'code' | 'file' | 'code and file'
  /** Whether it counts now: a pairing holds only while the channel says `strangers: pair`. */
  readonly active: boolean
  readonly displayName?: string
  /** Of a pairing: the owner who let them in, and when. */
  readonly by?: string
  readonly at?: string
}

export interface Removal {
  /** Identities that were let in or linked by a code, and are not any more. */
  readonly removed: readonly string[]
  /** The file links them too, which only its owner can change. */
  readonly inFile: boolean
  readonly message: string
}

export type StoredLinks = Awaited<ReturnType<PeopleStore['links']>>

export function peopleOf(configured: Plan, pairings: readonly Pairing[], links: StoredLinks): readonly Person[] {
  const linked = withStoredLinks(
    configured,
    links.map(({ identities }) => identities),
  )
  return [
    ...pairings.map(({ identity, at, ...pairing }): Person => {
      const active = isActive(configured, identity)
      const base = { id: identity, kind: 'paired', identities: [identity], source: 'code', active } as const
      return { ...base, ...pairing, at: new Date(at).toISOString() }
    }),
    ...linked.links.map(({ name, identities }): Person => {
      const inFile = identities.filter((identity) => configured.linkOf.get(identity) === name).length
      const source = inFile === 0 ? 'code' : inFile === identities.length ? 'file' : 'code and file'
      return { id: name, kind: 'linked', identities, source, active: true }
    }),
  ]
}

function isActive(plan: Plan, identity: string): boolean {
  const channel = plan.channels.get(identity.slice(0, identity.indexOf(':')))
  return channel?.enabled === true && takesPairs(channel)
}

type Removing = Pick<PeopleStore, 'links' | 'removePairing' | 'removeLinks'>

/** `id`: an identity, or the name of a link, which stands for all its identities. */
export async function removePerson(store: Removing, configured: Plan, id: string): Promise<Removal> {
  const pairs = (await store.links()).map(({ identities }) => identities)
  const link = withStoredLinks(configured, pairs).links.find(({ name }) => name === id)
  const identities = link?.identities ?? [id]
  const removed: string[] = []
  for (const identity of identities) {
    const wasPaired = await store.removePairing(identity)
    const wasLinked = (await store.removeLinks(identity)) > 0
    if (wasPaired || wasLinked) removed.push(identity)
  }
  const inFile = identities.some((identity) => configured.linkOf.has(identity))
  return { removed, inFile, message: sentence(id, removed, inFile) }
}

function sentence(id: string, removed: readonly string[], inFile: boolean): string {
  const file = inFile ? `${id} is linked in openclaw.yaml; take it out of identityLinks there.` : ''
  if (removed.length > 0) return `${removed.join(' and ')}: no longer let in or linked by a code. ${file}`.trim()
  return file === '' ? `${id} is neither paired nor linked; claw people list names those who are.` : file
}

const speakerOf = (identity: string): Speaker => {
  const cut = identity.indexOf(':')
  return { channelId: identity.slice(0, cut), userId: identity.slice(cut + 1) }
}

export interface People {
  list(): Promise<readonly Person[]>
  remove(id: string, by: string): Promise<Removal>
}

export function createPeople(
  { people }: Pick<Storage, 'people'>,
  generations: Pick<Generations, 'now' | 'relink'>,
  audit: Pick<Audit, 'append'>,
  turns: Pick<TurnRunner, 'interrupt'>,
): People {
  return {
    list: async () => peopleOf(generations.now.configured, await people.pairings(), await people.links()),
    async remove(id, by) {
      const removal = await removePerson(people, generations.now.configured, id)
      if (removal.removed.length === 0) return removal
      // What runs for them in private ends, too.
      const { plan } = generations.now
      for (const identity of removal.removed)
        for (const agentId of plan.agents.keys()) turns.interrupt(sessionKey(plan, agentId, speakerOf(identity)))
      await generations.relink()
      await audit.append({ kind: 'unpair', identities: removal.removed, by })
      return removal
    },
  }
}
