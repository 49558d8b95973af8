// Agents: from `agents.list` (or `agents.entries`, or the older `agent`) and `agents.defaults`.

import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { ModelBounds, Models } from './models.ts'
import type { Cursor } from './source.ts'
import { toolsUnder } from './tools.ts'

export type Spec = Record<string, unknown>

export interface Agents {
  readonly section: Record<string, Spec>
  readonly defaults: Spec
  /** Id in the source → our id. */
  readonly ids: ReadonlyMap<string, string>
  readonly defaultAgent: string
  /** Each agent's own cursor; null for the one that is implied. */
  readonly cursors: ReadonlyMap<string, Cursor | null>
}

export interface Machine {
  readonly home: string
  /** Folder of the file that is imported. */
  readonly folder: string
}

export function readAgents(root: Cursor, models: Models, machine: Machine): Agents {
  const common = root.at('agents', 'defaults').exists ? root.at('agents', 'defaults') : root.at('agent')
  const listed: [string, Cursor | null][] = [
    ...root
      .at('agents', 'list')
      .items()
      .map((one, i): [string, Cursor] => [one.at('id').text() ?? `agent-${i + 1}`, one]),
    ...root.at('agents', 'entries').entries(),
  ]
  if (listed.length === 0) listed.push(['main', null])
  const ids = new Map(listed.map(([id]) => [id, agentId(id)]))
  const marked = listed.find(([, own]) => own?.at('default').flag() === true) ?? listed[0]!
  const section: Record<string, Spec> = {}
  for (const [id, own] of listed) {
    const standing = { only: listed.length === 1, isDefault: id === marked[0] }
    section[ids.get(id)!] = readAgent({ id, own, common, root, models, machine, ...standing, all: ids })
    own?.at('agentDir').drop('sessions and keys live under stateDir and in the environment')
  }
  common.at('workspace').use()
  return {
    section,
    defaults: readDefaults(root, common, models),
    ids,
    defaultAgent: ids.get(marked[0])!,
    cursors: new Map(listed),
  }
}

const agentId = (id: string): string => id.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '') || 'agent'

interface Reading {
  readonly id: string
  readonly own: Cursor | null
  readonly common: Cursor
  readonly root: Cursor
  readonly models: Models
  readonly machine: Machine
  readonly only: boolean
  readonly isDefault: boolean
  readonly all: ReadonlyMap<string, string>
}

function readAgent({ id, own, common, root, models, machine, only, isDefault, all }: Reading): Spec {
  const none = root.at('agents', 'list', '-')
  const self = own ?? none
  // The identity of the whole file is the default agent's.
  const identity = isDefault && !self.at('identity').exists ? root.at('identity') : self.at('identity')
  const name = identity.at('name').text() ?? self.at('name').text()
  self.at('name').use()
  const theme = identity.at('theme').text()
  const workspace =
    self.at('workspace').text() ??
    (typeof common.at('workspace').raw === 'string' && only ? String(common.at('workspace').raw) : undefined)
  const folder = workspace === undefined ? undefined : expand(workspace, machine)
  const { model, fallbacks } = models.choice(self.at('model'))
  const helpers = readHelpers(self, id, all)
  const tools = toolsUnder(root.at('tools'), self.at('tools')).filter((tool) => tool !== 'sessions_spawn' || helpers.length > 0)
  const sandbox = sandboxOf(self.at('sandbox', 'mode'))
  return {
    ...(name === undefined ? {} : { name }),
    soul: soulOf(name ?? id, theme, folder, self),
    ...(model === undefined ? {} : { model }),
    ...(fallbacks === undefined ? {} : { fallbacks }),
    ...(tools.length === 0 ? {} : { tools }),
    ...(helpers.length === 0 ? {} : { subagents: helpers }),
    ...(folder === undefined ? {} : { workspace: readOnly(self, common) ? [{ path: folder, access: 'read' }] : folder }),
    ...(sandbox === undefined ? {} : { sandbox }),
    ...(model === undefined ? {} : boundsOf(models.boundsOf(model))),
  }
}

/** A model's bounds as an agent has them. */
const boundsOf = ({ contextWindow, maxTokens }: ModelBounds): Spec => ({
  ...(maxTokens === undefined ? {} : { maxTokens }),
  ...(contextWindow === undefined ? {} : { compaction: { contextWindow } }),
})

const expand = (path: string, { home, folder }: Machine): string =>
  path === '~' || path.startsWith('~/') ? join(home, path.slice(1)) : resolve(folder, path)

/** The SOUL.md of the workspace where it is there to be read; words from the identity otherwise. */
function soulOf(name: string, theme: string | undefined, folder: string | undefined, self: Cursor): string {
  if (folder !== undefined) {
    const path = join(folder, 'SOUL.md')
    if (existsSync(path)) return path
    self
      .at('workspace')
      .note('changed', `${path} was not found, so the soul is one line; name the file under soul when it is there`)
  }
  return `You are ${name}${theme === undefined ? '' : `, a ${theme}`}.`
}

const readOnly = (self: Cursor, common: Cursor): boolean =>
  (self.at('sandbox', 'workspaceAccess').text() ?? common.at('sandbox', 'workspaceAccess').text()) === 'ro'

function sandboxOf(mode: Cursor): string | undefined {
  switch (mode.text()) {
    case 'off':
      return 'off'
    case 'non-main':
      mode.note('changed', 'the sandbox is an agent’s, not a session’s: auto runs every command in it where there is one')
      return 'auto'
    case 'all':
      return 'required'
    default:
      return undefined
  }
}

function readHelpers(self: Cursor, id: string, all: ReadonlyMap<string, string>): string[] {
  const list = self.at('subagents', 'allowAgents')
  const others = [...all.keys()].filter((other) => other !== id)
  const wanted = list.texts().flatMap((name) => (name === '*' ? others : [name]))
  const unknown = wanted.filter((name) => !all.has(name))
  if (unknown.length > 0) list.note('dropped', `there is no agent ${unknown.join(', ')}`)
  return [...new Set(wanted.flatMap((name) => (name === id ? [] : (all.get(name) ?? []))))]
}

function readDefaults(root: Cursor, common: Cursor, models: Models): Spec {
  const { model, fallbacks } = models.choice(common.at('model'))
  const bounds = model === undefined ? {} : models.boundsOf(model)
  const contextWindow = common.at('contextTokens').number() ?? bounds.contextWindow
  const sandbox = sandboxOf(common.at('sandbox', 'mode'))
  const queue = readQueue(root)
  const reset = readReset(root.at('session', 'reset'))
  const prefix = root.at('messages', 'responsePrefix')
  const named = /^(auto|\[?\{identity(Name|\.name)\}\]?)$/.test(String(prefix.raw ?? ''))
  if (named) prefix.use()
  const mode = permissionMode(root.at('tools', 'exec'))
  return {
    ...(model === undefined ? {} : { model }),
    ...(fallbacks === undefined ? {} : { fallbacks }),
    ...(mode === undefined ? {} : { permissions: { mode } }),
    ...boundsOf({ ...bounds, ...(contextWindow === undefined ? {} : { contextWindow }) }),
    ...(reset === undefined ? {} : { reset }),
    ...(sandbox === undefined ? {} : { sandbox }),
    ...(queue === undefined ? {} : { queue }),
    ...(named ? { replyPrefix: true } : {}),
  }
}

/** How commands on the host are approved there: `full` without asking is `record` here, all else asks. */
function permissionMode(exec: Cursor): string | undefined {
  const security = exec.at('security')
  const ask = exec.at('ask').text()
  if (security.text() === undefined) return undefined
  if (security.raw !== 'full' || (ask !== undefined && ask !== 'off')) return 'ask'
  security.note('changed', 'commands that are not denied run and are written down (mode: record)')
  return 'record'
}

function readQueue(root: Cursor): Spec | undefined {
  const queue = root.at('messages', 'queue').exists ? root.at('messages', 'queue') : root.at('routing', 'queue')
  const mode = queue.at('mode').text()
  const debounce = queue.at('debounceMs').number()
  const cap = queue.at('cap').number()
  const whenBusy =
    mode === undefined ? undefined : mode.startsWith('collect') ? 'collect' : mode === 'interrupt' ? 'interrupt' : 'follow-up'
  const spec = {
    ...(whenBusy === undefined ? {} : { whenBusy }),
    ...(debounce === undefined ? {} : { debounce: `${Math.round(debounce)}ms` }),
    ...(cap === undefined ? {} : { maxBacklog: cap }),
  }
  return Object.keys(spec).length === 0 ? undefined : spec
}

function readReset(reset: Cursor): Spec | undefined {
  const mode = reset.at('mode').text()
  const hour = reset.at('atHour').number()
  const idle = reset.at('idleMinutes').number()
  const spec = {
    ...(mode === 'daily' || (mode === undefined && hour !== undefined)
      ? { daily: `${String(hour ?? 4).padStart(2, '0')}:00` }
      : {}),
    ...(idle === undefined ? {} : { idle: `${idle}m` }),
  }
  return Object.keys(spec).length === 0 ? undefined : spec
}
