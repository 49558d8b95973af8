// `claw people list | remove ID`: who was let in by /pair and who is linked. Asks the running engine, so that a removal holds there
// at once; where none runs, it works on the state folder.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Person, Removal } from '../engine/operations/people.ts'
import { ClawError, EXIT } from '../errors.ts'
import type { Plan } from '../plan/plan.ts'
import { reach, unreachedError, whereabouts } from './client.ts'
import { type Io, type Options, printJson, usage, type Verb, type VerbIo } from './io.ts'
import { minute, printTable } from './table.ts'

export const run: Verb = async ([action = 'list', id], options, io) => {
  if (action === 'list') {
    list(await peopleNow(options, io), options, io)
    return EXIT.ok
  }
  if (action !== 'remove') return usage(io, `people has no "${action}"; it has list and remove ID`)
  if (id === undefined) return usage(io, 'say whom: claw people remove ID, an identity or the name of a link')
  const removal = await remove(id, options, io)
  if (options.format === 'json') printJson(io, { id, ...removal })
  else io.out(`${removal.message}\n`)
  return EXIT.ok
}

function list(people: readonly Person[], options: Options, io: Io): void {
  if (options.format === 'json') printJson(io, { people })
  else if (people.length === 0) io.out('nobody is paired or linked\n')
  else
    printTable(
      io,
      ['person', 'how', 'since', 'identities'],
      people.map(({ id, kind, source, active, at, identities, displayName }) => [
        displayName === undefined ? id : `${id} (${displayName})`,
        `${kind} by ${source}${active ? '' : ', not now'}`,
        at === undefined ? '' : minute(at),
        kind === 'paired' ? '' : identities.join(' '),
      ]),
    )
}

async function peopleNow(options: Options, io: VerbIo): Promise<readonly Person[]> {
  const { stateDir, plan } = await whereabouts(options, io)
  const { client } = await reach(options.config, stateDir, io)
  if (client !== null) return (await client.ask<{ people: readonly Person[] }>('/api/people')).people
  const [{ peopleOf }, { readPairings, readStoredLinks }] = await Promise.all([
    import('../engine/operations/people.ts'),
    import('../storage/embedded/read-outside.ts'),
  ])
  const links = readStoredLinks(stateDir).map((identities) => ({ identities, at: 0 }))
  return peopleOf(whole(plan), readPairings(stateDir), links)
}

async function remove(id: string, options: Options, io: VerbIo): Promise<Removal> {
  const { stateDir, plan } = await whereabouts(options, io)
  const reached = await reach(options.config, stateDir, io)
  if (reached.client !== null) return await reached.client.ask<Removal>(`/api/people/${encodeURIComponent(id)}/remove`, {})
  if (reached.unreached.why !== 'not-running') throw unreachedError(reached.unreached, stateDir)
  const removal = await removeStored(id, whole(plan), stateDir)
  if (removal.removed.length === 0)
    throw new ClawError(removal.message, { exitCode: removal.inFile ? EXIT.invalid : EXIT.noInput })
  return removal
}

/** No engine runs: the state folder is held meanwhile, as one that starts now would not see the change. */
async function removeStored(id: string, plan: Plan, stateDir: string): Promise<Removal> {
  const [{ removePerson }, { lockFolder }, { openDatabase }, { createPeople }, { createAudit }] = await Promise.all([
    import('../engine/operations/people.ts'),
    import('../storage/embedded/lock.ts'),
    import('../storage/embedded/database.ts'),
    import('../storage/embedded/people.ts'),
    import('../permissions/audit.ts'),
  ])
  // Nothing is made where nothing is.
  if (!existsSync(join(stateDir, 'state.db'))) return await removePerson(NOBODY, plan, id)
  const unlock = lockFolder(stateDir)
  const audit = createAudit(join(stateDir, 'audit.jsonl'))
  const db = openDatabase({ stateDir, durability: 'power' })
  try {
    const removal = await removePerson(createPeople(db), plan, id)
    if (removal.removed.length > 0) await audit.append({ kind: 'unpair', identities: removal.removed, by: 'owner' })
    return removal
  } finally {
    await db.close()
    await audit.close()
    unlock()
  }
}

const NOBODY = { links: async () => [], removePairing: async () => false, removeLinks: async () => 0 }

function whole(plan: Plan | null): Plan {
  if (plan === null) throw new ClawError('the file is invalid; claw validate shows the problems', { exitCode: EXIT.invalid })
  return plan
}
