// Two Plans → what a reload would do: objects added, changed and removed, connections made again, rights widened, sessions
// moved. Comments, order of keys and the folder the files lie in are no difference.

import { dirname } from 'node:path'
import type { Change, ChangeKind } from './change.ts'
import { diffRules } from './diff-rules.ts'
import { changedFields, meaningOf } from './meaning.ts'
import { movedSessions, type SessionMove } from './moved-sessions.ts'
import type { McpTool, Place, Plan, PlanPart, PluginPlan } from './plan.ts'
import { type Widening, widenedRights } from './widened.ts'

export interface PlanDiff {
  readonly changes: readonly Change[]
  /** What an agent may do, or who may reach it, that was not so before. `agentId` `*`: every agent. */
  readonly widened: readonly Widening[]
  /** `kind:id` of what holds a connection and would be restarted. */
  readonly restarts: readonly string[]
  readonly sessions: readonly SessionMove[]
}

interface Thing {
  readonly value: object
  readonly at: Pick<Place, 'file' | 'line'>
}

type Things = ReadonlyMap<string, Thing>

const spotOf = ({ file, line }: Place): Thing['at'] => ({ file, line })

const mapOf = (items: Iterable<readonly [string, object & { readonly place: Place }]>): Things =>
  new Map([...items].map(([id, value]) => [id, { value, at: spotOf(value.place) }]))

/** Parts there is one of. */
const partsOf = (plan: Plan, parts: readonly (readonly [PlanPart, object | undefined])[]): Things =>
  new Map(
    parts.flatMap(([id, value]) =>
      value === undefined ? [] : [[id, { value, at: spotOf(plan.places[id] ?? { file: plan.file, line: 1, column: 1 }) }]],
    ),
  )

/** Everything but rules, by kind. What belongs to the whole engine stands under `gateway`, each part by its own name. */
function thingsOf(plan: Plan): ReadonlyMap<ChangeKind, Things> {
  const agents = [...plan.agents.values()]
  const { search, transcription, lanes, owners, defaultAgent, durability, stateDir, retention, gateway, plugins } = plan
  const limits = agents.filter((agent) => Object.keys(agent.rateLimit).length > 0)
  return new Map<ChangeKind, Things>([
    ['agent', mapOf(agents.map(({ rateLimit: _, ...agent }) => [agent.id, agent]))],
    ['channel', mapOf(plan.channels)],
    ['heartbeat', mapOf(plan.heartbeats.map((heartbeat) => [heartbeat.name, heartbeat]))],
    ['identityLink', mapOf(plan.links.map((link) => [link.name, link]))],
    ['limit', mapOf(limits.map(({ id, rateLimit, place }) => [id, { place, ...rateLimit }]))],
    ['model', mapOf(plan.models)],
    [
      'mcpServer',
      mapOf([...plan.mcpServers].map(([name, { tools, ...server }]) => [name, { ...server, tools: tools.map(toolText) }])),
    ],
    ['rule', partsOf(plan, [['defaultAgent', defaultAgent === undefined ? undefined : { defaultAgent }]])],
    [
      'gateway',
      partsOf(plan, [
        ['gateway', gateway],
        ['state', { durability, stateDir }],
        ['retention', retention],
        ['owners', { owners: [...owners].sort() }],
        ['lanes', lanes],
        ['search', search],
        ['browser', plan.browser],
        ['transcription', transcription],
        ['plugins', plugins.length === 0 ? undefined : { plugins: plugins.map(pluginText) }],
      ]),
    ],
  ])
}

/** A plugin of the same version may have been edited. */
const pluginText = ({ name, version, fingerprint }: PluginPlan): string => `${name}@${version} (${fingerprint.slice(0, 8)})`

/** A tool of the same name may have been accepted in another form. */
const toolText = ({ name, digest }: McpTool): string => `${name} (${digest.slice(0, 8)})`

/** The same text from the same folder: nothing to compare. */
const isSame = (before: object, after: object, sameFolder: boolean): boolean => {
  const [a, b] = [before, after] as [{ fingerprint?: string }, { fingerprint?: string }]
  return before === after || (sameFolder && a.fingerprint !== undefined && a.fingerprint === b.fingerprint)
}

function diffThings(kind: ChangeKind, before: Plan, old: Things, after: Plan, fresh: Things): readonly Change[] {
  const changes: Change[] = []
  const sameFolder = dirname(before.file) === dirname(after.file)
  for (const [id, { value, at }] of fresh) {
    const was = old.get(id)
    if (was === undefined) changes.push({ action: 'add', kind, id, fields: [], ...at })
    else if (!isSame(was.value, value, sameFolder)) {
      const fields = changedFields(meaningOf(before, was.value), meaningOf(after, value))
      if (fields.length > 0) changes.push({ action: 'change', kind, id, fields, ...at })
    }
  }
  for (const [id, { at }] of old) if (!fresh.has(id)) changes.push({ action: 'remove', kind, id, fields: [], ...at })
  return changes
}

const holdsConnection = ({ action, kind, id }: Change): boolean =>
  action === 'change' && (kind === 'channel' || (kind === 'gateway' && id === 'gateway'))

/** Parts every Plan has: where nothing ran before, they are no news. */
const ALWAYS_THERE = new Set(['state', 'retention', 'owners', 'lanes'])

const NOTHING: PlanDiff = { changes: [], widened: [], restarts: [], sessions: [] }

/** What it takes to get from one Plan to the next; `before` null: nothing runs, all is new. */
export function diffPlans(before: Plan | null, after: Plan): PlanDiff {
  const fresh = thingsOf(after)
  if (before === null) {
    const things = [...fresh].flatMap(([kind, items]) => diffThings(kind, after, new Map(), after, items))
    const news = things.filter(({ kind, id }) => kind !== 'gateway' || !ALWAYS_THERE.has(id))
    return { ...NOTHING, changes: [...limitsOfKeptAgents(after, news, new Set()), ...diffRules([], after.rules)] }
  }
  const old = thingsOf(before)
  const things = [...fresh].flatMap(([kind, items]) => diffThings(kind, before, old.get(kind) ?? new Map(), after, items))
  const changes = [...limitsOfKeptAgents(after, things, new Set(before.agents.keys())), ...diffRules(before.rules, after.rules)]
  const restarts = changes.filter(holdsConnection).map(({ kind, id }) => `${kind}:${id}`)
  let widened: readonly Widening[] | undefined
  let sessions: readonly SessionMove[] | undefined
  return {
    changes,
    restarts,
    // Computed when asked for: a reload that only logs its changes doesn't pay for the proof.
    get widened() {
      widened ??= widenedRights(before, after)
      return widened
    },
    get sessions() {
      sessions ??= movedSessions(before, after)
      return sessions
    },
  }
}

/** An agent that comes or goes takes its limits along: that is one change, not two. */
const limitsOfKeptAgents = (after: Plan, changes: readonly Change[], before: ReadonlySet<string>): readonly Change[] =>
  changes.filter(({ kind, id }) => kind !== 'limit' || before.has(id) === after.agents.has(id))
