// Diagnostics → formats that programs read: our JSON, GitHub's annotations. Paths are relative to a folder, in messages too.

import type { Diagnostic } from '../errors.ts'
import { shownPath, shownText } from './render.ts'

/** Diagnostics as JSON shows them. */
export const jsonDiagnostics = (diagnostics: readonly Diagnostic[], cwd: string): readonly object[] =>
  diagnostics.map(({ code, severity, message, hint, file, line, column, endLine, endColumn, path, related }) => ({
    code,
    severity,
    message: shownText(message, cwd),
    ...(hint === undefined ? {} : { hint: shownText(hint, cwd) }),
    file: shownPath(file, cwd),
    line,
    column,
    endLine,
    endColumn,
    path,
    ...(related === undefined ? {} : { related: related.map((other) => ({ ...other, file: shownPath(other.file, cwd) })) }),
  }))

const GITHUB = { error: 'error', warning: 'warning', note: 'notice' } as const

/** The text of a workflow command, as GitHub reads it. */
export const escapeData = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
/** A property of a workflow command. */
export const escapeProperty = (text: string): string => escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')

/** Workflow commands, one a diagnostic. */
export function renderGithub(diagnostics: readonly Diagnostic[], cwd: string): string {
  return diagnostics
    .map((problem) => {
      const words = shownText(problem.hint === undefined ? problem.message : `${problem.message} ${problem.hint}`, cwd)
      const file = escapeProperty(shownPath(problem.file, cwd))
      const columns = problem.line === problem.endLine ? `,col=${problem.column},endColumn=${problem.endColumn}` : ''
      return `::${GITHUB[problem.severity]} file=${file},line=${problem.line},endLine=${problem.endLine}${columns},title=${problem.code}::${escapeData(words)}\n`
    })
    .join('')
}
