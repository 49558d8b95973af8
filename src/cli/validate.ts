// `claw validate [FILE…]`: the same loader as `run`, up to the point of starting anything.

import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { loadPlan } from '../config/load-plan.ts'
import { maskedTexts } from '../config/masked.ts'
import { countsOf, renderHuman, shownPath } from '../config/render.ts'
import { type Diagnostic, EXIT, hasErrors } from '../errors.ts'
import { packageVersion } from '../resources.ts'
import { paint, printJson, type Verb } from './io.ts'

export const run: Verb = async (args, options, io) => {
  const files = args.length === 0 ? [options.config] : args.map((file) => resolve(io.cwd, file))
  const missing = files.filter((file) => !existsSync(file))
  if (missing.length > 0) {
    for (const file of missing) io.err(`claw: there is no file ${shownPath(file, io.cwd)}\n`)
    return EXIT.noInput
  }
  const withEnvironment = options['env'] === true
  const { registry } = io
  const diagnostics: Diagnostic[] = []
  const masked: ((file: string) => string | null)[] = []
  for (const file of files) {
    const loaded = await loadPlan(file, { registry, env: io.env, requireSecrets: withEnvironment })
    diagnostics.push(...loaded.diagnostics)
    masked.push(maskedTexts(loaded.document))
    if (!withEnvironment) continue
    // A secret that is not set leaves no Plan, and is no reason not to ask who answers.
    const plan = loaded.plan ?? (await loadPlan(file, { registry, env: io.env })).plan
    if (plan === null) continue
    const { probeEndpoints } = await import('../config/endpoints.ts')
    diagnostics.push(...(await probeEndpoints(plan)))
  }
  const valid = !hasErrors(diagnostics)
  const counts = countsOf(diagnostics)
  switch (options.format) {
    case 'json': {
      const { jsonDiagnostics } = await import('../config/render-machine.ts')
      printJson(io, { valid, diagnostics: jsonDiagnostics(diagnostics, io.cwd) })
      break
    }
    case 'sarif': {
      const { renderSarif } = await import('../config/render-sarif.ts')
      io.out(renderSarif(diagnostics, io.cwd, packageVersion()))
      break
    }
    case 'github': {
      const { renderGithub } = await import('../config/render-machine.ts')
      io.out(renderGithub(diagnostics, io.cwd))
      break
    }
    default: {
      const textOf = (file: string): string | null => masked.map((mask) => mask(file)).find((text) => text !== null) ?? null
      const shown = files.map((file) => shownPath(file, io.cwd)).join(', ')
      if (diagnostics.length > 0) io.out(`${renderHuman(diagnostics, { cwd: io.cwd, color: io.color, textOf })}\n`)
      const numbers = (['error', 'warning', 'note'] as const)
        .filter((severity) => counts[severity] > 0)
        .map((severity) => `${counts[severity]} ${severity}${counts[severity] === 1 ? '' : 's'}`)
      const verdict = valid ? paint(io, 'green', 'valid') : paint(io, 'red', 'invalid')
      io.out(`${shown}: ${verdict}${numbers.length === 0 ? '' : ` (${numbers.join(', ')})`}\n`)
    }
  }
  if (!valid) return EXIT.invalid
  return options['strict'] === true && counts.warning > 0 ? EXIT.warnings : EXIT.ok
}
