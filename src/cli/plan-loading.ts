// A configuration file → its Plan for a verb that asks it something, or the exit code after the problems were told.

import { existsSync } from 'node:fs'
import type { ConfigDocument } from '../config/document.ts'
import { maskedTexts } from '../config/masked.ts'
import { copyOf, type Mirror } from '../config/mirror.ts'
import { renderHuman, shownPath } from '../config/render.ts'
import { type Diagnostic, EXIT } from '../errors.ts'
import { readOrdinaryFileSync } from '../ordinary-file.ts'
import type { Plan } from '../plan/plan.ts'
import type { Registry } from '../registry.ts'
import { type Io, jsonText, type VerbIo } from './io.ts'

export interface LoadedPlan {
  readonly plan: Plan
  readonly document: ConfigDocument
  /** With what the plugins bring. */
  readonly registry: Registry
}

/** `mirror`: where a copy of the file is to be read. `format`: problems are told on `out` too, in this one. */
export async function planFrom(
  file: string,
  io: VerbIo,
  { format, mirror }: { readonly format?: string; readonly mirror?: Mirror } = {},
): Promise<LoadedPlan | number> {
  if (!existsSync(copyOf(file, mirror))) {
    io.err(`claw: there is no file ${shownPath(file, io.cwd)}; name the file with -c\n`)
    return EXIT.noInput
  }
  const { loadPlan } = await import('../config/load-plan.ts')
  const { plan, diagnostics, document, registry } = await loadPlan(file, {
    registry: io.registry,
    env: io.env,
    ...(mirror !== undefined && { mirror }),
  })
  if (plan === null || document === null) {
    const errors = diagnostics.filter((problem) => problem.severity === 'error')
    const masked = maskedTexts(document)
    const textOf = (name: string): string | null => masked(name) ?? textFrom(copyOf(name, mirror))
    io.err(`${renderHuman(errors, { cwd: io.cwd, color: io.color, textOf })}\n`)
    const machine = await problemsAs(format, file, diagnostics, io)
    if (machine !== null) io.out(machine)
    return EXIT.invalid
  }
  return { plan, document, registry }
}

/** The problems once more, in the format that a program asked for; null: it asked for none. */
async function problemsAs(format: string | undefined, file: string, all: readonly Diagnostic[], io: Io): Promise<string | null> {
  switch (format) {
    case 'json': {
      const { jsonDiagnostics } = await import('../config/render-machine.ts')
      const message = `${shownPath(file, io.cwd)} is invalid; claw validate shows the problems`
      return jsonText({ valid: false, error: { code: 'failed', message }, diagnostics: jsonDiagnostics(all, io.cwd) })
    }
    case 'github':
      return (await import('../config/render-machine.ts')).renderGithub(all, io.cwd)
    case 'junit': {
      const { junitOfProblems } = await import('../testing/junit.ts')
      return junitOfProblems(
        shownPath(file, io.cwd),
        all.filter(({ severity }) => severity === 'error'),
      )
    }
    default:
      return null
  }
}

/** Problems that somebody else found in a file, as text: their lines are shown without the secrets that stand in them. */
export async function renderProblems(problems: readonly Diagnostic[], file: string, io: VerbIo): Promise<string> {
  const { loadPlan } = await import('../config/load-plan.ts')
  const { document } = await loadPlan(file, { registry: io.registry, env: io.env })
  return renderHuman(problems, { cwd: io.cwd, color: io.color, textOf: maskedTexts(document) })
}

function textFrom(file: string): string | null {
  try {
    return readOrdinaryFileSync(file).toString('utf8')
  } catch {
    return null
  }
}
