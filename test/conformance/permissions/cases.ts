// Reads the case files from the source folder, whatever folder the build went to.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../../src/resources.ts'

/** The shared cases of a name, of both rounds, and claw's own of the same kind. */
export function cases<Case>(name: string): Case[] {
  const folder = join(packageRoot(), 'test/conformance/permissions')
  return [name, name.replace('.jsonl', '-2.jsonl'), `own-${name}`]
    .filter((file) => existsSync(join(folder, file)))
    .flatMap((file) => readFileSync(join(folder, file), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Case)
}

/** A value for a test's name: ASCII alone, so that no line separator ends the name early. */
export const shown = (value: unknown): string =>
  JSON.stringify(value).replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
