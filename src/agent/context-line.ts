// The rows of a turn in, one line for the model out: when, where and by whom they were written. The line is stored with the
// message, so that a request stays the same when a turn is resumed, and none of it stands in the cached prefix.

import { localZone } from '../local-zone.ts'
import type { AgentPlan } from '../plan/plan.ts'
import type { InboxRow } from '../storage/ports.ts'
import { plainLabel } from '../tools/run.ts'

/** Undefined where the agent wants none. */
export function contextLine(agent: Pick<AgentPlan, 'context' | 'reset'>, rows: readonly InboxRow[]): string | undefined {
  const last = rows.at(-1)
  if (agent.context === 'off' || last === undefined) return undefined
  const { timezone } = agent.reset
  const parts = [`${localTime(last.receivedAt, timezone)} ${timezone}`, placeOf(last), ...names(rows)]
  return `[Context ${parts.join('; ')}]`
}

/** What a row without a message is. */
const WORK: Readonly<Partial<Record<InboxRow['kind'], string>>> = {
  heartbeat: 'scheduled run',
  spawn: 'task from another agent',
  approval: 'answer to an approval',
}

function placeOf({ message, kind }: InboxRow): string {
  if (message === undefined) return WORK[kind] ?? 'work of the engine'
  const { channelId, groupId, threadId } = message
  const chat = groupId === undefined ? 'direct chat' : threadId === undefined ? 'group chat' : 'thread of a group'
  return `${channelId}, ${chat}`
}

/** More senders than these are not listed: each text of a shared session says who wrote it. */
const MOST_NAMES = 5

function names(rows: readonly InboxRow[]): readonly string[] {
  const shown = new Set(rows.flatMap(({ message }) => nameOf(message?.displayName)))
  const list = [...shown].slice(0, MOST_NAMES).map((name) => `"${name}"`)
  if (list.length === 0) return []
  return [list.length === 1 ? `sender ${list[0]} (a name others chose)` : `senders ${list.join(', ')} (names others chose)`]
}

const nameOf = (name = ''): readonly string[] => {
  const plain = plainLabel(name).replaceAll('"', "'").trim()
  return plain === '' ? [] : [plain]
}

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const

/** `Monday 2026-11-30 20:31`. Only another zone than the machine's asks Intl, whose tables take 50 ms to load. */
function localTime(at: number, timeZone: string): string {
  if (timeZone !== localZone()) return timeElsewhere(at, timeZone)
  const date = new Date(at)
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${DAYS[date.getDay()]} ${day} ${two(date.getHours())}:${two(date.getMinutes())}`
}

const formats = new Map<string, Intl.DateTimeFormat>()

function timeElsewhere(at: number, timeZone: string): string {
  let format = formats.get(timeZone)
  if (format === undefined) {
    const two = '2-digit'
    const shape = { weekday: 'long', year: 'numeric', month: two, day: two, hour: two, minute: two, hourCycle: 'h23' } as const
    format = new Intl.DateTimeFormat('en-GB', { ...shape, timeZone })
    formats.set(timeZone, format)
  }
  const parts = format.formatToParts(at)
  const part = (wanted: Intl.DateTimeFormatPartTypes): string => parts.find(({ type }) => type === wanted)?.value ?? ''
  return `${part('weekday')} ${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('minute')}`
}
