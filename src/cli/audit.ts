// `claw audit verify`: whether the audit log is still what was written.

import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { EXIT } from '../errors.ts'
import { ANCHOR_KEY, readHead } from '../permissions/audit.ts'
import { auditFiles } from '../permissions/audit-segments.ts'
import { verifyAudit } from '../permissions/audit-verify.ts'
import { readStoredKey } from '../storage/embedded/read-outside.ts'
import { paint, printJson, usage, type Verb } from './io.ts'

export const run: Verb = async (args, options, io) => {
  if ((args[0] ?? 'verify') !== 'verify') return usage(io, `audit has no "${args[0]}"; it has verify`)
  const { loadPlan } = await import('../config/load-plan.ts')
  const plan = existsSync(options.config) ? (await loadPlan(options.config, { registry: io.registry, env: io.env })).plan : null
  const stateDir = plan?.stateDir ?? join(dirname(options.config), '.openclaw')
  const file = join(stateDir, 'audit.jsonl')
  const head = readHead(readStoredKey(stateDir, ANCHOR_KEY))
  if ((await auditFiles(file)).length === 0) {
    io.err(head === null ? `claw: there is no audit log at ${file}\n` : `${file}: the log is gone; it had ${head.seq} lines.\n`)
    return head === null ? EXIT.noInput : EXIT.invalid
  }
  const report = await verifyAudit(file, head)
  if (options.format === 'json') printJson(io, { file, ...report })
  else {
    for (const { file: at, line, message } of report.problems) io.err(`${at}:${line}: ${message}\n`)
    const torn = report.torn === 0 ? '' : ` ${report.torn} were cut short by a crash and set aside.`
    io.out(
      report.ok
        ? `${paint(io, 'green', 'whole')}: ${report.lines} lines, each sealed by the next.${torn}\n`
        : `${paint(io, 'red', 'broken')}: ${report.problems.length} problem${report.problems.length === 1 ? '' : 's'} in ${report.lines} lines.\n`,
    )
  }
  return report.ok ? EXIT.ok : EXIT.invalid
}
