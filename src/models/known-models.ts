// A model's name in, what is known of it out: window, longest answer, prices, last day. All of it stands in schema/models.json,
// one dated table that the package ships; it is read on first use.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Effort, Price } from '../plan/plan.ts'
import { packageRoot } from '../resources.ts'

export interface KnownModel {
  readonly id: string
  /** The kind of service that offers it: `anthropic` or `openai`. */
  readonly provider: string
  /** Further names of exactly this model, beside the id and the id with a date (`-YYYYMMDD`). */
  readonly snapshots?: readonly string[]
  /** Tokens it can read. */
  readonly contextWindow?: number
  /** Tokens of its longest answer. */
  readonly maxOutput?: number
  /** The efforts it can be asked for; empty: none. Absent: not known. */
  readonly efforts?: readonly Effort[]
  /** Absent: not known. */
  readonly prices?: Price
  /** The day on which its service stops offering it, `YYYY-MM-DD`. */
  readonly ends?: string
  /** What to name instead. */
  readonly replacement?: string
}

export interface ModelTable {
  /** The day on which it was last brought up to date. */
  readonly date: string
  /** Of all prices. */
  readonly currency: string
  readonly models: readonly KnownModel[]
}

let table: ModelTable | undefined
let byName: ReadonlyMap<string, KnownModel> | undefined

export function modelTable(): ModelTable {
  table ??= JSON.parse(readFileSync(join(packageRoot(), 'schema/models.json'), 'utf8')) as ModelTable
  return table
}

/** `provider` is the kind of service, not a key of the configuration. */
export function knownModel(provider: string, name: string): KnownModel | undefined {
  byName ??= new Map(
    modelTable().models.flatMap((model) =>
      [model.id, ...(model.snapshots ?? [])].map((one) => [`${model.provider}/${one}`, model] as const),
    ),
  )
  return byName.get(`${provider}/${name}`) ?? byName.get(`${provider}/${undated(name)}`)
}

/** A name without the date that pins a version of it. */
export const undated = (name: string): string => name.replace(/-\d{8}$/, '')

export const DAY_MS = 86_400_000
/** A model that ends sooner is warned of. */
const WARN_MS = 60 * DAY_MS

/** `ended`: its last day has come. `ending`: it comes within 60 days. */
export function endOf({ ends }: KnownModel, now: number): 'ended' | 'ending' | null {
  if (ends === undefined) return null
  const left = Date.parse(ends) - now
  return left <= 0 ? 'ended' : left <= WARN_MS ? 'ending' : null
}

/** One sentence on a model that ends, and one on what to do about it; null: it stays. */
export function endNotice(model: KnownModel, name: string, now: number): { message: string; hint: string } | null {
  const end = endOf(model, now)
  if (end === null) return null
  const message =
    end === 'ended' ? `The model ${name} ended on ${model.ends}.` : `The model ${name} ends on ${model.ends}, within 60 days.`
  return { message, hint: model.replacement === undefined ? 'Name another model.' : `Name ${model.replacement} instead.` }
}
