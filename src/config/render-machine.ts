// Diagnostics → formats that programs read: our JSON, SARIF 2.1.0, GitHub's annotations.

import { CODES, type Diagnostic } from '../errors.ts'
import { shownPath } from './render.ts'

/** Diagnostics as JSON shows them, with paths relative to a folder. */
export const jsonDiagnostics = (diagnostics: readonly Diagnostic[], cwd: string): readonly object[] =>
  diagnostics.map(({ code, severity, message, hint, file, line, column, endLine, endColumn, path, related }) => ({
    code,
    severity,
    message,
    ...(hint === undefined ? {} : { hint }),
    file: shownPath(file, cwd),
    line,
    column,
    endLine,
    endColumn,
    path,
    ...(related === undefined ? {} : { related: related.map((other) => ({ ...other, file: shownPath(other.file, cwd) })) }),
  }))

const LEVELS = { error: 'error', warning: 'warning', note: 'note' } as const

export function renderSarif(diagnostics: readonly Diagnostic[], cwd: string, version: string): string {
  const used = [...new Set(diagnostics.map(({ code }) => code))].sort()
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'claw',
            version,
            rules: used.map((code) => ({
              id: code,
              shortDescription: { text: CODES[code].title },
              help: { text: `claw explain ${code}` },
              defaultConfiguration: { level: LEVELS[CODES[code].severity] },
            })),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: diagnostics.map((problem) => ({
          ruleId: problem.code,
          ruleIndex: used.indexOf(problem.code),
          level: LEVELS[problem.severity],
          message: { text: problem.hint === undefined ? problem.message : `${problem.message} ${problem.hint}` },
          locations: [{ physicalLocation: location(problem, cwd) }],
          ...(problem.related === undefined
            ? {}
            : {
                relatedLocations: problem.related.map((other, id) => ({
                  id,
                  physicalLocation: location(other, cwd),
                  message: { text: other.message },
                })),
              }),
        })),
      },
    ],
  }
  return `${JSON.stringify(log, null, 2)}\n`
}

function location(at: Pick<Diagnostic, 'file' | 'line' | 'column' | 'endLine' | 'endColumn'>, cwd: string): object {
  return {
    artifactLocation: { uri: encodeURI(shownPath(at.file, cwd).replaceAll('\\', '/')) },
    region: { startLine: at.line, startColumn: at.column, endLine: at.endLine, endColumn: Math.max(at.endColumn, 1) },
  }
}

const GITHUB = { error: 'error', warning: 'warning', note: 'notice' } as const

/** Workflow commands; `%`, line ends, and in properties `:` and `,` are escaped as GitHub reads them. */
export function renderGithub(diagnostics: readonly Diagnostic[], cwd: string): string {
  const data = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
  const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
  return diagnostics
    .map((problem) => {
      const words = problem.hint === undefined ? problem.message : `${problem.message} ${problem.hint}`
      const file = property(shownPath(problem.file, cwd))
      const columns = problem.line === problem.endLine ? `,col=${problem.column},endColumn=${problem.endColumn}` : ''
      return `::${GITHUB[problem.severity]} file=${file},line=${problem.line},endLine=${problem.endLine}${columns},title=${problem.code}::${data(words)}\n`
    })
    .join('')
}
