// What an object of a Plan means, apart from where it stands: for comparing two Plans that may lie in different folders.

import { dirname, sep } from 'node:path'
import { fingerprint } from './fingerprint.ts'
import { type ChannelPlan, type Plan, Secret, type SkillPlan } from './plan.ts'

/** A copy in which paths below the Plan's folder are relative to it. Secrets stay as they are. */
function relativeTo(root: string, value: unknown): unknown {
  if (typeof value === 'string')
    return value === root ? '.' : value.startsWith(root + sep) ? `.${value.slice(root.length)}` : value
  if (typeof value !== 'object' || value === null || value instanceof Secret) return value
  if (Array.isArray(value)) return value.map((item) => relativeTo(root, item))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, relativeTo(root, item)]))
}

const ABOUT_ITSELF = new Set(['place', 'fingerprint', 'index'])

/** Names as the configuration has them: durations lose the unit their value has in a Plan. */
const nameOf = (key: string): string => (key === 'agentId' ? 'agent' : key.replace(/Ms$/, ''))

/** Objects whose parts are told one by one. */
const PARTED = new Set(['permissions', 'compaction', 'reset', 'queue', 'media', 'rateLimit', 'memory'])

/** Field by field: the name a person knows → a text that changes with its meaning. */
export function meaningOf(plan: Pick<Plan, 'file'>, value: object): ReadonlyMap<string, string> {
  const root = dirname(plan.file)
  const fields = new Map<string, string>()
  const put = (name: string, item: unknown): void => {
    if (item !== undefined) fields.set(name, fingerprint(relativeTo(root, item)))
  }
  for (const [key, item] of Object.entries(value)) {
    if (ABOUT_ITSELF.has(key)) continue
    // Of what was read from files, the text counts, not the folder it lies in.
    if (key === 'soul' || key === 'script') put(key, (item as { text: string } | undefined)?.text)
    else if (key === 'skills')
      put(
        key,
        (item as readonly SkillPlan[]).map(({ folder: _, ...skill }) => skill),
      )
    else if (key === 'settings') for (const [name, setting] of Object.entries(item as object)) put(name, setting)
    else if (key === 'groups') {
      const { named = {}, ...common } = item as ChannelPlan['groups']
      for (const [name, part] of Object.entries({ ...common, ...named })) put(`groups.${name}`, part)
    } else if (PARTED.has(key)) for (const [name, part] of Object.entries(item as object)) put(`${key}.${nameOf(name)}`, part)
    else put(nameOf(key), item)
  }
  return fields
}

/** Names of the fields that differ, sorted. */
export function changedFields(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): readonly string[] {
  const names = new Set([...before.keys(), ...after.keys()])
  return [...names].filter((name) => before.get(name) !== after.get(name)).sort()
}
