// The `evals:` of a configuration in, the cases they stand for out: those in the file, and those of datasets.

import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { ClawError, EXIT, messageOf } from '../errors.ts'
import type { ModelRef, Place, Plan } from '../plan/plan.ts'
import type { TestMessage, TestSpec } from '../testing/spec.ts'

interface Bounds {
  readonly rubric?: string
  readonly maxCost?: number
  readonly maxTokens?: number
  readonly maxMs?: number
}

interface CaseSpec extends Bounds {
  readonly name?: string
  readonly content?: string
  readonly message?: Partial<TestMessage>
  readonly expect?: TestSpec['expect']
}

interface EvalSpec extends TestSpec, Bounds {
  readonly passRate?: number
  readonly repeat?: number
  readonly cases?: readonly CaseSpec[]
  readonly dataset?: string
}

export interface EvalCase extends Bounds {
  readonly name: string
  readonly spec: TestSpec
  readonly place: Place
  readonly judge?: ModelRef
  readonly passRate: number
  readonly repeat: number
}

/** `repeat`: in place of what the evals say. @throws ClawError for a dataset that cannot be read */
export async function casesOf(
  plan: Plan,
  { filter = '', repeat }: { filter?: string; repeat?: number },
): Promise<readonly EvalCase[]> {
  const all: EvalCase[] = []
  for (const { spec: written, place, judge } of plan.evals) {
    const { cases = [], dataset, passRate = 1, repeat: often = 1, ...spec } = written as EvalSpec
    const further = dataset === undefined ? [] : await readDataset(resolve(dirname(place.file), dataset))
    const rows: readonly CaseSpec[] = [...cases, ...further]
    const shared = { place, passRate, repeat: repeat ?? often, ...(judge === undefined ? {} : { judge }) }
    const made =
      rows.length === 0
        ? [{ ...bounds(spec), ...shared, name: spec.name, spec }]
        : rows.map((row, at) => caseOf(spec, row, at, shared))
    all.push(...made.filter(({ name }) => name.includes(filter)))
  }
  return all
}

function caseOf(spec: EvalSpec, row: CaseSpec, at: number, shared: Omit<EvalCase, 'name' | 'spec'>): EvalCase {
  const content = row.content ?? row.message?.content ?? spec.message?.content ?? ''
  const message = { ...spec.message, ...row.message, content } as TestMessage
  const expect = { ...spec.expect, ...row.expect }
  const name = `${spec.name}: ${row.name ?? (content === '' ? `#${at + 1}` : content.slice(0, 60))}`
  return { ...bounds(spec), ...bounds(row), ...shared, name, spec: { ...spec, message, expect } }
}

const bounds = ({ rubric, maxCost, maxTokens, maxMs }: Bounds): Bounds => ({
  ...(rubric === undefined ? {} : { rubric }),
  ...(maxCost === undefined ? {} : { maxCost }),
  ...(maxTokens === undefined ? {} : { maxTokens }),
  ...(maxMs === undefined ? {} : { maxMs }),
})

async function readDataset(file: string): Promise<readonly CaseSpec[]> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw new ClawError(`the dataset ${file} cannot be read: ${messageOf(error)}`, { exitCode: EXIT.noInput })
  }
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return []
    try {
      const row: unknown = JSON.parse(line)
      if (typeof row === 'object' && row !== null && !Array.isArray(row)) return [row as CaseSpec]
    } catch {
      // Told below.
    }
    throw new ClawError(`${file}:${index + 1} is not a JSON object; each line holds one case`, { exitCode: EXIT.invalid })
  })
}
