// The engine's own files: no tool, command or sandbox may touch them, whatever the workspace is. Plan in, absolute paths out.

import { join } from 'node:path'
import type { Plan } from '../plan/plan.ts'

const NAMES = [
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

export const engineFiles = (plan: Pick<Plan, 'sources' | 'stateDir'>): readonly string[] => [
  ...plan.sources,
  ...NAMES.map((name) => join(plan.stateDir, name)),
]
