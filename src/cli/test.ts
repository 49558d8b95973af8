// `claw test`: runs the tests of a configuration offline and says what held.

import { relative, resolve } from 'node:path'
import { builtinRegistry } from '../builtin.ts'
import { loadPlan } from '../config/load-plan.ts'
import { renderHuman } from '../config/render.ts'
import { EXIT, hasErrors } from '../errors.ts'
import type { Coverage } from '../testing/coverage.ts'
import { junit } from '../testing/junit.ts'
import { runTests, type TestReport } from '../testing/run-tests.ts'
import { type Io, paint, printJson, usage, type Verb } from './io.ts'

export const run: Verb = async (args, options, io) => {
  const threshold = options['threshold'] === undefined ? undefined : Number(options['threshold'])
  if (threshold !== undefined && !(threshold >= 0 && threshold <= 100))
    return usage(io, '--threshold takes a percentage, 0 to 100')
  const files = args.length === 0 ? [options.config] : args.map((file) => resolve(io.cwd, file))
  const reports: TestReport[] = []
  for (const file of files) {
    const { plan, diagnostics, document } = await loadPlan(file, { registry: builtinRegistry, env: io.env })
    if (plan === null || document === null) {
      io.err(
        renderHuman(
          diagnostics.filter((one) => one.severity === 'error'),
          { cwd: io.cwd, color: io.color },
        ),
      )
      return hasErrors(diagnostics) && diagnostics.some((one) => one.code === 'CLAW003' && one.file === file)
        ? EXIT.noInput
        : EXIT.invalid
    }
    const placeOf = (path: readonly (string | number)[]) => document.place(path)
    reports.push(
      await runTests({
        plan,
        registry: builtinRegistry,
        placeOf,
        ...(typeof options['filter'] === 'string' ? { filter: options['filter'] } : {}),
      }),
    )
  }
  const total = sum(reports)
  const withCoverage = options['coverage'] === true || threshold !== undefined
  if (options.format === 'json') printJson(io, jsonOf(total, withCoverage, io))
  else if (options.format === 'junit') io.out(junit(total, (file) => relative(io.cwd, file)))
  else printHuman(total, withCoverage, io)
  if (total.failed > 0) return EXIT.invalid
  if (threshold !== undefined && percent(total.coverage) < threshold) {
    io.err(`claw: ${percent(total.coverage).toFixed(1)}% of rules are tested, ${threshold}% are wanted\n`)
    return EXIT.invalid
  }
  return EXIT.ok
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

const percent = ({ rules }: Coverage): number => (rules.total === 0 ? 100 : (rules.touched / rules.total) * 100)

function jsonOf(report: TestReport, withCoverage: boolean, io: Io): object {
  const { passed, failed, skipped, results, coverage } = report
  const lines = results.map(({ name, ok, file, line, failures, skipped: why }) => ({
    name,
    ok,
    file: relative(io.cwd, file),
    line,
    failures: failures.map(({ message, line: at, column }) => ({ message, line: at, column })),
    ...(why === undefined ? {} : { skipped: why }),
  }))
  return { passed, failed, skipped, results: lines, ...(withCoverage ? { coverage } : {}) }
}

function printHuman(report: TestReport, withCoverage: boolean, io: Io): void {
  for (const result of report.results) {
    if (result.skipped !== undefined) io.out(`${paint(io, 'yellow', 'skip')}  ${result.name}: ${result.skipped}\n`)
    else if (result.ok) io.out(`${paint(io, 'green', 'ok')}    ${result.name}\n`)
    else io.out(`${paint(io, 'red', 'FAIL')}  ${result.name}\n`)
    for (const failure of result.failures)
      io.out(`      ${relative(io.cwd, failure.file)}:${failure.line}:${failure.column}  ${failure.message}\n`)
  }
  if (withCoverage) {
    for (const [kind, { total, touched, missing }] of Object.entries(report.coverage)) {
      io.out(`${kind}: ${touched} of ${total} tested\n`)
      for (const { id, file, line } of missing)
        io.out(`  ${relative(io.cwd, file)}:${line}  ${kind === 'rules' ? `rule ${id}` : id} is not tested\n`)
    }
  }
  if (report.results.length === 0) io.out('There are no tests. Write some under `tests:`.\n')
  io.out(`${report.passed} passed, ${report.failed} failed${report.skipped > 0 ? `, ${report.skipped} skipped` : ''}\n`)
}
