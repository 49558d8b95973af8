// The engine's own files: no tool, command or sandbox may touch them, whatever the workspace is. Plan in, absolute paths out;
// some are patterns, because a new file that `include` would match is configuration as soon as it stands there.

import { dirname, join } from 'node:path'
import type { Plan } from '../plan/plan.ts'
import { globMatch } from './protected.ts'

const IN_STATE = [
  'agents',
  'memory',
  'last-good',
  'channels',
  'exec-approvals.json',
  'audit.jsonl',
  'gateway.json',
  'state.db',
  'state.db-wal',
  'state.db-shm',
]
/** Beside the configuration: read when it is loaded, whether they stand there now or not. */
const BESIDE_FILE = ['.env', 'skills']

export const engineFiles = (plan: Pick<Plan, 'file' | 'sources' | 'includePatterns' | 'stateDir'>): readonly string[] => [
  ...new Set([
    ...plan.sources,
    ...plan.includePatterns,
    ...BESIDE_FILE.map((name) => join(dirname(plan.file), name)),
    ...IN_STATE.map((name) => join(plan.stateDir, name)),
  ]),
]

const SPECIAL = /[*?[{]|[!@+]\(/

export const isPattern = (own: string): boolean => SPECIAL.test(own)

/** The folder below which everything that a pattern could match stands. */
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
