// Tool policies: profile, allow, deny and their groups → the names of our tools.

import { bash } from '../../tools/shell/bash.ts'
import type { Cursor } from './source.ts'

/** OpenClaw's tools and groups → ours. An empty list: it needs no counterpart. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  exec: [bash.name],
  bash: [bash.name],
  process: [bash.name],
  'group:runtime': [bash.name],
  read: ['read_file'],
  write: ['write_file'],
  edit: ['write_file'],
  apply_patch: ['write_file'],
  'group:fs': ['read_file', 'write_file'],
  web_fetch: ['web_fetch'],
  web_search: ['web_search'],
  'group:web': ['web_fetch', 'web_search'],
  memory_search: ['save_memory', 'memory_search'],
  memory_get: ['memory_search'],
  'group:memory': ['memory_search', 'save_memory'],
  sessions_spawn: ['sessions_spawn'],
  subagents: ['sessions_spawn'],
  'group:sessions': ['sessions_spawn'],
  'group:openclaw': ['web_fetch', 'web_search', 'save_memory', 'memory_search', 'sessions_spawn'],
}

/** Of our tools, those that OpenClaw has a name for. */
const ALL = [...new Set(Object.values(NAMES).flat())]

const PROFILES: Readonly<Record<string, readonly string[]>> = {
  minimal: [],
  coding: ALL,
  messaging: ['sessions_spawn'],
  full: ALL,
}

/** A policy that is in force: undefined where nothing restricts. */
interface Policy {
  readonly granted: ReadonlySet<string>
  readonly denied: ReadonlySet<string>
}

/** The tools an agent has under the common policy and its own, sorted as ours are. */
export function toolsUnder(common: Cursor, own: Cursor): string[] {
  const policies = [readPolicy(common), readPolicy(own)]
  return ALL.filter((tool) => policies.every(({ granted, denied }) => granted.has(tool) && !denied.has(tool)))
}

const read = new WeakMap<object, Policy>()

/** The common policy is read once for all agents, so that what it lacks is told once. */
function readPolicy(cursor: Cursor): Policy {
  if (typeof cursor.raw !== 'object' || cursor.raw === null) return { granted: new Set(ALL), denied: new Set() }
  const known = read.get(cursor.raw)
  if (known !== undefined) return known
  const profile = cursor.at('profile').text()
  const base = profile === undefined ? undefined : PROFILES[profile]
  if (profile !== undefined && base === undefined) cursor.at('profile').drop(`there is no profile "${profile}"`)
  const allow = cursor.at('allow')
  const granted = new Set(allow.exists ? names(allow, true) : (base ?? ALL))
  for (const tool of names(cursor.at('alsoAllow'), true)) granted.add(tool)
  const policy = { granted, denied: new Set(names(cursor.at('deny'), false)) }
  read.set(cursor.raw, policy)
  return policy
}

function names(list: Cursor, granting: boolean): readonly string[] {
  return list.items().flatMap((item) => {
    const name = item.text()
    if (name === undefined) return []
    const found = name === '*' ? ALL : NAMES[name.toLowerCase()]
    if (found !== undefined) {
      // Denying apply_patch alone must not take writing away from who may write.
      if (!granting && /^(edit|apply_patch|process|memory_get)$/.test(name)) return []
      return found
    }
    if (granting) item.note('dropped', `there is no tool "${name}"`)
    return []
  })
}
