// Heartbeats: an interval and active hours there, a cron line here.

import type { Agents } from './agents.ts'
import type { Channels } from './channels.ts'
import type { Cursor } from './source.ts'

type Heartbeat = Record<string, unknown>

const PROMPT = 'Look whether anything needs attention. If nothing does, answer HEARTBEAT_OK.'

export function readHeartbeats(root: Cursor, agents: Agents, channels: Channels): Heartbeat[] {
  const common = root.at('agents', 'defaults').exists ? root.at('agents', 'defaults') : root.at('agent')
  const own = [...agents.cursors].filter(([, cursor]) => cursor?.at('heartbeat').exists === true)
  const running =
    own.length > 0
      ? own
      : common.at('heartbeat').exists
        ? [...agents.cursors].filter(([id]) => agents.ids.get(id) === agents.defaultAgent)
        : []
  return running.flatMap(([id, cursor]) => {
    const get = (...keys: string[]): Cursor => {
      const first = cursor?.at('heartbeat', ...keys)
      return first?.exists === true ? first : common.at('heartbeat', ...keys)
    }
    const schedule = readSchedule(get)
    if (schedule === null) return []
    const timezone = get('activeHours', 'timezone').text() ?? common.at('userTimezone').text()
    const deliverTo = readTarget(get, channels)
    return [
      {
        name: `${agents.ids.get(id)}-heartbeat`,
        schedule,
        ...(timezone === undefined || timezone === 'user' || timezone === 'local' ? {} : { timezone }),
        agent: agents.ids.get(id),
        prompt: get('prompt').text() ?? PROMPT,
        ...(deliverTo === undefined ? {} : { deliverTo }),
      },
    ]
  })
}

type Get = (...keys: string[]) => Cursor

function readSchedule(get: Get): string | null {
  const every = get('every')
  const minutes = toMinutes(every.text() ?? '30m')
  if (minutes === null) {
    every.drop('this is no length of time')
    return null
  }
  if (minutes === 0) return null
  const hours = readHours(get)
  if (minutes >= 60) {
    const step = nearest(Math.round(minutes / 60), [1, 2, 3, 4, 6, 8, 12, 24])
    if (step * 60 !== minutes) every.note('changed', `cron steps divide a day: every ${step} h`)
    const field =
      step === 24
        ? String(hours?.[0] ?? 0)
        : hours === null
          ? step === 1
            ? '*'
            : `*/${step}`
          : step === 1
            ? span(hours)
            : `${span(hours)}/${step}`
    return `0 ${field} * * *`
  }
  const step = nearest(minutes, [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30])
  if (step !== minutes) every.note('changed', `cron steps divide an hour: every ${step} min`)
  return `*/${step} ${hours === null ? '*' : span(hours)} * * *`
}

const span = ([from, to]: readonly [number, number]): string => (from === to ? String(from) : `${from}-${to}`)

/** Of two that are as near, the longer: a heartbeat costs. */
const nearest = (wanted: number, steps: readonly number[]): number =>
  steps.reduce((best, step) => (Math.abs(step - wanted) <= Math.abs(best - wanted) ? step : best))

/** First and last hour in which it may fire; null: any. */
function readHours(get: Get): readonly [number, number] | null {
  const start = get('activeHours', 'start')
  const from = Number(/^(\d{1,2}):/.exec(start.text() ?? '')?.[1] ?? Number.NaN)
  const end = get('activeHours', 'end')
  const until = /^(\d{1,2}):(\d{2})$/.exec(end.text() ?? '')
  if (Number.isNaN(from) || until === null) return null
  if (String(start.raw).endsWith(':00') === false || until[2] !== '00') end.note('changed', 'hours are whole in a cron line')
  const last = Number(until[1]) - (until[2] === '00' ? 1 : 0)
  if (last >= from) return [from, Math.min(last, 23)]
  end.note('dropped', 'active hours over midnight need two heartbeats')
  return null
}

/** `30m`, `2h`, `90` (minutes) → minutes. */
function toMinutes(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*(s|m|h|d)?$/.exec(text.trim())
  if (match === null) return null
  const unit = { s: 1 / 60, m: 1, h: 60, d: 1440 }[match[2] ?? 'm'] ?? 1
  const minutes = Number(match[1]) * unit
  return minutes === 0 ? 0 : Math.max(1, Math.round(minutes))
}

function readTarget(get: Get, channels: Channels): string | undefined {
  const target = get('target')
  const channel = target.text()
  const to = get('to')
  if (channel === 'none') return undefined
  const recipient = to.text()
  if (recipient === undefined || channel === undefined || channel === 'last') {
    if (target.exists)
      target.note('changed', '"last" has no counterpart: name a place under deliverTo, or the answer stays in its session')
    return undefined
  }
  const id = channels.ids(channel, get('accountId').text())[0]
  if (id === undefined) {
    target.note('dropped', `there is no channel for ${channel}`)
    return undefined
  }
  return `${id}:${recipient.replace(/^(?:tg|telegram|discord|slack|user):/i, '')}`
}
