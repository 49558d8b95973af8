// Where a path really is: a path comes in, absolute paths without links leave, also for what does not exist yet.

import { lstat, readlink, realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'

export interface RealPlace {
  /** Where the path leads, all links followed; what is not there yet by its parent, and by what a dangling link names. */
  readonly real: string
  /** The entry itself, not what it leads to: what would be moved, removed or moved over. */
  readonly entry: string
}

/** Resolves an absolute path as the system does: a `..` after a link leaves what the link leads to. */
export async function realPlace(path: string): Promise<RealPlace> {
  const names = namesIn(path)
  const name = names.pop()
  if (name === undefined) return { real: '/', entry: '/' }
  const folder = await follow(`/${names.join('/')}`)
  const entry = name === '..' ? dirname(folder) : join(folder, name)
  const target = name === '..' ? undefined : await linkAt(entry)
  if (target === undefined) return { real: entry, entry }
  return { real: await follow(target.startsWith('/') ? target : `${folder}/${target}`), entry }
}

const namesIn = (path: string): string[] => path.split('/').filter((name) => name !== '' && name !== '.')

/** As the system has it: a path through more links is refused by all. */
const MOST_LINKS = 40

/** All links followed. The system does it where everything exists; else one name after another. */
async function follow(path: string): Promise<string> {
  const known = await realpath(path).catch(() => undefined)
  if (known !== undefined) return known
  const left = namesIn(path).reverse()
  let real = '/'
  let links = 0
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    if (name === '..') {
      real = dirname(real)
      continue
    }
    const next = join(real, name)
    const target = links < MOST_LINKS ? await linkAt(next) : undefined
    if (target === undefined) {
      real = next
      continue
    }
    links++
    left.push(...namesIn(target).reverse())
    if (target.startsWith('/')) real = '/'
  }
  return real
}

/** What a link names; undefined: it is none. */
const linkAt = async (path: string): Promise<string | undefined> => {
  const info = await lstat(path).catch(() => undefined)
  return info?.isSymbolicLink() === true ? await readlink(path).catch(() => undefined) : undefined
}
