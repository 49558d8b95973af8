// Which folders to listen to for a set of files and patterns: each folder along the chain of symbolic links, as a real path.
// A folder tells of renames, of links that are turned and of files that come back; a watch on a file loses it.

import { lstat, readdir, readlink } from 'node:fs/promises'
import { dirname, join, parse, resolve, sep } from 'node:path'
import { isGlob } from './glob.ts'

export interface WatchedFolders {
  readonly folders: ReadonlySet<string>
  /** Entries of these folders that matter: files, links, and places where a file is missing. */
  readonly entries: ReadonlySet<string>
  /** Folders in which any entry matters, since it may match a pattern. */
  readonly open: ReadonlySet<string>
}

const MAX_LINKS = 40
const MAX_PATTERN_FOLDERS = 500

/** Never throws: what can't be read isn't there yet. */
export async function watchedFolders(paths: readonly string[], patterns: readonly string[]): Promise<WatchedFolders> {
  const folders = new Set<string>()
  const entries = new Set<string>()
  const open = new Set<string>()
  const kinds = new Map<string, Promise<Kind>>()
  const kindOf = (path: string): Promise<Kind> => {
    const known = kinds.get(path) ?? readKind(path)
    kinds.set(path, known)
    return known
  }

  /** Follows a path name by name; gives where it really is, or null when something on the way is missing. */
  async function follow(path: string): Promise<string | null> {
    let { root: at, rest } = split(resolve(path))
    for (let links = 0; rest.length > 0; ) {
      const [name, ...others] = rest as [string, ...string[]]
      const next = join(at, name)
      const kind = await kindOf(next)
      if (kind.type === 'link' && ++links <= MAX_LINKS) {
        folders.add(at)
        entries.add(next)
        const target = split(resolve(at, kind.target))
        at = target.root
        rest = [...target.rest, ...others]
        continue
      }
      if (kind.type === 'missing' || others.length === 0) {
        folders.add(at)
        entries.add(next)
        return kind.type === 'missing' ? null : next
      }
      at = next
      rest = others
    }
    return at
  }

  async function openFolders(at: string, depth: number): Promise<void> {
    if (open.size >= MAX_PATTERN_FOLDERS) return
    open.add(at)
    folders.add(at)
    if (depth === 0) return
    const children = await readdir(at, { withFileTypes: true }).catch(() => [])
    for (const child of children) {
      if (child.isDirectory() && !child.name.startsWith('.') && child.name !== 'node_modules')
        await openFolders(join(at, child.name), depth - 1)
    }
  }

  for (const path of paths) await follow(path)
  for (const pattern of patterns) {
    const parts = resolve(pattern).split(sep)
    const first = parts.findIndex(isGlob)
    if (first === -1) await follow(pattern)
    else {
      const base = await follow(parts.slice(0, first).join(sep) || sep)
      const below = parts.slice(first)
      const depth = below.some((part) => part.includes('**') || part.includes('{')) ? 20 : below.length - 1
      if (base !== null) await openFolders(base, depth)
    }
  }
  return { folders, entries, open }
}

/** Whether a chokidar path is worth looking at. */
export const isWatched = ({ folders, entries, open }: WatchedFolders, path: string): boolean =>
  entries.has(path) || folders.has(path) || open.has(dirname(path))

type Kind = { readonly type: 'link'; readonly target: string } | { readonly type: 'other' } | { readonly type: 'missing' }

async function readKind(path: string): Promise<Kind> {
  try {
    if (!(await lstat(path)).isSymbolicLink()) return { type: 'other' }
    return { type: 'link', target: await readlink(path) }
  } catch {
    return { type: 'missing' }
  }
}

function split(path: string): { root: string; rest: string[] } {
  const { root } = parse(path)
  return {
    root,
    rest: path
      .slice(root.length)
      .split(sep)
      .filter((part) => part !== ''),
  }
}
