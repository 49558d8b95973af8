// Problems that were met while a Plan was brought up in, the same with the place in the file they are about out.

import { ClawError, type Diagnostic } from '../errors.ts'
import type { Plan, PlanPart } from './plan.ts'

const PARTS: readonly (readonly [string, PlanPart])[] = [
  ['/gateway', 'gateway'],
  ['/stateDir', 'state'],
]

/** One that names a file already stays as it is; what is not written in the file is the file's. */
export function placed(plan: Pick<Plan, 'file' | 'places'>, problems: readonly Diagnostic[]): readonly Diagnostic[] {
  return problems.map((one) => {
    if (one.file !== '') return one
    const part = PARTS.find(([path]) => one.path.startsWith(path))?.[1]
    const { file, line, column } = (part === undefined ? undefined : plan.places[part]) ?? { file: plan.file, line: 1, column: 1 }
    return { ...one, file, line, column, endLine: line, endColumn: column }
  })
}

/** The same failure with its problems placed. */
export function placedError(plan: Pick<Plan, 'file' | 'places'>, error: unknown): unknown {
  if (!(error instanceof ClawError) || error.diagnostics.length === 0) return error
  const { exitCode, diagnostics, message } = error
  return new ClawError(message, { exitCode, diagnostics: placed(plan, diagnostics), cause: error })
}
