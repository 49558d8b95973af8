// What chat commands do. A reply for the sender comes out; who may do what is decided here and nowhere else.

import type { InboundMessage } from '../../channels/port.ts'
import { identityOf } from '../../plan/admission.ts'
import { type ChatCommand, HELP } from '../../plan/chat-commands.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Approvals } from '../approvals/approvals.ts'
import { isOwner, mayApprove, verifiedIdentity } from '../approvals/authority.ts'
import type { OwnerActions } from '../operations/owner-actions.ts'
import type { Caller } from '../port.ts'
import type { TurnRunner } from '../turns/turn-runner.ts'
import type { World } from '../world.ts'
import { createLinking, type LinkingOptions } from './linking.ts'

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

export interface CommandsOptions extends LinkingOptions {
  readonly approvals: Approvals
  readonly owners: Pick<OwnerActions, 'halt' | 'resume' | 'startFresh' | 'describe'>
  readonly turns: Pick<TurnRunner, 'interrupt' | 'stop'>
}

const OWNERS_ONLY = 'Only an owner may do that.'

export function createCommands(world: World, options: CommandsOptions): Commands {
  const { storage, clock } = world
  const linking = createLinking(world, options)

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
        return await linking.link(command.code, context)
      case 'unlink':
        return await linking.unlink(context)
      case 'stop':
        if (!command.all)
          return session !== null && (await options.turns.stop(session.key)) ? 'Stopped.' : 'Nothing is running here.'
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
    if (identity === null) return `There is no open code ${code}.`
    await options.audit.append({ kind: 'pair', identity, by })
    return `${identity} may write now.`
  }

  return {
    run,
    pairingCode: (identity, displayName) => storage.people.openPairing(identity, displayName, clock.now()),
  }
}
