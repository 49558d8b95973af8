// Written expectations of what `claw access` says: an entry selects items of one of its lists by the fields it gives, and names what
// must hold of each in `expect`. Enters: a document and a report, as data. Leaves: for each entry, what did not hold.

/** Of a list of the report, such as `rows`. */
export type Item = object
type Items = readonly Item[]

export interface Expectation {
  readonly list: string
  /** Place in its list of the document, from 0. */
  readonly index: number
  readonly select: Readonly<Record<string, unknown>>
  readonly expect: Readonly<Record<string, unknown>>
}

export interface ExpectationResult extends Pick<Expectation, 'list' | 'index'> {
  readonly ok: boolean
  /** How many items it selects. */
  readonly selected: number
  readonly failures: readonly { readonly item: Item | null; readonly message: string }[]
}

/** The document is not of this form; says where and how. */
export class ExpectationProblem extends Error {}

const fieldOf = (item: Item, key: string): unknown => (item as Readonly<Record<string, unknown>>)[key]

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The entries of a document. `lists`: those that a report has, each with the fields of its items. @throws ExpectationProblem */
export function readExpectations(document: unknown, lists: Readonly<Record<string, readonly string[]>>): readonly Expectation[] {
  const names = Object.keys(lists)
  if (!isMap(document))
    throw new ExpectationProblem(`It must hold ${names.map((name) => `\`${name}:\``).join(' or ')}, a list each.`)
  for (const key of Object.keys(document))
    if (!names.includes(key)) throw new ExpectationProblem(`\`${key}\` is none of its lists, which are ${names.join(' and ')}.`)
  const entries = names.flatMap((list) => entriesOf(list, document[list], lists[list] ?? []))
  if (entries.length === 0) throw new ExpectationProblem('It expects nothing.')
  return entries
}

function entriesOf(list: string, value: unknown, fields: readonly string[]): readonly Expectation[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw new ExpectationProblem(`\`${list}\` must be a list.`)
  return value.map((entry: unknown, index) => {
    const at = `${list}[${index}]`
    if (!isMap(entry) || !isMap(entry['expect']))
      throw new ExpectationProblem(`${at} must be a map of fields, with what must hold under \`expect:\`.`)
    const { expect, ...select } = entry
    for (const key of [...Object.keys(select), ...Object.keys(expect)])
      if (fields.length > 0 && !fields.includes(key))
        throw new ExpectationProblem(`${at}: \`${key}\` is no field; there is ${fields.join(', ')}.`)
    if (Object.keys(expect).length === 0) throw new ExpectationProblem(`${at} expects nothing: \`expect\` is empty.`)
    return { list, index, select, expect }
  })
}

export function checkExpectations(
  expectations: readonly Expectation[],
  report: Readonly<Record<string, Items>>,
): readonly ExpectationResult[] {
  return expectations.map(({ list, index, select, expect }) => {
    const items = (report[list] ?? []).filter((item) =>
      Object.entries(select).every(([key, value]) => selects(fieldOf(item, key), value)),
    )
    const failures = items.flatMap((item): ExpectationResult['failures'] =>
      Object.entries(expect)
        .filter(([key, value]) => !holds(fieldOf(item, key), value))
        .map(([key, value]) => ({
          item,
          message: `${key} is ${JSON.stringify(fieldOf(item, key))}, expected ${JSON.stringify(value)}`,
        })),
    )
    if (items.length === 0)
      return { list, index, ok: false, selected: 0, failures: [{ item: null, message: 'it selects nothing' }] }
    return { list, index, ok: failures.length === 0, selected: items.length, failures }
  })
}

/** In a selector: each thing that is written is there. */
function selects(actual: unknown, written: unknown): boolean {
  if (Array.isArray(actual))
    return (Array.isArray(written) ? written : [written]).every((one) => actual.some((item) => selects(item, one)))
  if (isMap(actual)) return isMap(written) ? fieldsFit(actual, written, selects) : actual['name'] === written
  return actual === written
}

/** In `expect`: a list holds what is written and nothing else, in any order. A text is the item of that name. */
function holds(actual: unknown, written: unknown): boolean {
  if (Array.isArray(actual)) {
    if (!Array.isArray(written) || written.length !== actual.length) return false
    return (
      written.every((one) => actual.some((item) => holds(item, one))) &&
      actual.every((item) => written.some((one) => holds(item, one)))
    )
  }
  if (isMap(actual)) return isMap(written) ? fieldsFit(actual, written, holds) : actual['name'] === written
  return actual === written
}

const fieldsFit = (
  actual: Readonly<Record<string, unknown>>,
  written: Readonly<Record<string, unknown>>,
  fits: (actual: unknown, written: unknown) => boolean,
): boolean => Object.entries(written).every(([key, value]) => fits(actual[key], value))
