// `claw access`: who can reach which tool. Text for a terminal, Markdown for a review, or JSON; or held to written expectations.

import { shownPath } from '../config/render.ts'
import { EXIT } from '../errors.ts'
import type { AccessRow, Way } from '../plan/access.ts'
import { type AccessReport, accessReport } from '../plan/access-report.ts'
import { flowsMarkdown, printFlows } from './access-flows.ts'
import { accessMarkdown, printAccess } from './access-text.ts'
import { type Io, printJson, type Verb } from './io.ts'
import { knownPeople } from './known-people.ts'
import { planFrom } from './plan-loading.ts'
import { wrapped } from './table.ts'

export const run: Verb = async (_args, options, io) => {
  const loaded = await planFrom(options.config, io, { format: options.format })
  if (typeof loaded === 'number') return loaded
  const { plan, paired } = await knownPeople(loaded.plan)
  const report = shownReport(accessReport(plan, loaded.registry, paired), io)
  if (typeof options['assert'] === 'string') {
    const { assertAccess } = await import('./access-assert.ts')
    return assertAccess(options['assert'], report, options, io)
  }
  if (options.format === 'json') printJson(io, report)
  else {
    if (options['markdown'] === true) io.out(`${accessMarkdown(report.rows)}\n${flowsMarkdown(report.flows)}`)
    else {
      printAccess(report.rows, io)
      printFlows(report.flows, io)
    }
    for (const note of report.notes) io.out(`${options['markdown'] === true ? '\n' : ''}${wrapped(note).join('\n')}\n`)
  }
  return EXIT.ok
}

/** With the names of files as they are shown. */
function shownReport(report: AccessReport, io: Io): AccessReport {
  const place = (rule: Way['rule']): Way['rule'] => rule && { ...rule, file: shownPath(rule.file, io.cwd) }
  const shown = (row: AccessRow): AccessRow => ({
    ...row,
    rule: place(row.rule),
    ways: row.ways.map((way) => ({ ...way, rule: place(way.rule) })),
  })
  return { ...report, rows: report.rows.map(shown) }
}
