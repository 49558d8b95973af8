// `claw fmt [FILE…] [--check]`: the same document in one style; comments, order and meaning stay.

import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { formatYaml } from '../config/format.ts'
import { renderHuman, shownPath } from '../config/render.ts'
import { ClawError, EXIT, messageOf } from '../errors.ts'
import { readOrdinaryFileSync } from '../ordinary-file.ts'
import { printJson, type Verb } from './io.ts'

/** @throws ClawError with a sentence */
function read(file: string): string {
  try {
    return readOrdinaryFileSync(file).toString('utf8')
  } catch (error) {
    throw new ClawError(`${file} cannot be read: ${messageOf(error)}`, { exitCode: EXIT.noInput, cause: error })
  }
}

export const run: Verb = async (args, options, io) => {
  const files = (args.length === 0 ? [options.config] : args).map((file) => resolve(io.cwd, file))
  const missing = files.filter((file) => !existsSync(file))
  if (missing.length > 0) {
    for (const file of missing) io.err(`claw: there is no file ${shownPath(file, io.cwd)}\n`)
    return EXIT.noInput
  }
  const changed: string[] = []
  let invalid = false
  for (const file of files) {
    const text = read(file)
    const result = await formatYaml(file, text)
    if ('diagnostics' in result) {
      invalid = true
      io.err(renderHuman(result.diagnostics, { cwd: io.cwd, color: io.color }))
      continue
    }
    if (result.text === text) continue
    changed.push(shownPath(file, io.cwd))
    if (options['check'] === true) continue
    const { default: writeFileAtomic } = await import('write-file-atomic')
    await writeFileAtomic(file, result.text)
  }
  if (options.format === 'json') printJson(io, { changed })
  else for (const file of changed) io.out(`${file}: ${options['check'] === true ? 'would change' : 'formatted'}\n`)
  if (invalid) return EXIT.invalid
  return options['check'] === true && changed.length > 0 ? EXIT.invalid : EXIT.ok
}
