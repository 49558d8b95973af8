// A configuration file → its Plan for a verb that asks it something, or the exit code after the problems were told.

import { existsSync, readFileSync } from 'node:fs'
import type { ConfigDocument } from '../config/document.ts'
import { maskedTexts } from '../config/masked.ts'
import { copyOf, type Mirror } from '../config/mirror.ts'
import { renderHuman, shownPath } from '../config/render.ts'
import { type Diagnostic, EXIT } from '../errors.ts'
import type { Plan } from '../plan/plan.ts'
import type { Registry } from '../registry.ts'
import { printJson, type VerbIo } from './io.ts'

export interface LoadedPlan {
  readonly plan: Plan
  readonly document: ConfigDocument
  readonly registry: Registry
}

/** `mirror`: where a copy of the file is to be read. `format`: `json` tells the problems on `out` too, as `validate` does. */
export async function planFrom(
  file: string,
  io: VerbIo,
  { format, mirror }: { readonly format?: string; readonly mirror?: Mirror } = {},
): Promise<LoadedPlan | number> {
  if (!existsSync(copyOf(file, mirror))) {
    io.err(`claw: there is no file ${shownPath(file, io.cwd)}; name the file with -c\n`)
    return EXIT.noInput
  }
  const { registry } = io
  const { loadPlan } = await import('../config/load-plan.ts')
  const { plan, diagnostics, document } = await loadPlan(file, {
    registry,
    env: io.env,
    ...(mirror !== undefined && { mirror }),
  })
  if (plan === null || document === null) {
    const errors = diagnostics.filter((problem) => problem.severity === 'error')
    const masked = maskedTexts(document)
    const textOf = (name: string): string | null => masked(name) ?? textFrom(copyOf(name, mirror))
    io.err(`${renderHuman(errors, { cwd: io.cwd, color: io.color, textOf })}\n`)
    if (format === 'json') {
      const { jsonDiagnostics } = await import('../config/render-machine.ts')
      printJson(io, { valid: false, diagnostics: jsonDiagnostics(diagnostics, io.cwd) })
    }
    return EXIT.invalid
  }
  return { plan, document, registry }
}

/** Problems that somebody else found in a file, as text: their lines are shown without the secrets that stand in them. */
export async function renderProblems(problems: readonly Diagnostic[], file: string, io: VerbIo): Promise<string> {
  const { loadPlan } = await import('../config/load-plan.ts')
  const { document } = await loadPlan(file, { registry: io.registry, env: io.env })
  return renderHuman(problems, { cwd: io.cwd, color: io.color, textOf: maskedTexts(document) })
}

function textFrom(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}
