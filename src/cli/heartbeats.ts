// `claw heartbeats list | run NAME`: what runs by the clock.

import { ClawError, EXIT } from '../errors.ts'
import type { Plan } from '../plan/plan.ts'
import { connect, reach, whereabouts } from './client.ts'
import { type Options, printJson, usage, type Verb, type VerbIo } from './io.ts'
import { minute, printTable } from './table.ts'

interface Heartbeat {
  readonly name: string
  readonly schedule: string
  readonly timezone: string
  readonly agentId: string
  readonly prompt: string
  readonly deliverTo: object | null
  readonly enabled: boolean
  readonly next: string | null
}

export const run: Verb = async ([action = 'list', name], options, io) => {
  const json = options.format === 'json'
  if (action === 'list') return await list(options, io)
  if (action !== 'run') return usage(io, `heartbeats has no "${action}"; it has list and run NAME`)
  if (name === undefined) return usage(io, 'say which: claw heartbeats run NAME')
  const client = await connect(options, io)
  const { message } = await client.ask<{ message: string }>(
    `/api/heartbeats/${encodeURIComponent(name)}/run`,
    {},
    { answerMs: RUN_MS },
  )
  if (json) printJson(io, { name, message })
  else io.out(`${message}\n`)
  return EXIT.ok
}

/** A heartbeat's turn may use many tools. */
const RUN_MS = 30 * 60_000

/** Those of the running engine; where none runs, those of the file, with the times they would have. */
async function list(options: Options, io: VerbIo): Promise<number> {
  const { stateDir, plan } = await whereabouts(options, io)
  const { client } = await reach(options.config, stateDir, io)
  const heartbeats =
    client === null ? await ofFile(plan) : (await client.ask<{ heartbeats: readonly Heartbeat[] }>('/api/heartbeats')).heartbeats
  if (options.format === 'json') printJson(io, { heartbeats, running: client !== null })
  else if (heartbeats.length === 0) io.out('no heartbeats are configured\n')
  else {
    const rows = heartbeats.map((one) => [
      one.name,
      `${one.schedule} (${one.timezone})`,
      one.agentId,
      one.next === null ? 'off' : minute(one.next),
    ])
    printTable(io, ['name', 'schedule', 'agent', client === null ? 'next, once an engine runs' : 'next'], rows)
  }
  return EXIT.ok
}

async function ofFile(plan: Plan | null): Promise<readonly Heartbeat[]> {
  if (plan === null) throw new ClawError('the file is invalid; claw validate shows the problems', { exitCode: EXIT.invalid })
  const { parseSchedule } = await import('../schedules/cron.ts')
  const { withoutQuiet } = await import('../plan/quiet-hours.ts')
  return plan.heartbeats.map(({ name, schedule, timezone, agentId, prompt, deliverTo, quiet, enabled }) => {
    const parsed = parseSchedule(schedule, timezone)
    const at = enabled && 'schedule' in parsed ? withoutQuiet(parsed.schedule, quiet, timezone).next(Date.now()) : null
    const next = at === null ? null : new Date(at).toISOString()
    return { name, schedule, timezone, agentId, prompt, deliverTo: deliverTo ?? null, enabled, next }
  })
}
