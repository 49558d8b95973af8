// An OpenClaw configuration in (parsed), ours out, and a list of what has no counterpart.

import { type Machine, readAgents } from './agents.ts'
import { asPlatformId, type Channels, readChannels } from './channels.ts'
import { readHeartbeats } from './heartbeats.ts'
import { readModels } from './models.ts'
import { readRules } from './routing.ts'
import { secretAt, variable } from './secrets.ts'
import { type Cursor, createSource, type Finding } from './source.ts'

export interface Converted {
  readonly config: Record<string, unknown>
  readonly findings: readonly Finding[]
}

export function convert(value: unknown, lines: ReadonlyMap<string, number>, machine: Machine): Converted {
  const source = createSource(value, lines)
  const { root } = source
  for (const key of ['$schema', 'meta', 'wizard']) root.at(key).use()
  const models = readModels(root)
  const channels = readChannels(root)
  const agents = readAgents(root, models, machine)
  const people = readPeople(root, channels)
  const rules = readRules(root, agents, channels)
  const heartbeats = readHeartbeats(root, agents, channels)
  const lanes = root.at('agents', 'defaults', 'maxConcurrent').number()
  const several = Object.keys(agents.section).length > 1 || rules.length > 0
  const config = present({
    version: 1,
    gateway: readGateway(root.at('gateway')),
    models: models.section,
    defaults: agents.defaults,
    agents: agents.section,
    identityLinks: people.links,
    owners: people.owners,
    sessionScope: readScope(root.at('session')),
    channels: { ...channels.section, webchat: { allowFrom: [] } },
    routing: several ? { defaultAgent: agents.defaultAgent, ...(rules.length === 0 ? {} : { rules }) } : undefined,
    heartbeats,
    lanes: lanes === undefined ? undefined : { realtime: Math.max(1, lanes) },
    search: readSearch(root.at('tools', 'web', 'search')),
    transcription: readTranscription(root.at('tools', 'media', 'audio', 'models')),
  })
  return { config, findings: source.findings(why) }
}

/** Without sections that are absent or empty. */
const present = (sections: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(sections).filter(
      ([, value]) => value !== undefined && !(typeof value === 'object' && value !== null && Object.keys(value).length === 0),
    ),
  )

function readGateway(gateway: Cursor): Record<string, unknown> {
  for (const key of ['mode', 'reload']) gateway.at(key).use()
  const port = gateway.at('port').number()
  const bind = gateway.at('bind')
  const where = bind.text()
  if (where !== undefined && where !== 'loopback' && where !== 'lan')
    bind.note('changed', `"${where}" became loopback; write the address under gateway.host`)
  const mode = gateway.at('auth', 'mode').text()
  const password = gateway.at('auth', 'password')
  if (password.exists) password.drop('callers show a token here: gateway.auth.token')
  const token =
    secretAt(gateway.at('auth', 'token'), 'CLAW_TOKEN') ??
    (where === 'lan' || mode === 'password' ? variable('CLAW_TOKEN') : undefined)
  const origins = gateway.at('controlUi', 'allowedOrigins').texts()
  gateway.at('controlUi', 'enabled').use()
  return {
    ...(where === 'lan' ? { host: '0.0.0.0' } : {}),
    ...(port === undefined ? {} : { port }),
    ...(token === undefined ? {} : { auth: { token } }),
    ...(origins.length === 0 ? {} : { allowedOrigins: origins }),
  }
}

/** Each account is a channel here, so per-account-channel-peer is per-channel-peer. The default there is main. */
function readScope(session: Cursor): string {
  const scope = session.at('dmScope').text() ?? 'main'
  const whole = session.at('scope')
  if (whole.text() === 'global') whole.note('changed', 'in groups everyone shares the group’s session')
  session.at('mainKey').use()
  if (scope === 'main' || scope === 'per-peer' || scope === 'per-channel-peer') return scope
  return 'per-channel-peer'
}

const RESERVED = new Set(['main', 'spawn', 'cron'])

function readPeople(root: Cursor, channels: Channels): { links: Record<string, string[]>; owners: string[] } {
  const links: Record<string, string[]> = {}
  const linkOf = new Map<string, string>()
  for (const [name, list] of root.at('session', 'identityLinks').entries()) {
    const identities = list.items().flatMap((item) => identity(item, channels))
    list.use()
    if (identities.length === 0) continue
    let safe = name.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '') || 'someone'
    if (RESERVED.has(safe) || channels.section[safe] !== undefined || safe === 'webchat') safe = `${safe}-person`
    if (safe !== name) list.note('changed', `the link is called ${safe} here`)
    links[safe] = identities
    for (const one of identities) linkOf.set(one, safe)
  }
  const named = root
    .at('commands', 'ownerAllowFrom')
    .items()
    .flatMap((item) => identity(item, channels))
  root.at('commands', 'ownerAllowFrom').use()
  // With a single person let in anywhere, that person is whose bot it is.
  const admitted = [...new Set([...channels.admitted].map((one) => linkOf.get(one) ?? one))]
  const owners = named.length > 0 ? named.map((one) => linkOf.get(one) ?? one) : admitted.length === 1 ? admitted : []
  return { links, owners: [...new Set(owners)] }
}

/** `telegram:123`, in the words of our channels. */
function identity(item: Cursor, channels: Channels): string[] {
  const written = item.text() ?? ''
  const [, channel, user] = /^([a-z][\w-]*):(?:user:)?(.+)$/i.exec(written) ?? []
  const name = channel === 'tg' ? 'telegram' : (channel ?? '')
  const ids = user === undefined ? [] : channels.ids(name, '*')
  if (ids.length === 0) item.note('dropped', `${written || 'this'} names no channel that was carried over`)
  return ids.map((id) => `${id}:${asPlatformId(name, user ?? '')}`)
}

const BRAVE_KEY = 'BRAVE_API_KEY'

function readSearch(search: Cursor): Record<string, unknown> | undefined {
  if (!search.exists) return undefined
  const provider = search.at('provider')
  const name = provider.text() ?? 'brave'
  if (name !== 'brave' && name !== 'searxng') {
    provider.drop(`there is no search service "${name}"; brave and searxng are spoken`)
    return undefined
  }
  const off = search.at('enabled').flag() === false
  const key = secretAt(search.at('apiKey'), BRAVE_KEY)
  const baseURL = search.at('baseUrl').text()
  if (off) return undefined
  if (name === 'searxng') return baseURL === undefined ? undefined : { provider: name, baseURL }
  if (key === undefined) search.note('secret', `put the key of the search service into .env as ${BRAVE_KEY}`)
  return { provider: name, apiKey: key ?? variable(BRAVE_KEY) }
}

/** The first command that turns speech into text. */
function readTranscription(models: Cursor): Record<string, unknown> | undefined {
  for (const model of models.items()) {
    if (model.at('type').raw !== 'cli') continue
    const command = model.at('command').text()
    if (command === undefined) continue
    model.use()
    const args = model
      .at('args')
      .texts()
      .map((arg) => arg.replaceAll(/\{\{\s*MediaPath\s*\}\}/g, '{file}'))
    return { command: [command, ...args] }
  }
  return undefined
}

/** Why what nobody read has no counterpart. */
const REASONS: readonly (readonly [prefix: string, reason: string])[] = [
  ['env', 'variables stand in the environment or in .env beside openclaw.yaml; put them there'],
  ['auth', 'keys come from the environment; there are no logins with a subscription'],
  ['logging', 'logs go to standard error; `claw run --log-level` sets how much'],
  ['hooks', 'calls from outside come in through a channel of type webhook'],
  ['cron', 'jobs are heartbeats in openclaw.yaml; copy each from the cron store'],
  ['skills', 'a skill is a folder skills/<name> beside openclaw.yaml, named under agents.<id>.skills'],
  ['plugins', 'there are no plugins'],
  ['mcp', 'tools of MCP servers are not carried over'],
  ['browser', 'there is no browser tool'],
  ['session.resetTriggers', '/new and /reset are built in'],
  ['session.maintenance', 'transcripts are kept until you delete them'],
  ['session.store', 'sessions live under stateDir'],
  ['session.sendPolicy', 'who is answered is said by routing, allowFrom and groups.respond'],
  ['session.resetBy', 'a session starts from scratch by its agent’s reset alone'],
  ['agents.defaults.models', 'settings of single models have no counterpart'],
  ['agents.defaults.memorySearch', 'memory is searched by its words, in files under stateDir'],
  ['agents.defaults.sandbox', 'the sandbox is bubblewrap or the system’s own, without images'],
  ['tools.elevated', 'nobody leaves the sandbox by who they are; see permissions'],
  ['tools.exec', 'how commands run is fixed: see permissions and sandbox'],
  ['tools.agentToAgent', 'agents reach each other with sessions_spawn alone: see subagents'],
  ['messages.groupChat', 'a mention is the platform’s own'],
  ['routing.groupChat', 'a mention is the platform’s own'],
  ['gateway.tailscale', 'put your own tunnel in front of the port'],
  ['gateway.remote', 'the command line speaks to the gateway of the same folder'],
  ['broadcast', 'a message is answered by one agent'],
]

function why(path: readonly string[]): string {
  const written = path.join('.')
  if (/groupChat/.test(written)) return 'a mention is the platform’s own'
  const found = REASONS.find(([prefix]) => written.startsWith(prefix))
  return found?.[1] ?? 'has no counterpart'
}
