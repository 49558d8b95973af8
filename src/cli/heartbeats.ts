// `claw heartbeats list | run NAME`: what runs by the clock.

import { EXIT } from '../errors.ts'
import { connect } from './client.ts'
import { printJson, usage, type Verb } from './io.ts'
import { minute, printTable } from './table.ts'

interface Heartbeat {
  readonly name: string
  readonly schedule: string
  readonly timezone: string
  readonly agentId: string
  readonly next: string | null
}

export const run: Verb = async ([action = 'list', name], options, io) => {
  const json = options.format === 'json'
  if (action === 'list') {
    const client = await connect(options, io)
    const { heartbeats } = await client.ask<{ heartbeats: readonly Heartbeat[] }>('/api/heartbeats')
    if (json) printJson(io, { heartbeats })
    else if (heartbeats.length === 0) io.out('no heartbeats are configured\n')
    else {
      const rows = heartbeats.map((one) => [
        one.name,
        `${one.schedule} (${one.timezone})`,
        one.agentId,
        one.next === null ? 'off' : minute(one.next),
      ])
      printTable(io, ['name', 'schedule', 'agent', 'next'], rows)
    }
    return EXIT.ok
  }
  if (action !== 'run') return usage(io, `heartbeats has no "${action}"; it has list and run NAME`)
  if (name === undefined) return usage(io, 'say which: claw heartbeats run NAME')
  const client = await connect(options, io)
  const { message } = await client.ask<{ message: string }>(`/api/heartbeats/${encodeURIComponent(name)}/run`, {})
  if (json) printJson(io, { name, message })
  else io.out(`${message}\n`)
  return EXIT.ok
}
