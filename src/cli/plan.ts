// `claw plan`: what a reload would do, before it does.

import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { shownPath } from '../config/render.ts'
import { EXIT, messageOf } from '../errors.ts'
import type { Change } from '../plan/change.ts'
import { diffPlans, type PlanDiff } from '../plan/diff.ts'
import { type FireTimeMove, movedFireTimes } from '../plan/fire-times.ts'
import type { Plan } from '../plan/plan.ts'
import { type Replay, replay } from '../plan/replay.ts'
import { createRouter } from '../plan/router.ts'
import { systemClock } from '../ports.ts'
import { comparedPlan } from './compared-plan.ts'
import { type Io, paint, printJson, type Verb } from './io.ts'
import { planFrom } from './plan-loading.ts'
import { printable } from './table.ts'

export const run: Verb = async (_args, options, io) => {
  const loaded = await planFrom(options.config, io, { format: options.format })
  if (typeof loaded === 'number') return loaded
  const after = loaded.plan
  const against = typeof options['against'] === 'string' ? options['against'] : 'running'
  const compared = await comparedPlan(against, after, io)
  if (typeof compared === 'number') return compared
  const before = compared.plan
  const diff = diffPlans(before, after)
  const heartbeats = await movedFireTimes(before, after, systemClock.now())
  const replayed =
    typeof options['replay'] === 'string' ? await replayFile(resolve(io.cwd, options['replay']), before, after, io) : undefined
  if (typeof replayed === 'number') return replayed
  const { widened, restarts, sessions } = diff
  const changes = diff.changes.map((change) => ({ ...change, file: shownPath(change.file, io.cwd) }))
  if (options.format === 'json') {
    printJson(io, {
      against: compared.what,
      changes,
      widened,
      restarts,
      sessions,
      heartbeats,
      ...(replayed && { replay: replayed }),
    })
  } else io.out(human(compared.what, { ...diff, changes, widened, sessions }, heartbeats, replayed, io))
  return options['exitCode'] === true && changes.length > 0 ? EXIT.differences : EXIT.ok
}

/** With nothing to compare with, every message is new to this configuration: then none is told as moved. */
async function replayFile(file: string, before: Plan | null, after: Plan, io: Io): Promise<Replay | number> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    io.err(`claw: the recording cannot be read: ${messageOf(error)}\n`)
    return EXIT.noInput
  }
  const is = { plan: after, router: await createRouter(after) }
  const was = before === null ? is : { plan: before, router: await createRouter(before) }
  return replay(was, is, text.split('\n'))
}

const MARKS = { add: ['green', '+'], change: ['yellow', '~'], remove: ['red', '-'] } as const

function changeLine({ action, kind, id, fields, file, line }: Change, io: Io): string {
  const [color, mark] = MARKS[action]
  const what = fields.length === 0 ? '' : `: ${fields.join(', ')}`
  return `  ${paint(io, color, mark)} ${kind} ${printable(id)}${what} ${paint(io, 'dim', `(${file}:${line})`)}`
}

function human(what: string, diff: PlanDiff, heartbeats: readonly FireTimeMove[], replayed: Replay | undefined, io: Io): string {
  const lines = [paint(io, 'dim', `Against ${what}:`), ...diff.changes.map((change) => changeLine(change, io))]
  if (diff.changes.length === 0) lines.push('  no differences')
  const section = (title: string, items: readonly string[]): void => {
    if (items.length > 0) lines.push(title, ...items.map((item) => `  ${printable(item)}`))
  }
  const who = (agentId: string): string => (agentId === '*' ? 'every agent' : agentId)
  section(
    paint(io, 'red', 'Permissions widened'),
    diff.widened.map((one) => `${who(one.agentId)}: ${one.what}`),
  )
  section('Connections made again', diff.restarts)
  section(
    'Sessions that get another key, or are left behind',
    diff.sessions.map((one) => `${one.before} → ${one.after ?? 'none'} (${one.reason})`),
  )
  section(
    'Next fire times',
    heartbeats.map((one) => `${one.name}: ${one.before ?? 'never'} → ${one.after ?? 'never'}`),
  )
  if (replayed !== undefined) {
    const moved = replayed.moved.map(
      ({ line, message, before, after }) =>
        `line ${line}, ${message.channelId}:${message.userId}: ${before.agentId ?? 'refused'} → ${after.agentId ?? 'refused'}`,
    )
    section(
      `Messages that would go to another agent: ${replayed.moved.length} of ${replayed.messages}`,
      moved.length > 0 ? moved : ['none'],
    )
  }
  return `${lines.join('\n')}\n`
}
