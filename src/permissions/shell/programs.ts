// Which program a bare name means: the first of that name in the fixed search path. A name comes in, an absolute path leaves.

import { accessSync, constants, statSync } from 'node:fs'

export interface Programs {
  /** Absolute; undefined: it is not installed. */
  find(name: string): string | undefined
}

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

const known = new Map<string, Programs>()

/** The programs of a search path, as bash looks them up. */
export function programsOf(searchPath: string): Programs {
  const kept = known.get(searchPath)
  if (kept !== undefined) return kept
  const folders = searchPath.split(':')
  const found = new Map<string, string>()
  const programs: Programs = {
    find(name) {
      const before = found.get(name)
      if (before !== undefined && isProgram(before)) return before
      const path = folders.map((folder) => `${folder}/${name}`).find(isProgram)
      if (path === undefined) found.delete(name)
      else found.set(name, path)
      return path
    },
  }
  known.set(searchPath, programs)
  return programs
}
