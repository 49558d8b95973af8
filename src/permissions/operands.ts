// A file that a tool or a command would use → why it may not, judged by where it really is: links are followed, and what does not
// exist yet is judged by its parent. File tools and verdicts on commands ask here.

import { lstatSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { contains } from './engine-files.ts'
import { type EngineGuard, engineGuard } from './engine-guard.ts'
import { type Entry, listingOf } from './folders.ts'
import { GitIgnored } from './git-ignored.ts'
import { namesProblem } from './path-names.ts'
import { Places } from './places.ts'
import { mayHoldProtected, protectedComponent } from './protected.ts'

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
  /** With `deep`: what a `.gitignore` leaves out is left out. */
  readonly skipsIgnored?: boolean
}

export interface UseProblem {
  /**
   * `engine`: never, no matter who says yes. `secret`: it may hold keys. `settings`: what is written there would run later or change how a
   * tool works. `outside`: not in the agent's folders, or not for writing there.
   */
  readonly kind: 'engine' | 'secret' | 'settings' | 'outside'
  /** One sentence. */
  readonly reason: string
}

export interface UsePlace {
  /** The working folder, absolute. */
  readonly cwd: string
  /** The agent's folders, absolute, without links. */
  readonly roots: readonly { readonly real: string; readonly access: 'read' | 'write' }[]
  readonly engine: EngineGuard
  readonly places: Places
  /** What was found before. */
  readonly known: Map<string, UseProblem | undefined>
  /** Folders whose ordinary files may be read, and others. */
  readonly free: Map<string, boolean>
}

const guards = new Map<string, EngineGuard>()

/** The place of an agent, for `useProblem`. Good for one verdict: what it has looked at once it does not look at again. */
export function usePlace(of: {
  readonly cwd: string
  readonly roots: readonly { readonly path: string; readonly access: 'read' | 'write' }[]
  readonly protectedPaths: readonly string[]
}): UsePlace {
  const places = new Places()
  const roots = of.roots.map(({ path, access }) => ({ real: places.of(path).real, access }))
  const paths = of.roots.map((root) => root.path)
  const key = JSON.stringify([of.protectedPaths, paths, roots])
  let engine = guards.get(key)
  if (engine === undefined) {
    engine = engineGuard(of.protectedPaths, paths)
    if (guards.size >= MOST_GUARDS) guards.clear()
    guards.set(key, engine)
  }
  return { cwd: of.cwd, roots, engine, places, known: new Map(), free: new Map() }
}

/** The same place for a command that runs in another folder. */
export const placeIn = (place: UsePlace, cwd: string): UsePlace =>
  cwd === place.cwd ? place : { ...place, cwd, known: new Map() }

/**
 * Why a file may not be used so, or undefined. `entry`: what the listing of its folder says of it. Never throws for what lies on
 * the disk.
 */
export function useProblem(use: FileUse, place: UsePlace, entry?: Entry): UseProblem | undefined {
  if (use.path === '/dev/null') return undefined
  if (entry?.ordinary === true && use.use === 'read' && !(use.deep === true && entry.folder) && readsFreely(entry.within, place))
    return undefined
  const key = `${use.use} ${use.deep === true} ${use.skipsHidden === true} ${use.skipsIgnored === true} ${use.path}`
  if (place.known.has(key)) return place.known.get(key)
  const problem = lookedUp(use, place)
  place.known.set(key, problem)
  return problem
}

function lookedUp(use: FileUse, place: UsePlace): UseProblem | undefined {
  const { real, entry } = place.places.of(absolute(use.path, place))
  const problem = realProblem(real, use, place) ?? (entry === real ? undefined : realProblem(entry, use, place))
  if (problem !== undefined)
    return real === entry ? problem : { ...problem, reason: `\`${use.path}\` leads there: ${problem.reason}` }
  return use.deep === true ? deepProblem(real, use, place) : undefined
}

const absolute = (path: string, { cwd }: UsePlace): string => (path.startsWith('/') ? path : `${cwd}/${path}`)

/** Whether what lies in a folder may be read, as long as it is ordinary itself. */
function readsFreely(folder: string, place: UsePlace): boolean {
  let free = place.free.get(folder)
  if (free === undefined) {
    const { real } = place.places.of(folder)
    free =
      !mayHoldProtected(basename(real)) && !place.engine.isAbove(real) && realProblem(real, { use: 'read' }, place) === undefined
    place.free.set(folder, free)
  }
  return free
}

/** Whether a folder holds one of the agent's folders and is not it. */
export const isAboveWorkspace = (path: string, place: UsePlace): boolean => {
  const { real } = place.places.of(absolute(path, place))
  return place.roots.some((root) => root.real !== real && contains(real, root.real))
}

/** The same for a path that is known to hold no links. */
export function realProblem(
  real: string,
  { use }: Pick<FileUse, 'use'>,
  { roots, engine }: Pick<UsePlace, 'roots' | 'engine'>,
): UseProblem | undefined {
  if (engine.owns(real))
    return { kind: 'engine', reason: 'The path belongs to the engine: its settings, grants and state are out of reach of tools.' }
  if (use === 'write' && engine.isAbove(real))
    return { kind: 'engine', reason: 'Files of the engine lie below the path: it may not be changed, moved or removed.' }
  const root = nearest(roots, real)
  const components = (root === undefined ? real : relative(root.real, real)).split('/').filter((part) => part !== '')
  const secret = protectedComponent(components)
  if (secret !== undefined)
    return { kind: 'secret', reason: `\`${secret}\` is a protected name: it may hold keys or credentials.` }
  if (use === 'read' && holdsToken(real))
    return { kind: 'secret', reason: `\`${components.slice(-2).join('/')}\` holds a token or a password.` }
  if (KERNEL.test(real)) return { kind: 'secret', reason: 'The path lies in a kernel folder (/proc, /sys or /dev).' }
  if (use === 'write') {
    const settings = namesProblem(components, 'write') ?? gitProblem(real, root?.real)
    if (settings !== undefined) return { kind: 'settings', reason: settings }
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
function gitProblem(real: string, root: string | undefined): string | undefined {
  for (let folder = dirname(real); root === undefined || contains(root, folder); folder = dirname(folder)) {
    if (looksLikeRepository(folder)) return 'The path lies in a repository’s own folder: git takes settings and hooks from there.'
    if (folder === '/' || folder === dirname(folder)) break
  }
  return undefined
}

/** Whether a folder is laid out as a repository's own, so that git may take settings and hooks from it. */
export const looksLikeRepository = (folder: string): boolean =>
  ['HEAD', 'objects', 'refs'].every((name) => isThere(join(folder, name)))

const isThere = (path: string): boolean => {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined
  } catch {
    return false
  }
}

/** What credentials look like in git's settings: `https://user:token@host`, `extraheader = Authorization: …`. */
const TOKEN = /:\/\/[^/\s@]+@|extraheader|authorization|oauth|passw|token|secret/i

/** Whether a file is git's settings of a repository and holds credentials. */
export function holdsToken(path: string): boolean {
  if (!/\/\.git\/config(\.worktree)?$/.test(path)) return false
  try {
    return TOKEN.test(readFileSync(path, 'utf8'))
  } catch {
    return false
  }
}

/** A larger tree is not looked through. */
const MOST_ENTRIES = 10_000
const MOST_GUARDS = 50

/**
 * What a look at everything below a folder would meet. Links below it are not followed, as no tool does unless told. Packages of
 * others hold no secrets of this machine, but examples that look like some.
 */
function deepProblem(top: string, { use, path, skipsHidden, skipsIgnored }: FileUse, place: UsePlace): UseProblem | undefined {
  const root = nearest(place.roots, top)?.real ?? '/'
  const ignored = skipsIgnored === true ? new GitIgnored(top) : undefined
  let left = MOST_ENTRIES
  const folders = [top]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const listing = listingOf(folder)
    left -= listing?.entries.length ?? MOST_ENTRIES
    if (listing === undefined || left < 0)
      return { kind: 'secret', reason: `\`${path}\` holds more than ${MOST_ENTRIES} names, too many to look through.` }
    for (const entry of listing.entries) {
      if (skipsHidden === true && entry.name.startsWith('.')) continue
      const full = join(folder, entry.name)
      if (ignored !== undefined && (entry.name === '.git' || ignored.has(full, entry.folder))) continue
      const met = relative(root, full)
      if (place.engine.owns(full))
        return { kind: use === 'write' ? 'engine' : 'secret', reason: `It would reach \`${met}\`, which belongs to the engine.` }
      if (protectedComponent(met.split('/').slice(-2)) !== undefined)
        return { kind: 'secret', reason: `It would reach \`${met}\`, which may hold keys or credentials.` }
      if (holdsToken(full)) return { kind: 'secret', reason: `It would reach \`${met}\`, which holds a token or a password.` }
      if (entry.folder && entry.name !== 'node_modules') folders.push(full)
    }
  }
  return undefined
}
