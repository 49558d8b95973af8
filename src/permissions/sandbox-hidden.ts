// What of a folder must not be seen or changed inside a sandbox: the engine's files, names that hold keys, git's own folders.
// Bounded: very deep or large trees are cut.

import type { Dirent } from 'node:fs'
import { lstat, readdir, realpath } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { isPattern, patternFolder } from './engine-files.ts'
import { protectedComponent } from './protected.ts'

/** `absent`: a file or folder that may not come to be. `git`: a repository's own folder or file. */
export interface Hidden {
  readonly path: string
  readonly folder: boolean
  readonly how: 'hidden' | 'read-only' | 'absent' | 'git'
}

const MOST_ENTRIES = 3000
const MOST_DEPTH = 4

/** `root`: without links. */
export async function hiddenIn(root: string, protectedPaths: readonly string[]): Promise<readonly Hidden[]> {
  const hidden = [...(await engineFilesIn(root, protectedPaths))]
  let left = MOST_ENTRIES
  const walk = async (folder: string, depth: number): Promise<void> => {
    const entries: Dirent[] = await readdir(folder, { withFileTypes: true }).catch(() => [])
    for (const entry of entries) {
      if (left-- <= 0) return
      const path = join(folder, entry.name)
      if (entry.isSymbolicLink()) continue
      if (protectedComponent(relative(root, path).split('/')) !== undefined)
        hidden.push({ path, folder: entry.isDirectory(), how: 'hidden' })
      else if (entry.name === '.git') hidden.push({ path, folder: entry.isDirectory(), how: 'git' })
      else if (
        entry.isDirectory() &&
        entry.name !== 'node_modules' &&
        depth < MOST_DEPTH &&
        !hidden.some((one) => one.path === path)
      )
        await walk(path, depth + 1)
    }
  }
  await walk(root, 0)
  const git = join(root, '.git')
  if (!hidden.some((one) => one.path === git)) hidden.push({ path: git, folder: true, how: 'absent' })
  return hidden
}

async function engineFilesIn(root: string, protectedPaths: readonly string[]): Promise<readonly Hidden[]> {
  const hidden: Hidden[] = []
  const add = async (path: string, how: Hidden['how']): Promise<boolean> => {
    const info = await lstat(path).catch(() => undefined)
    if (info === undefined) return false
    const real = info.isSymbolicLink() ? root : await realpath(path)
    if (real.startsWith(`${root}/`) && !hidden.some((one) => one.path === real))
      hidden.push({ path: real, folder: info.isDirectory(), how })
    return true
  }
  for (const own of protectedPaths) {
    if (isPattern(own)) {
      await add(patternFolder(own), 'read-only')
      continue
    }
    if (await add(own, 'hidden')) continue
    // What is not there yet may not come to be. Deeper in, the folder that it would stand in is read-only.
    const folder = await realpath(dirname(own)).catch(() => undefined)
    if (folder === root) hidden.push({ path: join(root, basename(own)), folder: !basename(own).includes('.'), how: 'absent' })
    else await add(dirname(own), 'read-only')
  }
  return hidden.sort((a, b) => Number(b.how === 'read-only') - Number(a.how === 'read-only'))
}
