// The engine's counters and status in, Prometheus text out.

import { quoteLabel as quote } from '../engine/counters.ts'
import type { Engine } from '../engine/port.ts'

interface Sample {
  readonly labels: string
  readonly value: number
}

const NAME = /^([A-Za-z_:][A-Za-z0-9_:]*)(\{.*\})?$/s

export async function metricsText(engine: Engine, sockets: number): Promise<string> {
  const families = new Map<string, Sample[]>()
  const add = (name: string, value: number, labels = ''): void => {
    const full = name.startsWith('claw_') ? name : `claw_${name}`
    const samples = families.get(full)
    if (samples === undefined) families.set(full, [{ labels, value }])
    else samples.push({ labels, value })
  }
  for (const [key, value] of engine.metrics()) {
    const match = NAME.exec(key)
    if (match === null) add(key.replace(/[^A-Za-z0-9_:]/g, '_'), value)
    else add(match[1] ?? '', value, match[2])
  }
  const status = await engine.status()
  const once = (name: string, value: number): void => {
    if (!families.has(`claw_${name}`)) add(name, value)
  }
  once('generation', status.generation)
  once('config_in_step', status.configHash === status.fileHash ? 1 : 0)
  once('stopped', status.stopped ? 1 : 0)
  once('degraded', status.degraded === undefined ? 0 : 1)
  once('storage_ok', status.storage === undefined ? 1 : 0)
  // A start is the first load: there is something to alert on before the first reload.
  once('last_reload_ok', status.degraded === undefined ? 1 : 0)
  once('last_reload_at_seconds', Date.parse(status.startedAt) / 1000)
  once('start_time_seconds', Date.parse(status.startedAt) / 1000)
  once('gateway_sockets', sockets)
  once('process_resident_memory_bytes', process.memoryUsage.rss())
  if (!families.has('claw_queue_depth')) {
    for (const [lane, depth] of Object.entries(status.queues)) add('queue_depth', depth, `{lane=${quote(lane)}}`)
  }
  if (!families.has('claw_channel_up')) {
    for (const { id, type, state } of status.channels) {
      add('channel_up', state === 'connected' ? 1 : 0, `{channel=${quote(id)},type=${quote(type)}}`)
    }
  }
  const lines: string[] = []
  for (const [name, samples] of families) {
    lines.push(`# TYPE ${name} ${name.endsWith('_total') ? 'counter' : 'gauge'}`)
    for (const { labels, value } of samples) lines.push(`${name}${labels} ${value}`)
  }
  return `${lines.join('\n')}\n`
}
