// Problems as the loader tells them in, problems as editors show them out, and the corrections their hints speak of.

import { type CodeAction, CodeActionKind, DiagnosticSeverity, type Diagnostic as Shown } from 'vscode-languageserver'
import type { Diagnostic } from '../errors.ts'
import { locationOf, rangeOf } from './places.ts'

const SEVERITIES = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  note: DiagnosticSeverity.Information,
} as const

export function shownDiagnostic(problem: Diagnostic): Shown {
  const { code, severity, message, hint, related = [] } = problem
  const more = [
    ...(hint === undefined ? [] : [{ location: locationOf(problem), message: `hint: ${hint}` }]),
    ...related.map((one) => ({ location: locationOf(one), message: one.message })),
  ]
  return {
    range: rangeOf(problem),
    severity: SEVERITIES[severity],
    code,
    source: 'claw',
    message,
    ...(more.length === 0 ? {} : { relatedInformation: more }),
    data: { hint },
  }
}

/** `Did you mean "x"?` is a correction at the marked place. */
export function corrections(uri: string, text: (range: Shown['range']) => string, problems: readonly Shown[]): CodeAction[] {
  return problems.flatMap((problem) => {
    const { hint } = (problem.data ?? {}) as { hint?: string }
    const meant = hint === undefined ? undefined : /^Did you mean "([^"]+)"\?/.exec(hint)?.[1]
    if (meant === undefined) return []
    const written = text(problem.range)
    const quote = /^(["']).*\1$/s.exec(written)?.[1] ?? ''
    return [
      {
        title: `Change to ${meant}`,
        kind: CodeActionKind.QuickFix,
        diagnostics: [problem],
        isPreferred: true,
        edit: { changes: { [uri]: [{ range: problem.range, newText: `${quote}${meant}${quote}` }] } },
      },
    ]
  })
}
