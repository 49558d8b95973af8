// `claw access --assert FILE`: the report held to the expectations in a YAML file; exit 1 where one does not hold.

import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { isNode, LineCounter, parseDocument } from 'yaml'
import { shownPath } from '../config/render.ts'
import { ClawError, EXIT } from '../errors.ts'
import {
  checkExpectations,
  ExpectationProblem,
  type ExpectationResult,
  type Item,
  readExpectations,
} from '../plan/access-expectations.ts'
import type { AccessReport } from '../plan/access-report.ts'
import { type Io, notFound, type Options, paint, printJson } from './io.ts'
import { printable } from './table.ts'

/** Items of an entry that are told when they fail; more are counted. */
const SHOWN = 5

export function assertAccess(name: string, { notes: _, ...report }: AccessReport, options: Options, io: Io): number {
  const file = resolve(io.cwd, name)
  if (!existsSync(file)) return notFound(io, `there is no file ${shownPath(file, io.cwd)}`)
  const shown = shownPath(file, io.cwd)
  const { document, lineOf } = parse(readFileSync(file, 'utf8'), shown)
  const results = checkExpectations(expectationsIn(document, report, shown), report).map((result) => ({
    ...result,
    file: shown,
    line: lineOf(result),
  }))
  const failed = results.filter(({ ok }) => !ok)
  if (options.format === 'json') printJson(io, { passed: results.length - failed.length, failed: failed.length, results })
  else {
    for (const result of failed) tell(result, io)
    const summary = `${results.length - failed.length} of ${results.length} expectations hold`
    io.out(`${paint(io, failed.length === 0 ? 'green' : 'red', summary)}\n`)
  }
  return failed.length === 0 ? EXIT.ok : EXIT.invalid
}

interface Parsed {
  readonly document: unknown
  readonly lineOf: (entry: Pick<ExpectationResult, 'list' | 'index'>) => number
}

function parse(text: string, shown: string): Parsed {
  const lines = new LineCounter()
  const parsed = parseDocument(text, { lineCounter: lines })
  const [problem] = parsed.errors
  if (problem !== undefined)
    throw new ClawError(`${shown}:${lines.linePos(problem.pos[0]).line}: ${problem.message}`, { exitCode: EXIT.invalid })
  return {
    document: parsed.toJS() as unknown,
    lineOf: ({ list, index }) => {
      const node = parsed.getIn([list, index], true)
      return isNode(node) && node.range != null ? lines.linePos(node.range[0]).line : 1
    },
  }
}

/** The fields of a list's items are those that its items have: a report without any has nothing to select. */
function expectationsIn(document: unknown, report: Readonly<Record<string, readonly Item[]>>, shown: string) {
  const fields = Object.fromEntries(
    Object.entries(report).map(([list, items]) => [list, [...new Set(items.flatMap((item) => Object.keys(item)))]]),
  )
  try {
    return readExpectations(document, fields)
  } catch (error) {
    if (error instanceof ExpectationProblem) throw new ClawError(`${shown}: ${error.message}`, { exitCode: EXIT.invalid })
    throw error
  }
}

function tell({ list, index, failures, file, line }: ExpectationResult & { file: string; line: number }, io: Io): void {
  io.out(`${paint(io, 'red', '✗')} ${file}:${line} ${list}[${index}]\n`)
  for (const { item, message } of failures.slice(0, SHOWN))
    io.out(`    ${printable(item === null ? '' : `${nameOf(item)}: `)}${printable(message)}\n`)
  if (failures.length > SHOWN) io.out(`    and ${failures.length - SHOWN} more\n`)
}

/** An item by its plain fields. */
const nameOf = (item: Item): string =>
  Object.values(item)
    .filter((value) => typeof value === 'string')
    .join(' ')
