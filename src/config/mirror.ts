// A copy of a configuration that is read as if it still stood where the original does: a path in, where to read it from out.
// Places in messages, relative paths, state, workspaces, secrets and `.env` are those of the original.

import { isAbsolute, join, relative, sep } from 'node:path'
import { absolutePattern, expandGlob } from './glob.ts'

export interface Mirror {
  /** Folder of the original, absolute. */
  readonly root: string
  /** Folder of the copy, absolute; what is below `root` is looked for here. */
  readonly folder: string
}

/** Where the bytes of a file are. What lies outside the mirrored folder is read where it is. */
export const copyOf = (path: string, mirror: Mirror | undefined): string =>
  mirror === undefined ? path : moved(path, mirror.root, mirror.folder)

/** As `expandGlob`: what the copy holds, under the names of the originals. */
export async function expandMirrored(pattern: string, folder: string, mirror: Mirror | undefined): Promise<readonly string[]> {
  if (mirror === undefined) return await expandGlob(pattern, folder)
  const found = await expandGlob(copyOf(absolutePattern(pattern, folder), mirror), '/')
  return found.map((path) => moved(path, mirror.folder, mirror.root))
}

function moved(path: string, from: string, to: string): string {
  const inside = relative(from, path)
  const outside = inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)
  return outside ? path : join(to, inside)
}
