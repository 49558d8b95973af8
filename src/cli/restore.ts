// `claw restore FILE [--force]`: fills the state folder from a backup. No engine may run on it.

import { resolve } from 'node:path'
import { EXIT } from '../errors.ts'
import { whereabouts } from './client.ts'
import { printJson, usage, type Verb } from './io.ts'

export const run: Verb = async (args, options, io) => {
  const [name] = args
  if (name === undefined) return usage(io, 'restore wants a backup to read, such as: claw restore bots.tar.gz')
  const { stateDir } = await whereabouts(options, io)
  const { restoreFolder } = await import('../storage/embedded/backup.ts')
  const report = await restoreFolder(resolve(io.cwd, name), stateDir, { force: options['force'] === true, now: Date.now() })
  if (options.format === 'json') printJson(io, report)
  else {
    io.out(`${stateDir} is as it was at ${report.label.createdAt}\n`)
    if (report.previous !== null) io.out(`What was there before is kept in ${report.previous}\n`)
  }
  return EXIT.ok
}
