// A file that a tool or a command would use → why it may not, judged by where it really is: links are followed, and what does not
// exist yet is judged by its parent. File tools and verdicts on commands ask here.

import { lstat, opendir, readFile } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { contains } from './engine-files.ts'
import { type EngineGuard, engineGuard } from './engine-guard.ts'
import { codeOf } from './handles.ts'
import { namesProblem } from './path-names.ts'
import { realPlace } from './places.ts'
import { protectedComponent } from './protected.ts'

/** A file in use. The checker's tables of tools name them so. */
export interface FileUse {
  /** Absolute, or relative to the working folder. */
  readonly path: string
  /** `write`: made, changed, removed, moved, or moved over. */
  readonly use: 'read' | 'write'
  /** Everything below it too. */
  readonly deep?: boolean
  /** With `deep`: names that begin with a dot are left out. */
  readonly skipsHidden?: boolean
}

export interface UseProblem {
  /** `engine`: never, whoever says yes. `secret`: it may hold keys. `outside`: not in the agent's folders, or not for writing there. */
  readonly kind: 'engine' | 'secret' | 'outside'
  /** One sentence. */
  readonly reason: string
}

export interface UsePlace {
  /** The working folder, absolute. */
  readonly cwd: string
  /** The agent's folders, absolute, without links. */
  readonly roots: readonly { readonly real: string; readonly access: 'read' | 'write' }[]
  readonly engine: EngineGuard
}

/** The place of an agent, for `useProblem`. */
export async function usePlace(of: {
  readonly cwd: string
  readonly roots: readonly { readonly path: string; readonly access: 'read' | 'write' }[]
  readonly protectedPaths: readonly string[]
}): Promise<UsePlace> {
  const roots = await Promise.all(of.roots.map(async ({ path, access }) => ({ real: (await realPlace(path)).real, access })))
  const engine = await engineGuard(
    of.protectedPaths,
    of.roots.map((root) => root.path),
  )
  return { cwd: of.cwd, roots, engine }
}

/** Why a file may not be used so, or undefined. Never throws for what lies on the disk. */
export async function useProblem(use: FileUse, place: UsePlace): Promise<UseProblem | undefined> {
  if (use.path === '/dev/null') return undefined
  const { real, entry } = await realPlace(use.path.startsWith('/') ? use.path : `${place.cwd}/${use.path}`)
  const problem = (await realProblem(real, use, place)) ?? (entry === real ? undefined : await realProblem(entry, use, place))
  if (problem !== undefined)
    return real === entry ? problem : { ...problem, reason: `\`${use.path}\` leads there: ${problem.reason}` }
  return use.deep === true ? await deepProblem(real, use, place) : undefined
}

/** The same for a path that is known to hold no links. */
export async function realProblem(
  real: string,
  { use }: Pick<FileUse, 'use'>,
  { roots, engine }: Pick<UsePlace, 'roots' | 'engine'>,
): Promise<UseProblem | undefined> {
  if (engine.owns(real))
    return { kind: 'engine', reason: 'The path belongs to the engine: its settings, grants and state are out of reach of tools.' }
  if (use === 'write' && engine.isAbove(real))
    return { kind: 'engine', reason: 'Files of the engine lie below the path: it may not be changed, moved or removed.' }
  const root = nearest(roots, real)
  const components = (root === undefined ? real : relative(root.real, real)).split('/').filter((part) => part !== '')
  const secret = protectedComponent(components)
  if (secret !== undefined)
    return { kind: 'secret', reason: `\`${secret}\` is a protected name: it may hold keys or credentials.` }
  if (use === 'read' && (await holdsToken(real)))
    return { kind: 'secret', reason: `\`${components.slice(-2).join('/')}\` holds a token or a password.` }
  if (KERNEL.test(real)) return { kind: 'secret', reason: 'The path lies in a kernel folder (/proc, /sys or /dev).' }
  if (use === 'write') {
    const settings = namesProblem(components, 'write') ?? (await gitProblem(real, root?.real))
    if (settings !== undefined) return { kind: 'engine', reason: settings }
  }
  if (root === undefined) return { kind: 'outside', reason: 'The path lies outside the workspace.' }
  if (use === 'write' && root.access !== 'write') return { kind: 'outside', reason: 'This folder is read-only for the agent.' }
  return undefined
}

const KERNEL = /^\/(proc|sys|dev)(\/|$)/

/** The innermost folder of the agent that holds a path. */
const nearest = <Root extends { readonly real: string }>(roots: readonly Root[], real: string): Root | undefined =>
  roots.filter((root) => contains(root.real, real)).sort((a, b) => b.real.length - a.real.length)[0]

/** Whether a path lies in a repository's own folder that has another name than `.git`, or would make one. */
async function gitProblem(real: string, root: string | undefined): Promise<string | undefined> {
  for (let folder = dirname(real); root === undefined || contains(root, folder); folder = dirname(folder)) {
    if (
      (await isThere(join(folder, 'HEAD'))) &&
      (await isThere(join(folder, 'objects'))) &&
      (await isThere(join(folder, 'refs')))
    )
      return 'The path lies in a repository’s own folder: git takes settings and hooks from there.'
    if (folder === '/' || folder === dirname(folder)) break
  }
  return undefined
}

const isThere = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  )

/** What credentials look like in git's settings: `https://user:token@host`, `extraheader = Authorization: …`. */
const TOKEN = /:\/\/[^/\s@]+@|extraheader|authorization|oauth|passw|token|secret/i

/** Whether a file is git's settings of a repository and holds credentials. */
export async function holdsToken(path: string): Promise<boolean> {
  if (!/^config(\.worktree)?$/.test(basename(path)) || basename(dirname(path)) !== '.git') return false
  return TOKEN.test(await readFile(path, 'utf8').catch(() => ''))
}

/** A larger tree is not looked through. */
const MOST_ENTRIES = 10_000

/** What a look at everything below a folder would meet. Links below it are not followed, as no tool does unless told. */
async function deepProblem(top: string, { use, path, skipsHidden }: FileUse, place: UsePlace): Promise<UseProblem | undefined> {
  const root = nearest(place.roots, top)?.real ?? '/'
  let left = MOST_ENTRIES
  const folders = [top]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    try {
      for await (const entry of await opendir(folder)) {
        if (skipsHidden === true && entry.name.startsWith('.')) continue
        if (--left < 0)
          return { kind: 'secret', reason: `\`${path}\` holds more than ${MOST_ENTRIES} names, too many to look through.` }
        const full = join(folder, entry.name)
        const met = relative(root, full)
        if (place.engine.owns(full))
          return {
            kind: use === 'write' ? 'engine' : 'secret',
            reason: `It would reach \`${met}\`, which belongs to the engine.`,
          }
        const secret = protectedComponent(met.split('/'))
        if (secret !== undefined)
          return { kind: 'secret', reason: `It would reach \`${met}\`, which may hold keys or credentials.` }
        if (await holdsToken(full))
          return { kind: 'secret', reason: `It would reach \`${met}\`, which holds a token or a password.` }
        if (entry.isDirectory()) folders.push(full)
      }
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR')
        return { kind: 'secret', reason: `What lies below \`${path}\` cannot be looked at (${codeOf(error)}).` }
    }
  }
  return undefined
}
