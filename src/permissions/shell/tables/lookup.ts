// The written lists of a table, taken apart once: options by their name, sub-commands by theirs, operands as a row of kinds.

import type { Form, Kind, OptionGroup, ToolTable } from './table.ts'

export interface OperandKind {
  readonly kind: Kind
  readonly least: 0 | 1
  readonly many: boolean
}

/** What is used of a table where its words lead to one sub-command, or to none. */
export interface Usage {
  readonly form: Form
  readonly options: ReadonlyMap<string, OptionGroup>
  readonly needs: readonly string[]
  readonly operands: readonly OperandKind[]
  /** `undefined`: operands go on behind `--`. */
  readonly dashes: readonly OperandKind[] | 'none' | undefined
}

export interface Lookup {
  readonly table: ToolTable
  readonly globalOptions: ReadonlyMap<string, OptionGroup>
  /** Absent: the tool has no sub-commands. */
  readonly commands: ReadonlyMap<string, readonly Usage[]> | undefined
  /** First words of the sub-commands' names; `-m` of `-m pytest` is one. */
  readonly starts: ReadonlySet<string>
  /** The most words that a sub-command's name has. */
  readonly longest: number
  readonly bare: readonly Usage[]
  /** Why something is left out, by option or sub-command. */
  readonly asks: ReadonlyMap<string, string>
}

const words = (text: string | undefined): readonly string[] => (text ?? '').split(/\s+/).filter((word) => word !== '')
const names = (text: string): readonly string[] => text.split(',').map((name) => name.trim())

function optionsOf(groups: readonly OptionGroup[]): Map<string, OptionGroup> {
  const found = new Map<string, OptionGroup>()
  for (const group of groups) for (const name of words(group.names)) found.set(name, group)
  return found
}

/** `text read*` as a row of kinds. */
export const operandsOf = (text: string | undefined): readonly OperandKind[] =>
  words(text).map((word) => {
    const end = word.charAt(word.length - 1)
    const counted = end === '?' || end === '*' || end === '+'
    return {
      kind: (counted ? word.slice(0, -1) : word) as Kind,
      least: end === '?' || end === '*' ? 0 : 1,
      many: end === '*' || end === '+',
    }
  })

function usageOf(form: Form, shared: readonly OptionGroup[]): Usage {
  return {
    form,
    options: optionsOf([...shared, ...(form.options ?? [])]),
    needs: words(form.needs),
    operands: operandsOf(form.operands),
    dashes: form.dashes === undefined || form.dashes === 'none' ? form.dashes : operandsOf(form.dashes),
  }
}

/** All the names that a key of `commands` stands for. */
export const commandNames = names

export const formsOf = (forms: Form | readonly Form[]): readonly Form[] => (Array.isArray(forms) ? forms : [forms as Form])

const known = new WeakMap<ToolTable, Lookup>()

export function lookupOf(table: ToolTable): Lookup {
  const before = known.get(table)
  if (before !== undefined) return before
  const shared = table.options ?? []
  const commands = new Map<string, readonly Usage[]>()
  for (const [key, forms] of Object.entries(table.commands ?? {})) {
    const usages = formsOf(forms).map((form) => usageOf(form, shared))
    for (const name of names(key)) commands.set(name, usages)
  }
  const lookup: Lookup = {
    table,
    globalOptions: optionsOf([...shared, ...(table.globalOptions ?? [])]),
    commands: table.commands === undefined ? undefined : commands,
    starts: new Set([...commands.keys()].map((name) => name.split(' ', 1)[0] ?? '')),
    longest: Math.max(1, ...[...commands.keys()].map((name) => name.split(' ').length)),
    bare: (table.forms ?? []).map((form) => usageOf(form, [...shared, ...(table.globalOptions ?? [])])),
    asks: new Map(table.asks.flatMap(({ what, why }) => names(what).map((name) => [name, why] as const))),
  }
  known.set(table, lookup)
  return lookup
}
