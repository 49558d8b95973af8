// A configuration file → its Plan for a verb that asks it something, or the exit code after the problems were told.

import { existsSync } from 'node:fs'
import type { ConfigDocument } from '../config/document.ts'
import { maskedTexts } from '../config/masked.ts'
import { renderHuman, shownPath } from '../config/render.ts'
import { EXIT } from '../errors.ts'
import type { Plan } from '../plan/plan.ts'
import type { Registry } from '../registry.ts'
import type { Io } from './io.ts'

export interface LoadedPlan {
  readonly plan: Plan
  readonly document: ConfigDocument
  readonly registry: Registry
}

/** `standsAt`: the file that this one is a copy of; its folder is what paths are relative to. */
export async function planFrom(file: string, io: Io, standsAt?: string): Promise<LoadedPlan | number> {
  if (!existsSync(file)) {
    io.err(`claw: there is no file ${shownPath(file, io.cwd)}; name the file with -c\n`)
    return EXIT.noInput
  }
  const [{ builtinRegistry: registry }, { loadPlan }] = await Promise.all([
    import('../builtin.ts'),
    import('../config/load-plan.ts'),
  ])
  const { plan, diagnostics, document } = await loadPlan(file, {
    registry,
    env: io.env,
    ...(standsAt !== undefined && { standsAt }),
  })
  if (plan === null || document === null) {
    const errors = diagnostics.filter((problem) => problem.severity === 'error')
    io.err(`${renderHuman(errors, { cwd: io.cwd, color: io.color, textOf: maskedTexts(document) })}\n`)
    return EXIT.invalid
  }
  return { plan: standsAt === undefined ? plan : { ...plan, file: standsAt }, document, registry }
}
