// A turn in, the one it works for out: under that name notes are kept. Asked only where a tool wants to know.

import { type Scope, SHARED } from '../../memory/scopes.ts'
import type { ReachedScopes } from '../../memory/store.ts'
import { heartbeatPerson, type MemoryScope, memoryPerson } from '../../plan/memory-access.ts'
import type { Plan } from '../../plan/plan.ts'
import type { InboxRow } from '../../storage/ports.ts'
import type { ApprovalPayload, HeartbeatPayload, MessagePayload, SpawnPayload } from './inbox-work.ts'
import type { TurnContext } from './turn-context.ts'

/** null: nobody, or several people at once, whose notes must not meet. */
export function personOf({ plan, claim }: Pick<TurnContext, 'plan' | 'claim'>): string | null {
  const people = new Set(claim.rows.filter(({ kind }) => kind !== 'deliver').map((row) => personOfRow(plan, row)))
  const [person = null] = people
  return people.size === 1 ? person : null
}

function personOfRow(plan: Plan, { kind, message, payload }: InboxRow): string | null {
  const { person, claimed, name } = (payload ?? {}) as Partial<SpawnPayload & ApprovalPayload & MessagePayload & HeartbeatPayload>
  if (person !== undefined) return person
  if (kind === 'heartbeat') return name === undefined ? null : heartbeatPerson(plan, name)
  return message === undefined ? null : memoryPerson(plan, message, claimed === true)
}

/** The scopes that the turn's tools may write and read. */
export function reachedScopes(turn: Pick<TurnContext, 'plan' | 'claim' | 'agent'>): ReachedScopes {
  const { id, memory } = turn.agent
  const person = personOf(turn)
  const scopeOf = (scope: MemoryScope): Scope | null => {
    if (scope === 'shared') return SHARED
    if (scope === 'agent') return { kind: 'agent', name: id }
    return person === null ? null : { kind: 'person', name: person }
  }
  return { write: scopeOf(memory.write), read: memory.read.flatMap((scope) => scopeOf(scope) ?? []) }
}
