// Entries of `allow` and `deny` in, what they are of out: `tool:NAME` is a tool, `flow:NAME` a receiver of texts, `command:TEXT` and a
// bare text are a command.

import type { Permissions } from '../plan/plan.ts'
import { runsCommands, type ToolDefinition } from '../tools/port.ts'
import { globMatch } from './protected.ts'
import { deniedBy } from './shell/deny.ts'

export interface Grants {
  /** Patterns of tools' names. */
  readonly tools: readonly string[]
  /** Receivers that text may be sent to. */
  readonly flows: readonly string[]
  /** Patterns of commands. */
  readonly commands: readonly string[]
  /** The commands that are not marked as such. */
  readonly bare: readonly string[]
}

/** One entry. `bare`: it does not say which of the two it is of. */
export interface GrantEntry {
  readonly kind: 'tool' | 'command' | 'flow'
  readonly text: string
  readonly bare: boolean
}

export function readEntry(entry: string): GrantEntry {
  const named = /^(tool|command|flow):/.exec(entry)
  if (named === null) return { kind: 'command', text: entry, bare: true }
  return { kind: named[1] as GrantEntry['kind'], text: entry.slice(named[0].length).trim(), bare: false }
}

const known = new WeakMap<readonly string[], Grants>()

/** `expanded`: what entries with braces stand for. */
export function readGrants(entries: readonly string[], expanded: Permissions['expanded'] = {}): Grants {
  const before = known.get(entries)
  if (before !== undefined) return before
  const all = entries.flatMap((entry) => expanded[entry] ?? [entry]).map(readEntry)
  const textsOf = (wanted: (entry: GrantEntry) => boolean): readonly string[] => all.filter(wanted).map(({ text }) => text)
  const grants: Grants = {
    tools: textsOf(({ kind }) => kind === 'tool'),
    flows: textsOf(({ kind }) => kind === 'flow'),
    commands: textsOf(({ kind }) => kind === 'command'),
    bare: textsOf(({ bare }) => bare),
  }
  known.set(entries, grants)
  return grants
}

type Named = Pick<ToolDefinition, 'name' | 'commandOf'>

/**
 * The deny that takes a tool away, as it is written, or undefined. A bare name counts too, as long as the tool runs no commands:
 * a deny may refuse too much, never too little.
 */
export function denyOfTool({ tools, bare }: Grants, tool: Named): string | undefined {
  const pattern = tools.find((one) => globMatch(one, tool.name))
  if (pattern !== undefined) return `tool:${pattern}`
  return runsCommands(tool) ? undefined : deniedBy(bare, { words: [tool.name], mayStart: false })
}

/** The grant that lets a tool run unasked, as it is written, or undefined. */
export function allowOfTool({ tools }: Grants, tool: Named): string | undefined {
  const pattern = tools.find((one) => globMatch(one, tool.name))
  return pattern === undefined ? undefined : `tool:${pattern}`
}
