// A repository's own folder inside a sandbox. git reads settings, hooks and attributes from it, so that anyone who writes there runs
// programs outside: all of it is read-only but the index, objects, refs and logs. git makes new files beside the index and renames
// them over it, so the folder itself is a stand-in made for one run: what is new in it goes away, the index is taken over.

import { copyFile, lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { holdsToken } from './operands.ts'

export interface GitStandIn {
  /** Arguments of bubblewrap. */
  readonly args: readonly string[]
  /** Takes the index over and removes the stand-in. Must not throw. */
  after(): Promise<void>
}

const WRITABLE = new Set(['objects', 'refs', 'logs'])
const INDEX = 'index'
/** Notes that git writes to itself in passing; what it writes inside is forgotten. */
const SCRATCH = new Set(['COMMIT_EDITMSG', 'FETCH_HEAD', 'ORIG_HEAD', 'MERGE_MSG', 'SQUASH_MSG', 'TAG_EDITMSG'])

/** `git`: a folder, absolute, without links. */
export async function gitStandIn(git: string): Promise<GitStandIn> {
  const folder = await mkdtemp(join(tmpdir(), 'claw-git-'))
  const standIn = join(folder, 'git')
  const args = ['--bind', standIn, git]
  await mkdir(standIn)
  let before = ''
  for (const entry of await readdir(git, { withFileTypes: true })) {
    const { name } = entry
    const path = join(git, name)
    // A link would show, or let write, what it leads to.
    if (!(entry.isFile() || entry.isDirectory()) || name.endsWith('.lock')) continue
    if (name === INDEX) {
      before = await markOf(path)
      await copyFile(path, join(standIn, INDEX))
    } else if (SCRATCH.has(name)) await copyFile(path, join(standIn, name))
    else if (WRITABLE.has(name)) args.push('--bind', path, path)
    else if (await holdsToken(path)) {
      const redacted = join(folder, name)
      await writeFile(redacted, withoutTokens(await readFile(path, 'utf8')))
      args.push('--ro-bind', redacted, path)
    } else args.push('--ro-bind', path, path)
  }
  const copied = await markOf(join(standIn, INDEX))
  return {
    args,
    async after() {
      const made = join(standIn, INDEX)
      const target = join(git, INDEX)
      try {
        const now = await markOf(made)
        // One that somebody else wrote meanwhile stays.
        if (now !== '' && now !== copied && (await markOf(target)) === before) {
          const beside = join(git, `index.claw-${process.pid}`)
          await copyFile(made, beside)
          await rename(beside, target)
        }
      } catch {
        // The repository went away, or its disk is full: what was staged inside is lost, nothing else.
      }
      await rm(folder, { recursive: true, force: true }).catch(() => {})
    },
  }
}

/** Only an ordinary file counts: a link could lead anywhere. */
const markOf = async (path: string): Promise<string> => {
  const info = await lstat(path, { bigint: true }).catch(() => undefined)
  return info?.isFile() === true ? `${info.size}:${info.ctimeNs}:${info.ino}` : ''
}

/** git's settings with user names, tokens and headers taken out. */
const withoutTokens = (text: string): string =>
  text
    .replaceAll(/:\/\/[^/\s@]+@/g, '://')
    .split('\n')
    .filter((line) => !/^\s*\w*(extraheader|authorization|oauth|passw|token|secret)\w*\s*=/i.test(line))
    .join('\n')
