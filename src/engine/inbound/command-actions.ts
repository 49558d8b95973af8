// What chat commands do. A reply for the sender comes out; who may do what is decided here and nowhere else.

import type { InboundMessage } from '../../channels/port.ts'
import { identityOf } from '../../plan/admission.ts'
import type { Plan } from '../../plan/plan.ts'
import { sessionKey } from '../../plan/session-key.ts'
import type { Approvals } from '../approvals/approvals.ts'
import { isOwner, mayApprove, verifiedIdentity } from '../approvals/authority.ts'
import type { OwnerActions } from '../operations/owner-actions.ts'
import type { Caller } from '../port.ts'
import type { TurnRunner } from '../turns/turn-runner.ts'
import type { Generations, World } from '../world.ts'
import { type ChatCommand, HELP } from './chat-commands.ts'

export interface CommandContext {
  readonly plan: Plan
  readonly message: InboundMessage
  readonly caller: Caller
  /** The session the sender would speak in; null: no agent answers here. */
  readonly session: { readonly agentId: string; readonly key: string } | null
}

export interface Commands {
  run(command: ChatCommand, context: CommandContext): Promise<string>
  /** The code a stranger may show the owner, the same while it is valid. null: too many of the channel's strangers wait already. */
  pairingCode(identity: string, displayName?: string): Promise<string | null>
}

export interface CommandsOptions {
  readonly approvals: Approvals
  readonly owners: Pick<OwnerActions, 'halt' | 'resume' | 'startFresh' | 'describe'>
  readonly turns: Pick<TurnRunner, 'interrupt'>
  readonly generations: Pick<Generations, 'relink'>
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

const OWNERS_ONLY = 'Only an owner may do that.'
/** What was said before keeps its key and its file: two conversations make no sense as one. */
const ONE_CONVERSATION =
  ' From now on we have one conversation, wherever you write. What we said here before is not part of it; what I saved to memory stays.'
/** Nobody finds a code by trying: so many wrong ones, then a while of none at all. */
const WRONG_CODES = 5
const WRONG_CODES_MS = 10 * 60_000
const TOO_MANY_CODES = 'Too many wrong codes. Try again in ten minutes.'

export function createCommands(world: World, options: CommandsOptions): Commands {
  const { storage, clock } = world
  const wrongCodes = new Map<string, { readonly count: number; readonly since: number }>()

  async function run(command: ChatCommand, context: CommandContext): Promise<string> {
    const { message, plan, caller, session } = context
    const by = identityOf(message)
    switch (command.name) {
      case 'malformed':
        return command.usage
      case 'help':
        return HELP
      case 'approve':
        return await decide(command.id, command.decision, context)
      case 'deny':
        return await decide(command.id, 'deny', context)
      case 'pair':
        if (!isOwner(plan, message, caller)) return OWNERS_ONLY
        return await pair(command.code, by)
      case 'link':
        return await link(command.code, context)
      case 'stop':
        if (!command.all)
          return session !== null && options.turns.interrupt(session.key) ? 'Stopped.' : 'Nothing is running here.'
        if (!isOwner(plan, message, caller)) return OWNERS_ONLY
        await options.owners.halt(undefined, by)
        return 'Everything is stopped. /resume lets it go on.'
      case 'resume':
        if (!isOwner(plan, message, caller)) return OWNERS_ONLY
        await options.owners.resume(undefined, by)
        return 'Going on.'
      case 'new':
        if (session === null) return 'No agent answers here.'
        options.turns.interrupt(session.key)
        await options.owners.startFresh(session.key, session.agentId)
        return 'A fresh session. What I saved to memory stays.'
      case 'status':
        return await options.owners.describe(session)
    }
  }

  async function decide(
    id: string,
    decision: 'once' | 'always' | 'deny',
    { plan, message, caller }: CommandContext,
  ): Promise<string> {
    const identity = verifiedIdentity(message, caller)
    const { message: said } = await options.approvals.decide(id, decision, identityOf(message), (row) =>
      mayApprove(plan, row, caller, identity),
    )
    return said
  }

  async function pair(code: string, by: string): Promise<string> {
    const identity = await storage.people.approvePairing(code, by, clock.now())
    return identity === null ? `There is no open code ${code}.` : `${identity} may write now.`
  }

  /** Said on one channel without a code, confirmed with it on another: the two are one person. */
  async function link(code: string | undefined, { message, caller, session }: CommandContext): Promise<string> {
    const identity = verifiedIdentity(message, caller)
    if (identity === null) return 'Linking needs a channel that knows who you are.'
    if (code === undefined) {
      return `Say /link ${await storage.people.openLink(identity, clock.now())} on your other channel within ten minutes.`
    }
    const wrong = wrongCodes.get(identity)
    const before = wrong !== undefined && clock.now() - wrong.since < WRONG_CODES_MS ? wrong : { count: 0, since: clock.now() }
    if (before.count >= WRONG_CODES) return TOO_MANY_CODES
    const other = await storage.people.confirmLink(code, identity, clock.now())
    if (other === null) {
      for (const [who, { since }] of wrongCodes) if (clock.now() - since >= WRONG_CODES_MS) wrongCodes.delete(who)
      wrongCodes.set(identity, { ...before, count: before.count + 1 })
      return 'That code is not known, or its time was up.'
    }
    await options.generations.relink()
    const { plan, configured } = world.generations.now
    const { linkOf } = plan
    if (linkOf.get(other) === undefined || linkOf.get(other) !== linkOf.get(identity))
      return `In the owner’s openclaw.yaml ${other} and ${identity} are two people, and that holds.`
    const isMoved =
      session !== null && message.groupId === undefined && sessionKey(plan, session.agentId, message) !== session.key
    return `Linked ${other} and ${identity}.${isMoved ? ONE_CONVERSATION : ''} For the owner’s openclaw.yaml:\n${linesFor([other, identity], linkOf.get(identity) ?? identity, plan, configured)}`
  }

  return {
    run,
    pairingCode: (identity, displayName) => storage.people.openPairing(identity, displayName, clock.now()),
  }
}
