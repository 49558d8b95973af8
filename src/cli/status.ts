// `claw status`: what runs now, and whether it is what the file says.

import type { Status } from '../engine/port.ts'
import { EXIT } from '../errors.ts'
import type { GatewayFile } from '../gateway/state-file.ts'
import { connect } from './client.ts'
import { type Io, pageLink, paint, printJson, type Verb } from './io.ts'
import { renderProblems } from './plan-loading.ts'
import { minute, printable } from './table.ts'

export const run: Verb = async (_args, options, io) => {
  const client = await connect(options, io)
  const status = await client.ask<Status>('/status')
  if (options.format === 'json') printJson(io, status)
  else {
    const problems = status.lastReload?.diagnostics ?? []
    show(io, status, client.gateway, problems.length === 0 ? '' : await renderProblems(problems, options.config, io))
  }
  return EXIT.ok
}

function show(io: Io, status: Status, { url, ownerSecret }: GatewayFile, problems: string): void {
  const line = (name: string, text: string): void => io.out(`${paint(io, 'dim', name.padEnd(11))}${printable(text)}\n`)
  const inStep = status.configHash === status.fileHash
  io.out(`${paint(io, 'bold', `claw ${status.version}`)} at ${url}, since ${minute(status.startedAt)}\n`)
  line('page', pageLink(url, ownerSecret, io))
  if (status.stopped) io.out(`${paint(io, 'red', 'stopped')}: nothing runs until claw resume\n`)
  if (status.degraded !== undefined) io.out(`${paint(io, 'yellow', 'degraded')}: ${printable(status.degraded)}\n`)
  if (status.storage !== undefined) io.out(`${paint(io, 'red', 'storage')}: ${printable(status.storage)}\n`)
  line(
    'generation',
    `${status.generation} (${status.configHash.slice(0, 12)}${inStep ? '' : `; the file is ${status.fileHash.slice(0, 12)} and not live`})`,
  )
  const { lastReload } = status
  if (lastReload !== null) {
    line(
      'reload',
      `${minute(lastReload.at)} ${lastReload.ok ? 'live' : 'refused, what ran goes on'}, ${Math.round(lastReload.durationMs)} ms`,
    )
    io.out(problems)
  }
  for (const agent of status.agents)
    line('agent', `${agent.id} "${agent.name}" on ${agent.model}, flow ${agent.flow}${agent.stopped ? ', stopped' : ''}`)
  for (const channel of status.channels) {
    line(
      'channel',
      `${channel.id}${channel.type === channel.id ? '' : ` (${channel.type})`} ${channel.state}${channel.detail === undefined ? '' : `: ${channel.detail}`}`,
    )
  }
  for (const model of status.models) {
    const rests = model.until === undefined ? 'failed' : `rests until ${minute(model.until)}`
    if (model.detail !== undefined) line('model', `${model.id} ${rests}: ${model.detail}`)
  }
  for (const { name, next } of status.heartbeats)
    line('heartbeat', `${name} ${next === null ? 'is off' : `next ${minute(next)}`}`)
  const { realtime, scheduled, background } = status.queues
  line('queues', `realtime ${realtime}, scheduled ${scheduled}, background ${background}`)
}
