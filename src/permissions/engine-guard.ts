// The engine's files by where they really are: an agent's folders and the paths of the engine come in, two questions leave.

import { join, relative } from 'node:path'
import { contains, isEngines, isPattern, patternFolder } from './engine-files.ts'
import { Places } from './places.ts'

export interface EngineGuard {
  /** Whether a real path is one of them or lies under one. */
  owns(real: string): boolean
  /** Whether one of them lies under a real path: who moves or removes that folder moves or removes it. */
  isAbove(real: string): boolean
}

/** As a careless file system sees a path. */
const fold = (path: string): string => (/^[\x20-\x7e]*$/.test(path) ? path : path.normalize('NFC')).toLowerCase()

interface Own {
  readonly path: string
  /** An agent's folder in it, which is the agent's own. */
  readonly except: readonly string[]
}

/** `roots`: the agent's folders as configured. One that lies in the state folder, also after all links, is not the engine's. */
export function engineGuard(protectedPaths: readonly string[], roots: readonly string[]): EngineGuard {
  const places = new Places()
  const realRoots = roots.map((root) => [root, places.of(root).real] as const)
  const owns = protectedPaths.flatMap((path): readonly Own[] => {
    const real = isPattern(path)
      ? join(places.of(patternFolder(path)).real, relative(patternFolder(path), path))
      : places.of(path).real
    const except = realRoots
      .filter(([root, realRoot]) => root !== path && contains(path, root) && relative(path, root) === relative(real, realRoot))
      .map(([, realRoot]) => fold(realRoot))
    return [...new Set([path, real])].map((one) => ({ path: fold(one), except }))
  })
  return {
    owns(real) {
      const path = fold(real)
      return owns.some((own) => isEngines(own.path, path) && !own.except.some((root) => contains(root, path)))
    },
    isAbove(real) {
      const path = fold(real)
      return owns.some((own) => contains(path, isPattern(own.path) ? patternFolder(own.path) : own.path))
    },
  }
}
