// sandbox-exec's profile, of macOS: no network, no writing but in the agent's folders, homes out of sight.

import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import type { Wrap } from './sandbox.ts'
import { hiddenIn } from './sandbox-hidden.ts'

const quote = (path: string): string => `"${path.replace(/[\\"]/g, '\\$&')}"`

/** What git itself must be able to write. */
const GIT_WRITABLE = ['index', 'index.lock', 'objects', 'refs', 'logs', 'COMMIT_EDITMSG']

export const seatbelt: Wrap = async (program, argv, place) => {
  const rules = [
    '(version 1)',
    '(allow default)',
    '(deny network*)',
    '(deny file-write*)',
    '(deny file-read* (subpath "/Users"))',
  ]
  rules.push('(allow file-write* (literal "/dev/null") (literal "/dev/stdout") (literal "/dev/stderr") (subpath "/private/tmp"))')
  rules.push('(allow file-read-metadata (subpath "/Users"))')
  for (const root of place.roots) {
    const real = await realpath(root.path).catch(() => undefined)
    if (real === undefined) continue
    rules.push(`(allow file-read* (subpath ${quote(real)}))`)
    if (root.access === 'write') rules.push(`(allow file-write* (subpath ${quote(real)}))`)
    for (const { path, how } of await hiddenIn(real, place.protectedPaths)) {
      rules.push(`(deny ${how === 'hidden' ? 'file-read* file-write*' : 'file-write*'} (subpath ${quote(path)}))`)
      if (how === 'git' && root.access === 'write')
        for (const name of GIT_WRITABLE) rules.push(`(allow file-write* (subpath ${quote(join(path, name))}))`)
    }
  }
  for (const own of place.protectedPaths) rules.push(`(deny file-read* file-write* (subpath ${quote(own)}))`)
  return { argv: [program, '-p', rules.join('\n'), ...argv], after: async () => {} }
}
