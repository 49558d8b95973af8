// `claw reload [--wait]`: loads the file again. With --wait it ends when the file as it stands is live, or was refused.

import type { ReloadResult, Status } from '../engine/port.ts'
import { EXIT } from '../errors.ts'
import { connect } from './client.ts'
import { printJson, type Verb } from './io.ts'
import { renderProblems } from './plan-loading.ts'

/** Saves that come while we wait are waited for too, but not for ever. */
const ROUNDS = 10

export const run: Verb = async (_args, options, io) => {
  const client = await connect(options, io)
  let result = await client.ask<ReloadResult>('/api/reload', {})
  for (let round = 0; options['wait'] === true && result.ok && round < ROUNDS; round++) {
    const { configHash, fileHash } = await client.ask<Status>('/status')
    if (configHash === fileHash) break
    result = await client.ask<ReloadResult>('/api/reload', {})
  }
  if (options.format === 'json') printJson(io, result)
  else {
    if (result.diagnostics.length > 0) io.err(await renderProblems(result.diagnostics, options.config, io))
    if (result.ok)
      io.out(
        `generation ${result.generation} is live, ${result.changes.length === 1 ? '1 change' : `${result.changes.length} changes`}, ${Math.round(result.durationMs)} ms\n`,
      )
    else io.err('the file was refused; what ran goes on\n')
  }
  return result.ok ? EXIT.ok : EXIT.invalid
}
