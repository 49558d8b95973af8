// Allowlists of tools and grants as they are written in, what an agent is offered and granted out.

import { expandBraces } from '../../permissions/braces.ts'
import type { Permissions } from '../../plan/plan.ts'
import type { Registry } from '../../registry.ts'
import { resolveTools } from '../../tools/match.ts'
import type { Config } from '../generated/config.ts'

/** What entries with braces stand for; undefined where none has any. Checks have refused those that stand for too much. */
export async function expandedGrants(entries: readonly string[]): Promise<Permissions['expanded']> {
  const written = entries.filter((entry) => entry.includes('{'))
  if (written.length === 0) return undefined
  return Object.fromEntries(await Promise.all(written.map(async (entry) => [entry, await expandBraces(entry)] as const)))
}

/** Names of the tools that an agent is offered: they exist, have their settings and are not denied as a whole. `denied`: all that are. */
export async function compileTools(
  patterns: readonly string[],
  { deny, expanded }: Pick<Permissions, 'deny' | 'expanded'>,
  { registry, config }: { readonly registry: Registry; readonly config: Config },
): Promise<{ readonly tools: readonly string[]; readonly denied?: readonly string[] }> {
  const offered = registry.tools.filter(
    ({ settings, needsNoSettings }) => settings === undefined || needsNoSettings === true || config[settings] !== undefined,
  )
  const { tools } = await resolveTools(
    patterns,
    offered.map(({ name }) => name),
  )
  if (deny.length === 0) return { tools }
  const { denyOfTool, readGrants } = await import('../../permissions/grants.ts')
  const grants = readGrants(deny, expanded)
  const denied = registry.tools.filter((tool) => denyOfTool(grants, tool) !== undefined).map(({ name }) => name)
  return denied.length === 0 ? { tools } : { tools: tools.filter((name) => !denied.includes(name)), denied }
}
