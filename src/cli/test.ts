// `claw test`: runs the tests of a configuration offline and says what held.

import { resolve } from 'node:path'
import { shownPath } from '../config/render.ts'
import { escapeData, escapeProperty } from '../config/render-machine.ts'
import { EXIT } from '../errors.ts'
import { COVERAGE_KINDS, type Coverage, percentOf } from '../testing/coverage.ts'
import { junit } from '../testing/junit.ts'
import { runTests, type TestReport } from '../testing/run-tests.ts'
import { type Io, paint, printJson, usage, type Verb } from './io.ts'
import { planFrom } from './plan-loading.ts'

export const run: Verb = async (args, options, io) => {
  const threshold = options['threshold'] === undefined ? undefined : Number(options['threshold'])
  if (threshold !== undefined && !(threshold >= 0 && threshold <= 100))
    return usage(io, '--threshold takes a percentage, 0 to 100')
  const files = args.length === 0 ? [options.config] : args.map((file) => resolve(io.cwd, file))
  const reports: TestReport[] = []
  for (const file of files) {
    const loaded = await planFrom(file, io, { format: options.format })
    if (typeof loaded === 'number') return loaded
    const { plan, registry, document } = loaded
    const filter = typeof options['filter'] === 'string' ? { filter: options['filter'] } : {}
    reports.push(shortened(await runTests({ plan, registry, places: document, ...filter }), io))
  }
  const total = sum(reports)
  const withCoverage = options['coverage'] === true || threshold !== undefined
  if (options.format === 'json') printJson(io, jsonOf(total, withCoverage))
  else if (options.format === 'junit') io.out(junit(total))
  else if (options.format === 'github') io.out(githubAnnotations(total))
  else printHuman(total, withCoverage, io)
  if (total.failed > 0) return EXIT.invalid
  if (typeof options['filter'] === 'string' && total.results.length === 0) {
    io.err(`claw: no test's name contains "${options['filter']}"\n`)
    return EXIT.invalid
  }
  const below = COVERAGE_KINDS.filter((kind) => percentOf(total.coverage[kind]) < (threshold ?? 0))
  for (const kind of below)
    io.err(`claw: ${percentOf(total.coverage[kind]).toFixed(1)}% of ${kind} are tested, ${threshold}% are wanted\n`)
  return below.length > 0 ? EXIT.invalid : EXIT.ok
}

/** Workflow commands: each failure beside the line of its expectation. */
function githubAnnotations(report: TestReport): string {
  const failures = report.results.flatMap(({ name, failures }) => failures.map((one) => ({ name, ...one })))
  return failures
    .map(({ name, file, line, column, message }) => {
      const at = `file=${escapeProperty(file)},line=${line},col=${column},title=${escapeProperty(name)}`
      return `::error ${at}::${escapeData(message)}\n`
    })
    .join('')
}

/** With paths as a person here would type them. */
function shortened(report: TestReport, io: Io): TestReport {
  const short = <T extends { readonly file: string }>(one: T): T => ({ ...one, file: shownPath(one.file, io.cwd) })
  const coverage = { ...report.coverage }
  for (const kind of COVERAGE_KINDS) coverage[kind] = { ...coverage[kind], missing: coverage[kind].missing.map(short) }
  const results = report.results.map((result) => ({ ...short(result), failures: result.failures.map(short) }))
  return { ...report, results, coverage }
}

function sum(reports: readonly TestReport[]): TestReport {
  const add = (key: 'passed' | 'failed' | 'skipped') => reports.reduce((total, report) => total + report[key], 0)
  const kind = (name: keyof Coverage) => {
    const all = reports.map((report) => report.coverage[name])
    return {
      total: all.reduce((n, one) => n + one.total, 0),
      touched: all.reduce((n, one) => n + one.touched, 0),
      missing: all.flatMap((one) => one.missing),
    }
  }
  return {
    passed: add('passed'),
    failed: add('failed'),
    skipped: add('skipped'),
    results: reports.flatMap((report) => report.results),
    coverage: {
      rules: kind('rules'),
      agents: kind('agents'),
      limits: kind('limits'),
      grants: kind('grants'),
      heartbeats: kind('heartbeats'),
    },
  }
}

function jsonOf(report: TestReport, withCoverage: boolean): object {
  const { passed, failed, skipped, results, coverage } = report
  const lines = results.map(({ name, ok, file, line, failures, skipped: why }) => ({
    name,
    ok,
    file,
    line,
    failures,
    ...(why === undefined ? {} : { skipped: why }),
  }))
  return { passed, failed, skipped, results: lines, ...(withCoverage ? { coverage } : {}) }
}

function printHuman(report: TestReport, withCoverage: boolean, io: Io): void {
  for (const result of report.results) {
    if (result.skipped !== undefined) io.out(`${paint(io, 'yellow', 'skip')}  ${result.name}: ${result.skipped}\n`)
    else if (result.ok) io.out(`${paint(io, 'green', 'ok')}    ${result.name}\n`)
    else io.out(`${paint(io, 'red', 'FAIL')}  ${result.name}\n`)
    for (const failure of result.failures) io.out(`      ${failure.file}:${failure.line}:${failure.column}  ${failure.message}\n`)
  }
  if (withCoverage) {
    for (const [kind, { total, touched, missing }] of Object.entries(report.coverage)) {
      io.out(`${kind}: ${touched} of ${total} tested\n`)
      for (const { id, file, line } of missing)
        io.out(`  ${file}:${line}  ${kind === 'rules' ? `rule ${id}` : id} is not tested\n`)
    }
  }
  if (report.results.length === 0) io.out('There are no tests. Write some under `tests:`.\n')
  io.out(`${report.passed} passed, ${report.failed} failed${report.skipped > 0 ? `, ${report.skipped} skipped` : ''}\n`)
}
