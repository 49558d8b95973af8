// Where the package's own files are (schema, web page, examples), whatever way the code was built.

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

let found: string | undefined

/** Absolute path of the folder that holds the package's package.json. */
export function packageRoot(): string {
  if (found !== undefined) return found
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!(existsSync(join(folder, 'package.json')) && existsSync(join(folder, 'schema')))) {
    const parent = dirname(folder)
    if (parent === folder) throw new Error('The package folder of claw-engine was not found.')
    folder = parent
  }
  found = folder
  return folder
}

export const packageVersion = (): string => packageJson().version

/** Where bugs are reported. */
export const bugsUrl = (): string => packageJson().bugs.url

const packageJson = (): { readonly version: string; readonly bugs: { readonly url: string } } =>
  JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8'))
