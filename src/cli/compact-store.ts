// `claw compact-store`: what is older than `retention` goes now, and the database shrinks to what is in it. A running engine does the
// first, and gives back pages as far as it can without holding anybody up; with none, the database is rewritten.

import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Tidied } from '../engine/operations/tidying.ts'
import { EXIT } from '../errors.ts'
import { reach, unreachedError, whereabouts } from './client.ts'
import { notFound, printJson, type Verb } from './io.ts'

export const run: Verb = async (_args, options, io) => {
  const { stateDir, plan } = await whereabouts(options, io)
  const file = join(stateDir, 'state.db')
  if (!existsSync(file)) return notFound(io, `there is no database in ${stateDir}`)
  const reached = await reach(options.config, stateDir, io)
  const before = statSync(file).size
  let tidied: Tidied
  if (reached.client !== null) tidied = await reached.client.ask<Tidied>('/api/tidy', {}, { answerMs: LONGEST_MS })
  else if (reached.unreached.why !== 'not-running') throw unreachedError(reached.unreached, stateDir)
  else {
    const [{ compactDatabase, withStorage }, { tidyFolder }] = await Promise.all([
      import('../storage/embedded/upkeep.ts'),
      import('../engine/operations/tidying.ts'),
    ])
    tidied = plan === null ? NOTHING : await withStorage(stateDir, (storage) => tidyFolder(storage, plan))
    compactDatabase(stateDir)
  }
  const after = statSync(file).size
  if (options.format === 'json') printJson(io, { ...tidied, database: { file, before, after } })
  else {
    const sessions = tidied.sessions === 0 ? '' : `${tidied.sessions} old sessions removed; `
    io.out(`${sessions}${file}: ${before} bytes before, ${after} now\n`)
    if (reached.client !== null) io.out('Stop the engine and run this again to have the database rewritten.\n')
  }
  return EXIT.ok
}

const LONGEST_MS = 60 * 60_000
const NOTHING: Tidied = { sessions: 0, bytes: 0 }
