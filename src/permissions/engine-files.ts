// The engine's own files: no tool, command or sandbox may touch them, whatever the workspace is. A plan comes in, absolute paths
// leave; some are patterns, because a new file that `include` would match is configuration as soon as it is there.

import { dirname, join, relative } from 'node:path'
import type { Plan } from '../plan/plan.ts'
import { realPlace } from './places.ts'
import { globMatch } from './protected.ts'

/** Beside the configuration: read when it is loaded, whether they are there now or not. */
const BESIDE_FILE = ['.env', 'skills']

/** The whole state folder, and all that configuration is read from. A workspace in the state folder is let out by `engineGuard`. */
export const engineFiles = (plan: Pick<Plan, 'file' | 'sources' | 'includePatterns' | 'stateDir'>): readonly string[] => [
  ...new Set([
    plan.stateDir,
    ...plan.sources,
    ...plan.includePatterns,
    ...BESIDE_FILE.map((name) => join(dirname(plan.file), name)),
  ]),
]

/** Where an agent's own folder may lie in the state folder. */
export const workspacesIn = (stateDir: string): string => join(stateDir, 'workspace')

/** The file or folder of the engine that a workspace would be part of, or undefined. By the text of the paths. */
export function engineFileAround(plan: Parameters<typeof engineFiles>[0], root: string): string | undefined {
  if (contains(workspacesIn(plan.stateDir), root)) return undefined
  return engineFiles(plan).find((own) => isEngines(own, root))
}

const SPECIAL = /[*?[{]|[!@+]\(/

export const isPattern = (own: string): boolean => SPECIAL.test(own)

/** The folder below which everything that a pattern could match lies. */
export function patternFolder(pattern: string): string {
  const parts = pattern.split('/')
  return parts.slice(0, parts.findIndex(isPattern)).join('/') || '/'
}

export const contains = (folder: string, path: string): boolean =>
  path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`)

/** Whether an absolute path is one of the engine's own, or lies under it. Doubt about a pattern counts as yes. */
export const isEngines = (own: string, path: string): boolean =>
  contains(own, path) || (isPattern(own) && fits(own.split('/'), path.split('/')))

function fits(pattern: readonly string[], path: readonly string[]): boolean {
  const [part, ...rest] = pattern
  if (part === undefined || /[{(]/.test(part)) return true
  if (part === '**') return path.some((_, index) => fits(rest, path.slice(index)))
  return path[0] !== undefined && globMatch(part, path[0]) && fits(rest, path.slice(1))
}

/** The engine's files by where they really are, for one agent. */
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
export async function engineGuard(protectedPaths: readonly string[], roots: readonly string[]): Promise<EngineGuard> {
  const realRoots = await Promise.all(roots.map(async (root) => [root, (await realPlace(root)).real] as const))
  const all = await Promise.all(
    protectedPaths.map(async (path): Promise<readonly Own[]> => {
      const real = isPattern(path)
        ? join((await realPlace(patternFolder(path))).real, relative(patternFolder(path), path))
        : (await realPlace(path)).real
      const except = realRoots
        .filter(([root, realRoot]) => root !== path && contains(path, root) && relative(path, root) === relative(real, realRoot))
        .map(([, realRoot]) => fold(realRoot))
      return [...new Set([path, real])].map((one) => ({ path: fold(one), except }))
    }),
  )
  const owns = all.flat()
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
