// `/link` and `/unlink`: two identities of one person, joined by a code that is said on both channels, and taken apart again.

import type { InboundMessage } from '../../channels/port.ts'
import type { Audit } from '../../permissions/audit.ts'
import type { Plan } from '../../plan/plan.ts'
import { sessionKey } from '../../plan/session-key.ts'
import { verifiedIdentity } from '../approvals/authority.ts'
import type { Notifications } from '../outbound/notifications.ts'
import type { Caller } from '../port.ts'
import type { Generations, World } from '../world.ts'

/** Who says it, and the session in which an agent would answer; null: none does. */
interface LinkContext {
  readonly message: InboundMessage
  readonly caller: Caller
  readonly session: { readonly agentId: string; readonly key: string } | null
}

export interface LinkingOptions {
  readonly generations: Pick<Generations, 'relink'>
  readonly notifications: Pick<Notifications, 'reply'>
  readonly audit: Pick<Audit, 'append'>
}

export interface Linking {
  /** Without a code: gives one. The answer is for the sender. */
  link(code: string | undefined, context: LinkContext): Promise<string>
  unlink(context: LinkContext): Promise<string>
}

/** What was said before keeps its key and its file: two conversations make no sense as one. */
const ONE_CONVERSATION =
  ' From now on we have one conversation, wherever you write. What we said here before is not part of it; what I saved to memory stays.'
/** Nobody finds a code by trying: so many wrong ones, then a while of none at all. */
const WRONG_CODES = 5
const WRONG_CODES_MS = 10 * 60_000
const UNKNOWN_CODE = 'That code is not known, or its time was up.'
/** Links that were shown to their second side and wait to be confirmed. */
const MOST_SHOWN = 10_000
const TOO_MANY_CODES = 'Too many wrong codes. Try again in ten minutes.'

export function createLinking(world: World, { generations, notifications, audit }: LinkingOptions): Linking {
  const { storage, clock } = world
  const wrongCodes = new Map<string, { readonly count: number; readonly since: number }>()
  const shownLinks = new Set<string>()

  const isLocked = (identity: string): boolean => (wrongCodes.get(identity)?.count ?? 0) >= WRONG_CODES

  function countWrongCode(identity: string): void {
    const before = wrongCodes.get(identity) ?? { count: 0, since: clock.now() }
    wrongCodes.set(identity, { ...before, count: before.count + 1 })
  }

  /** Said on one channel without a code, then with it on another: it shows both identities first, and joins them when it is said again. */
  async function link(given: string | undefined, context: LinkContext): Promise<string> {
    const { message, caller } = context
    const identity = verifiedIdentity(message, caller)
    if (identity === null) return 'Linking needs a channel that knows who you are.'
    // Anyone who reads a code in a group could use it.
    if (message.groupId !== undefined) return 'Say that to me in private.'
    if (given === undefined) {
      const code = await storage.people.openLink(identity, clock.now())
      return `You are ${identity} here. Say /link ${code} to me on your other channel, in private, within ten minutes.`
    }
    for (const [who, { since }] of wrongCodes) if (clock.now() - since >= WRONG_CODES_MS) wrongCodes.delete(who)
    if (isLocked(identity)) return TOO_MANY_CODES
    const code = given.toUpperCase()
    const offered = await storage.people.linkOffer(code, identity, clock.now())
    if (offered === null) {
      countWrongCode(identity)
      return UNKNOWN_CODE
    }
    const shown = JSON.stringify([identity, code, offered])
    if (!shownLinks.delete(shown)) {
      if (shownLinks.size >= MOST_SHOWN) shownLinks.clear()
      shownLinks.add(shown)
      return `This makes ${offered} and ${identity} one person for me. If both are you, say /link ${code} once more.`
    }
    const other = await storage.people.confirmLink(code, identity, clock.now())
    return other === null ? UNKNOWN_CODE : await linked(other, identity, context)
  }

  /** What the sender reads when two identities became one person; the other of them reads of it too. */
  async function linked(other: string, identity: string, { message, session }: LinkContext): Promise<string> {
    await generations.relink()
    await audit.append({ kind: 'link', identities: [other, identity], by: identity })
    const { plan, configured } = world.generations.now
    const { linkOf } = plan
    if (linkOf.get(other) === undefined || linkOf.get(other) !== linkOf.get(identity))
      return `In the owner’s openclaw.yaml ${other} and ${identity} are two people, and that holds.`
    await tell(other, `${other} and ${identity} are one person for me now. /unlink takes that back.`)
    const isMoved = session !== null && sessionKey(plan, session.agentId, message) !== session.key
    return `Linked ${other} and ${identity}. /unlink takes that back.${isMoved ? ONE_CONVERSATION : ''} For the owner’s openclaw.yaml:\n${linesFor([other, identity], linkOf.get(identity) ?? identity, plan, configured)}`
  }

  /** In private, where the platform can be written to. */
  async function tell(identity: string, content: string): Promise<void> {
    const cut = identity.indexOf(':')
    const channelId = identity.slice(0, cut)
    if (world.generations.now.pushed.has(channelId))
      await notifications.reply({ channelId, userId: identity.slice(cut + 1) }, content)
  }

  async function unlink({ message, caller }: LinkContext): Promise<string> {
    const identity = verifiedIdentity(message, caller)
    if (identity === null) return 'Linking needs a channel that knows who you are.'
    const removed = await storage.people.removeLinks(identity)
    if (removed > 0) {
      await generations.relink()
      await audit.append({ kind: 'unlink', identity, by: identity })
    }
    const name = world.generations.now.configured.linkOf.get(identity)
    if (name !== undefined) return `${identity} is linked in the owner’s openclaw.yaml; only the owner can change that.`
    return removed === 0 ? `${identity} is not linked.` : `${identity} is on its own again.`
  }

  return { link, unlink }
}

/** The person whole, under the name the file has for them, so that the lines can stand in the place of the old ones. */
function linesFor(linked: readonly string[], name: string, plan: Plan, configured: Plan): string {
  const membersIn = ({ links }: Plan): readonly string[] => links.find((link) => link.name === name)?.identities ?? []
  const inFile = membersIn(configured)
  const listed = [...new Set([...inFile, ...linked, ...membersIn(plan)])].map((identity) => JSON.stringify(identity)).join(', ')
  // In a list of lists nobody has a name: the first identity stands in.
  if (inFile[0] === name) return `identityLinks:\n  - [${listed}]`
  return `identityLinks:\n  ${inFile.length === 0 ? 'NAME' : name}: [${listed}]`
}
