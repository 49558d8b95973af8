// `claw usage [--since DAY]`: tokens and money by day, agent, and who caused them; also where no engine
// runs.

import { EXIT } from '../errors.ts'
import { readUsage } from '../storage/embedded/read-outside.ts'
import type { UsageTotals } from '../storage/ports.ts'
import { reach, whereabouts } from './client.ts'
import { type Options, printJson, usage, type Verb, type VerbIo } from './io.ts'
import { printTable } from './table.ts'

export const run: Verb = async (_args, options, io) => {
  const since = options['since']
  if (since !== undefined && !/^\d{4}-\d{2}-\d{2}$/.test(String(since))) return usage(io, '--since takes a UTC day, YYYY-MM-DD')
  const rows = await usageSince(since === undefined ? undefined : String(since), options, io)
  const sum = (field: 'input' | 'output' | 'calls' | 'cost'): number => rows.reduce((total, row) => total + row[field], 0)
  const total = { input: sum('input'), output: sum('output'), calls: sum('calls'), cost: sum('cost') }
  if (options.format === 'json') {
    printJson(io, { usage: rows, total })
    return EXIT.ok
  }
  if (rows.length === 0) {
    io.out('nothing was used yet\n')
    return EXIT.ok
  }
  const cells = (row: typeof total): string[] => [String(row.calls), String(row.input), String(row.output), row.cost.toFixed(4)]
  printTable(
    io,
    ['day', 'agent', 'by', 'calls', 'input', 'output', 'cost'],
    [...rows.map((row) => [row.day, row.agentId, row.by, ...cells(row)]), ['', '', 'total', ...cells(total)]],
  )
  return EXIT.ok
}

/** The running engine knows what is not yet stored; where none answers, the state folder is read. */
async function usageSince(since: string | undefined, options: Options, io: VerbIo): Promise<readonly UsageTotals[]> {
  const { stateDir } = await whereabouts(options, io)
  const { client } = await reach(options.config, stateDir, io)
  if (client === null) return readUsage(stateDir, since)
  const path = since === undefined ? '/api/usage' : `/api/usage?since=${since}`
  return (await client.ask<{ usage: readonly UsageTotals[] }>(path)).usage
}
