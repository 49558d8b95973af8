// The engine's own files: no tool, command or sandbox may touch them, whatever the workspace is. A plan comes in, absolute paths
// leave; some are patterns, because a new file that `include` would match is configuration as soon as it is there.

import { dirname, join } from 'node:path'
import type { Plan } from '../plan/plan.ts'
import { globMatch } from './protected.ts'

/** Beside the configuration: read when it is loaded, whether they are there now or not. */
const BESIDE_FILE = ['.env', 'skills']

/** The whole state folder, and all that configuration is read from. A workspace in the state folder is let out by the guard. */
export const engineFiles = (
  plan: Pick<Plan, 'file' | 'sources' | 'includePatterns' | 'stateDir' | 'plugins'>,
): readonly string[] => [
  ...new Set([
    plan.stateDir,
    ...plan.sources,
    ...plan.includePatterns,
    // Code that the engine runs with all of its rights.
    ...plan.plugins.map(({ folder }) => folder),
    ...BESIDE_FILE.map((name) => join(dirname(plan.file), name)),
  ]),
]

/** Where an agent's own folder may lie in the state folder. */
export const workspacesIn = (stateDir: string): string => join(stateDir, 'workspace')

/** Gives the file or folder of the engine that a workspace would be part of, or undefined. By the text of the paths. */
export function findEngineFileAround(plan: Parameters<typeof engineFiles>[0]): (root: string) => string | undefined {
  const own = engineFiles(plan)
  const plain = new Set(own)
  const patterns = own.filter(isPattern)
  return (root) => {
    if (contains(workspacesIn(plan.stateDir), root)) return undefined
    for (let folder = root; ; folder = dirname(folder)) {
      if (plain.has(folder)) return folder
      if (folder === dirname(folder)) return patterns.find((pattern) => isEngines(pattern, root))
    }
  }
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
