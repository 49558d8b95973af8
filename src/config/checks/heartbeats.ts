// Heartbeats: names once, schedules and time zones that can be read, times that come, but not too often.

import type { Diagnostic } from '../../errors.ts'
import { localZone } from '../../local-zone.ts'
import type { Schedule } from '../../schedules/cron.ts'
import { mapAt, textAt } from '../document.ts'
import { suggestion } from '../suggest.ts'
import { agentSections, type Check, type CheckInput, type Found, itemsOf, testSteps } from './check.ts'

/** Two runs this near to each other are told. */
const OFTEN_MS = 60_000

export const checkHeartbeats: Check = async (input) => {
  const { doc } = input
  const heartbeats = itemsOf(mapAt(doc.value)['heartbeats'], ['heartbeats'])
  const problems: Diagnostic[] = [...twice(input, heartbeats), ...zones(input, heartbeats)]
  const names = heartbeats.flatMap(({ value }) => textAt(value, 'name') ?? [])
  for (const { step } of testSteps(doc)) {
    const name = textAt(step.value, 'heartbeat')
    if (name === undefined || names.includes(name)) continue
    const hint = suggestion(name, names, 'Define it under `heartbeats`.', 'Heartbeats')
    problems.push(doc.problem('CLAW208', `There is no heartbeat "${name}".`, [...step.path, 'heartbeat'], { hint }))
  }
  if (heartbeats.length === 0) return problems
  const { parseSchedule } = await import('../../schedules/cron.ts')
  const { withoutQuiet } = await import('../../plan/quiet-hours.ts')
  for (const { value, path } of heartbeats) {
    const schedule = textAt(value, 'schedule')?.trim()
    if (schedule === undefined || schedule === '') continue
    const at = [...path, 'schedule']
    const hint = 'Five fields (minute hour day month weekday), or six with seconds in front: "30 7 * * *".'
    const zone = textAt(value, 'timezone')
    // A zone that does not exist is told once, by its own check.
    const parsed = parseSchedule(schedule, zone !== undefined && isZone(zone) ? zone : localZone())
    if ('problem' in parsed) {
      const { message } = parsed.problem
      const whole = message.startsWith('A schedule has')
      const told = whole ? message : `The schedule "${schedule}" cannot be read: ${message.replace(/\.$/, '')}.`
      problems.push(doc.problem('CLAW303', told, at, { hint }))
      continue
    }
    const zoned = zone !== undefined && isZone(zone) ? zone : localZone()
    const next = firstTimes(withoutQuiet(parsed.schedule, textAt(value, 'quiet'), zoned), 3)
    if (next.length === 0) problems.push(doc.problem('CLAW309', `The schedule "${schedule}" never fires.`, at))
    else if (next.slice(1).some((time, index) => time - next[index]! <= OFTEN_MS)) {
      const often = 'Each run is a turn of a model. For testing that is fine.'
      problems.push(doc.problem('CLAW310', `The schedule "${schedule}" fires every minute or more often.`, at, { hint: often }))
    }
  }
  return problems
}

function firstTimes(schedule: Schedule, count: number): readonly number[] {
  const times: number[] = []
  for (let at = schedule.next(Date.now()); at !== null && times.length < count; at = schedule.next(at)) times.push(at)
  return times
}

function twice({ doc }: CheckInput, heartbeats: readonly Found[]): readonly Diagnostic[] {
  const problems: Diagnostic[] = []
  const seen = new Map<string, Found>()
  for (const heartbeat of heartbeats) {
    const name = textAt(heartbeat.value, 'name')
    if (name === undefined) continue
    const first = seen.get(name)
    if (first === undefined) seen.set(name, heartbeat)
    else {
      const earlier = doc.position([...first.path, 'name'])
      const related = [{ ...earlier, message: 'first here' }]
      const hint = `The first is in line ${earlier.line}; each heartbeat has a session of its own name.`
      problems.push(
        doc.problem('CLAW306', `Two heartbeats are called "${name}".`, [...heartbeat.path, 'name'], { hint, related }),
      )
    }
  }
  return problems
}

function zones({ doc, scope }: CheckInput, heartbeats: readonly Found[]): readonly Diagnostic[] {
  const resets = agentSections(doc, scope).map(({ value, path }) => ({ value: mapAt(value['reset']), path: [...path, 'reset'] }))
  return [...heartbeats, ...resets].flatMap(({ value, path }) => {
    const zone = textAt(value, 'timezone')
    if (zone === undefined || zone === '' || isZone(zone)) return []
    const hint = suggestion(zone, Intl.supportedValuesOf('timeZone'), '', 'Zones')
    const shown = hint.startsWith('Did') ? hint : 'Write a name such as Europe/Paris or UTC.'
    return [doc.problem('CLAW304', `There is no time zone "${zone}".`, [...path, 'timezone'], { hint: shown })]
  })
}

/** Here too, so that a file without heartbeats does not load the library of schedules. */
function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}
