// A test report in, JUnit XML out, as CI systems read it.

import type { Diagnostic } from '../errors.ts'
import type { TestReport } from './run-tests.ts'

const xml = (text: string): string =>
  text
    // Characters XML cannot hold at all.
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '?')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\n', '&#10;')

/** A configuration that is invalid has no tests to run: one case that names every problem. */
export function junitOfProblems(file: string, problems: readonly Diagnostic[]): string {
  const failures = problems.map(({ code, message, file: where, line, column }) => ({
    message: `${code} ${message}`,
    file: where,
    line,
    column,
  }))
  const result = { name: 'the configuration is valid', ok: false, file, line: 1, failures, steps: 0, durationMs: 0 }
  return junit({ results: [result], failed: 1, skipped: 0 })
}

export function junit(report: Pick<TestReport, 'results' | 'failed' | 'skipped'>): string {
  const cases = report.results.map((result) => {
    const head = `<testcase name="${xml(result.name)}" classname="${xml(result.file)}" file="${xml(result.file)}" line="${result.line}" time="${(result.durationMs / 1000).toFixed(3)}"`
    if (result.skipped !== undefined) return `    ${head}><skipped message="${xml(result.skipped)}"/></testcase>`
    if (result.ok) return `    ${head}/>`
    const failures = result.failures.map(
      ({ message, file, line }) => `<failure message="${xml(message)}">${xml(`${file}:${line}`)}</failure>`,
    )
    return `    ${head}>${failures.join('')}</testcase>`
  })
  const { results, failed, skipped } = report
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites tests="${results.length}" failures="${failed}" skipped="${skipped}">`,
    `  <testsuite name="claw" tests="${results.length}" failures="${failed}" skipped="${skipped}">`,
    ...cases,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n')
}
