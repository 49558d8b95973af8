// `claw config print`: the merged configuration; with --resolved as the engine sees it, with --origin where each value is from.

import { existsSync } from 'node:fs'
import { stringify } from 'yaml'
import { loadPlan } from '../config/load-plan.ts'
import { maskedTexts } from '../config/masked.ts'
import { flatten, type PrintedValue, printedConfig } from '../config/print.ts'
import { renderHuman, shownPath } from '../config/render.ts'
import { EXIT, hasErrors } from '../errors.ts'
import { printJson, usage, type Verb } from './io.ts'

export const run: Verb = async (args, options, io) => {
  if ((args[0] ?? 'print') !== 'print') return usage(io, 'say `claw config print`')
  if (!existsSync(options.config)) {
    io.err(`claw: there is no file ${shownPath(options.config, io.cwd)}\n`)
    return EXIT.noInput
  }
  const { builtinRegistry: registry } = await import('../builtin.ts')
  const { diagnostics, document } = await loadPlan(options.config, { registry, env: io.env })
  if (document === null || hasErrors(diagnostics)) {
    io.err(renderHuman(diagnostics, { cwd: io.cwd, color: io.color, textOf: maskedTexts(document) }))
    return EXIT.invalid
  }
  const printed = printedConfig(document, options['resolved'] === true)
  const origin = options['origin'] === true
  if (options.format === 'json') {
    const values = flatten(printed).map(({ path, value, from, place }) => ({
      path,
      value,
      from,
      ...(place === undefined ? {} : { file: shownPath(place.file, io.cwd), line: place.line }),
    }))
    printJson(io, origin ? { config: plain(printed), values } : { config: plain(printed) })
    return EXIT.ok
  }
  if (origin) {
    for (const { name, value, from, place } of flatten(printed)) {
      const where = place === undefined ? '' : ` ${shownPath(place.file, io.cwd)}:${place.line}`
      io.out(`${name}: ${JSON.stringify(value)}  # ${from}${where}\n`)
    }
    return EXIT.ok
  }
  io.out(stringify(plain(printed), { lineWidth: 0 }))
  return EXIT.ok
}

/** The values alone. */
function plain(value: PrintedValue): unknown {
  if (value.kind === 'leaf') return value.value
  if (value.kind === 'list') return value.items.map(plain)
  return Object.fromEntries([...value.entries].map(([key, child]) => [key, plain(child)]))
}
