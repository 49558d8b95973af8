// `claw backup FILE`: the state folder as one archive, also while its engine runs.

import { resolve } from 'node:path'
import { EXIT } from '../errors.ts'
import { packageVersion } from '../resources.ts'
import { whereabouts } from './client.ts'
import { printJson, usage, type Verb } from './io.ts'

export const run: Verb = async (args, options, io) => {
  const [name] = args
  if (name === undefined) return usage(io, 'backup wants a file to write, such as: claw backup bots.tar.gz')
  const { stateDir } = await whereabouts(options, io)
  const { backupFolder } = await import('../storage/embedded/backup.ts')
  const report = await backupFolder(stateDir, resolve(io.cwd, name), packageVersion(), Date.now())
  if (options.format === 'json') printJson(io, report)
  else io.out(`${report.file}: ${report.files} files, ${(report.bytes / 1024 / 1024).toFixed(1)} MB, of ${stateDir}\n`)
  return EXIT.ok
}
