// What `plugins` names → the folder it is in: a path beside the file that names it, or a package that is installed there or above.

import { existsSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { copyOf, type Mirror } from '../mirror.ts'

export const MANIFEST = 'claw.plugin.json'

const PACKAGE = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/i

/** `./x`, `../x`, `/x` and `x/y` are paths; `x` and `@scope/x` are packages. */
export const isPackageName = (text: string): boolean => PACKAGE.test(text) && !text.startsWith('.')

/** Absolute; null: no such package is installed. */
export function pluginFolder(text: string, from: string): string | null {
  if (!isPackageName(text)) return isAbsolute(text) ? text : resolve(dirname(from), text)
  for (let folder = dirname(from); ; folder = dirname(folder)) {
    const found = join(folder, 'node_modules', text)
    if (existsSync(found)) return found
    if (dirname(folder) === folder) return null
  }
}

/** Where the bytes of a plugin's file are; packages are no part of what is mirrored. */
export const bytesOf = (path: string, text: string, mirror: Mirror | undefined): string =>
  isPackageName(text) ? path : copyOf(path, mirror)
