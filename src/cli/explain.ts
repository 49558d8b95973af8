// `claw explain [CODE]`: what a diagnostic means and how to fix it; without a code, the list.

import { EXPLANATIONS, explain } from '../config/explain.ts'
import { CODES, type Code, EXIT } from '../errors.ts'
import { notFound, printJson, type Verb } from './io.ts'

export const run: Verb = async (args, options, io) => {
  const [given] = args
  if (given === undefined) {
    const codes = Object.entries(CODES).map(([code, { severity, title }]) => ({ code, severity, title }))
    if (options.format === 'json') printJson(io, { codes })
    else io.out(codes.map(({ code, severity, title }) => `${code}  ${severity.padEnd(7)}  ${title}\n`).join(''))
    return EXIT.ok
  }
  const code = given.toUpperCase().replace(/^(\d+)$/, 'CLAW$1')
  if (!Object.hasOwn(CODES, code)) return notFound(io, `there is no code "${given}"; \`claw explain\` lists them all`)
  if (options.format === 'json') printJson(io, { code, ...CODES[code as Code], ...EXPLANATIONS[code as Code] })
  else io.out(explain(code as Code))
  return EXIT.ok
}
