// `claw config print`: the merged configuration; with --resolved as the engine sees it, with --origin where each value is from.

import { stringify } from 'yaml'
import { flatten, type PrintedValue, printedConfig } from '../config/print.ts'
import { shownPath } from '../config/render.ts'
import { channelShapes } from '../config/shape.ts'
import { EXIT } from '../errors.ts'
import { printJson, usage, type Verb } from './io.ts'
import { planFrom } from './plan-loading.ts'

export const run: Verb = async (args, options, io) => {
  if ((args[0] ?? 'print') !== 'print') return usage(io, 'say `claw config print`')
  const loaded = await planFrom(options.config, io, { format: options.format })
  if (typeof loaded === 'number') return loaded
  const printed = printedConfig(loaded.document, options['resolved'] === true, channelShapes(loaded.registry.channels))
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
  io.out(stringify(plain(printed), { lineWidth: 0, aliasDuplicateObjects: false }))
  return EXIT.ok
}

/** The values alone. */
function plain(value: PrintedValue): unknown {
  if (value.kind === 'leaf') return value.value
  if (value.kind === 'list') return value.items.map(plain)
  return Object.fromEntries([...value.entries].map(([key, child]) => [key, plain(child)]))
}
