// Finds rules by the ids they fix. Rules with the same fixed fields share one table: ids → rules, best rank first.
// A message is looked up once in each table that could still hold something better.

import { atOnce, type Sliced } from '../slices.ts'
import { FIELDS, type Field } from './conditions.ts'
import type { RouteInput, RulePlan } from './plan.ts'

/** A rule with its place in the order of ranks; 0 is looked at first. */
export interface Ranked {
  readonly rank: number
  readonly rule: RulePlan
}

export interface FieldIndex {
  /** Rank of the best rule in the index. */
  readonly best: number
  /** The best rule under `bound` whose fields match and that `accept` takes; null: none. */
  find(input: RouteInput, bound: number, accept: (ranked: Ranked) => boolean): Ranked | null
}

interface Table {
  readonly fields: readonly Field[]
  readonly rows: Map<string, Entry[]>
  best: number
}

interface Entry extends Ranked {
  /** Fields that stand outside the key, since listing every combination would be too many. */
  readonly rest: readonly (readonly [Field, ReadonlySet<string>])[]
}

/** Combinations of ids one rule may spread over; beyond it the shortest lists are checked one by one. */
const MAX_KEYS = 64
const SEPARATOR = '\u0000'
const ESCAPE = '\u0001'

/** A part of a key that no other part can run into. */
const part = (id: string): string =>
  id.includes(SEPARATOR) || id.includes(ESCAPE) ? id.replaceAll(ESCAPE, `${ESCAPE}e`).replaceAll(SEPARATOR, `${ESCAPE}s`) : id

function keyOf(fields: readonly Field[], input: RouteInput): string | null {
  if (fields.length === 1) return input[fields[0] as Field] ?? null
  let key = ''
  for (const field of fields) {
    const id = input[field]
    if (id === undefined) return null
    key += part(id) + SEPARATOR
  }
  return key
}

/** The fields of a rule that make its key: all, or fewer where the combinations would be too many. */
function keyFields(rule: RulePlan): readonly Field[] {
  const fields = FIELDS.filter((field) => rule[field] !== undefined)
  const size = (list: readonly Field[]): number => list.reduce((product, field) => product * (rule[field]?.length ?? 1), 1)
  if (size(fields) <= MAX_KEYS || fields.length < 2) return fields
  const longest = [...fields].sort((a, b) => (rule[b]?.length ?? 0) - (rule[a]?.length ?? 0))[0] as Field
  return [longest]
}

function keysOf(fields: readonly Field[], rule: RulePlan): readonly string[] {
  if (fields.length === 1) return [...new Set(rule[fields[0] as Field] ?? [])]
  let keys = ['']
  for (const field of fields)
    keys = keys.flatMap((key) => [...new Set(rule[field] ?? [])].map((id) => key + part(id) + SEPARATOR))
  return keys
}

/** An index over rules, given by rank, best first. */
export const createFieldIndex = (ranked: readonly Ranked[]): FieldIndex => atOnce(indexFields(ranked))

export function* indexFields(ranked: readonly Ranked[]): Sliced<FieldIndex> {
  const tables = new Map<string, Table>()
  for (const { rank, rule } of ranked) {
    yield
    const fields = keyFields(rule)
    const signature = fields.join()
    let table = tables.get(signature)
    if (table === undefined) {
      table = { fields, rows: new Map(), best: rank }
      tables.set(signature, table)
    }
    const rest = FIELDS.filter((field) => rule[field] !== undefined && !fields.includes(field)).map(
      (field) => [field, new Set(rule[field])] as const,
    )
    const entry: Entry = { rank, rule, rest }
    for (const key of keysOf(fields, rule)) {
      const row = table.rows.get(key)
      if (row === undefined) table.rows.set(key, [entry])
      else row.push(entry)
    }
  }
  const byBest = [...tables.values()].sort((a, b) => a.best - b.best)
  const holds = (entry: Entry, input: RouteInput): boolean =>
    entry.rest.length === 0 ||
    entry.rest.every(([field, ids]) => {
      const id = input[field]
      return id !== undefined && ids.has(id)
    })
  return {
    best: ranked[0]?.rank ?? Number.POSITIVE_INFINITY,
    find(input, bound, accept) {
      let found: Ranked | null = null
      let limit = bound
      for (const table of byBest) {
        if (table.best >= limit) break
        const key = keyOf(table.fields, input)
        const row = key === null ? undefined : table.rows.get(key)
        if (row === undefined) continue
        for (const entry of row) {
          if (entry.rank >= limit) break
          if (holds(entry, input) && accept(entry)) {
            found = entry
            limit = entry.rank
            break
          }
        }
      }
      return found
    },
  }
}
