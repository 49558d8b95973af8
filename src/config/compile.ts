// A valid document → the Plan. Everything a default can fill is filled, everything a name can mean is resolved.

import type { Diagnostic } from '../errors.ts'
import { localZone } from '../local-zone.ts'
import type { Condition } from '../plan/conditions.ts'
import { fingerprint } from '../plan/fingerprint.ts'
import type {
  GatewayPlan,
  HeartbeatPlan,
  LinkPlan,
  McpOffer,
  Plan,
  PlanPart,
  RetentionPlan,
  RuleConditions,
  RulePlan,
} from '../plan/plan.ts'
import type { Registry } from '../registry.ts'
import { inSlices, mapped, type Sliced } from '../slices.ts'
import { isNeeded } from './checks/secrets.ts'
import { compileAgents } from './compile/agents.ts'
import { compileChannels } from './compile/channels.ts'
import { compileMcpServers } from './compile/mcp-servers.ts'
import { compileProviders } from './compile/providers.ts'
import { lostWorkspaces } from './compile/workspaces.ts'
import { parseTarget } from './delivery.ts'
import { type ConfigDocument, textsOf } from './document.ts'
import { durationMs } from './durations.ts'
import { createNamedFiles } from './files.ts'
import type { Config, Exception, Heartbeat, Rule } from './generated/config.ts'
import { DEFAULTS } from './generated/defaults.ts'
import type { Lookup } from './interpolate.ts'
import type { Mirror } from './mirror.ts'
import { modelRef } from './model-ref.ts'
import { defaultModels, servicesOf } from './model-services.ts'
import { optional } from './optional.ts'
import type { FoundPlugins } from './plugins/index.ts'
import { resolvePeople, type Scope } from './scope.ts'
import { type SecretStore, secretStore } from './secrets.ts'
import { type Path, pointerOf } from './shape.ts'

export interface CompileInput {
  readonly doc: ConfigDocument
  readonly scope: Scope
  readonly registry: Registry
  readonly plugins: FoundPlugins
  readonly mcpServers: ReadonlyMap<string, McpOffer>
  readonly lookup: Lookup
  configHash(): string
  readonly includePatterns: readonly string[]
  /** Configuration files and `.env`. */
  readonly files: readonly string[]
  /** Configuration files alone, in order. */
  readonly configFiles: readonly string[]
  /** Secrets whose files are missing are errors. */
  readonly requireSecrets: boolean
  readonly mirror?: Mirror
}

export async function compile(input: CompileInput): Promise<{ plan: Plan; diagnostics: readonly Diagnostic[] }> {
  const { doc, scope } = input
  const diagnostics: Diagnostic[] = []
  const report = (problem: Diagnostic): void => void diagnostics.push(problem)
  // The document passed the schema, from which the type is made.
  const config = doc.value as unknown as Config
  const files = createNamedFiles(doc, report, input.mirror)
  const { plugins } = input.plugins
  files.note(input.plugins.texts)
  const secrets = await secretStore(doc, files, (path) => input.requireSecrets && isNeeded(path, doc))
  const stateDir = files.resolve(config.stateDir ?? DEFAULTS.root.stateDir, ['stateDir'])
  const mcpServers = compileMcpServers({ doc, config, secrets, mcpServers: input.mcpServers })
  const models = await compileProviders({ ...input, plugins, config, files, secrets, report })
  const owners = resolvePeople(config.owners ?? [], scope)
  const named = {
    models: defaultModels(config, input.registry.providers),
    services: servicesOf(config, input.registry.providers),
  }
  const agents = await compileAgents({ ...input, config, files, report, stateDir, owners, ...named })
  const channels = compileChannels({ doc, scope, config, secrets, plugins })
  const links = compileLinks(doc, scope)
  const defaultAgent = config.routing === undefined ? agentWithoutRouting(agents.keys()) : config.routing.defaultAgent
  const gateway = compileGateway(config, secrets)
  const rules = await inSlices(mapped(config.routing?.rules ?? [], (rule, index) => compileRule(rule, index, doc)))
  const heartbeats = await inSlices(
    mapped(config.heartbeats ?? [], (heartbeat, index) => compileHeartbeat(heartbeat, index, doc, named.models)),
  )
  const search = config.search && {
    provider: config.search.provider,
    ...optional('baseURL', config.search.baseURL),
    ...optional('apiKey', secrets.get(['search', 'apiKey'])),
  }
  const browser = config.browser && {
    ...optional('executable', config.browser.executable),
    ...optional('endpoint', config.browser.endpoint),
    headless: config.browser.headless ?? DEFAULTS.root.browser.headless,
    ...optional('allowHosts', config.browser.allowHosts),
  }
  const transcription = config.transcription && {
    ...optional('command', config.transcription.command),
    ...optional('url', config.transcription.url),
    ...optional('apiKey', secrets.get(['transcription', 'apiKey'])),
    ...optional('model', config.transcription.model),
  }
  const acting = {
    stateDir,
    durability: config.durability ?? DEFAULTS.root.durability,
    retention: compileRetention(config.retention),
    owners,
    ...optional('defaultAgent', defaultAgent),
    lanes: {
      realtime: config.lanes?.realtime ?? DEFAULTS.root.lanes.realtime,
      scheduled: config.lanes?.scheduled ?? DEFAULTS.root.lanes.scheduled,
      background: config.lanes?.background ?? DEFAULTS.root.lanes.background,
    },
    ...optional('search', search),
    ...optional('browser', browser),
    ...optional('transcription', transcription),
  } as const
  const parts: Omit<Plan, 'configHash'> = {
    file: doc.file,
    configFiles: input.configFiles,
    texts: files.texts,
    sources: [...new Set([...input.files, ...files.sources])],
    includePatterns: input.includePatterns,
    ...acting,
    gateway,
    plugins,
    mcpServers,
    models,
    agents,
    channels,
    rules,
    links,
    linkOf: new Map(links.flatMap((link) => link.identities.map((identity) => [identity, link.name] as const))),
    heartbeats,
    places: placesOf(doc),
    tests: (config.tests ?? []).map((spec, index) => ({
      spec,
      place: doc.place(['tests', index]),
      path: pointerOf(['tests', index]),
    })),
    evals: (config.evals ?? []).map((spec, index) => {
      const judge = spec.evalModel ?? config.evalModel
      return {
        spec,
        place: doc.place(['evals', index]),
        ...optional('judge', judge === undefined ? undefined : modelRef(judge, named.models)),
      }
    }),
    fingerprint: fingerprint({
      ...acting,
      gateway: gateway.fingerprint,
      ...optional('plugins', plugins.length === 0 ? undefined : plugins.map(({ fingerprint: print }) => print)),
      ...optional(
        'mcpServers',
        mcpServers.size === 0 ? undefined : [...mcpServers.values()].map(({ fingerprint: print }) => print),
      ),
      objects: [models, agents, channels].map((map) => [...map].map(([id, { fingerprint: print }]) => [id, print])),
      rules: rules.map((rule) => rule.fingerprint),
      heartbeats: heartbeats.map((heartbeat) => heartbeat.fingerprint),
      links: links.map(({ name, identities }) => ({ name, identities })),
    }),
  }
  await inSlices(deepFreeze(parts))
  const plan = Object.freeze({
    ...parts,
    get configHash() {
      return input.configHash()
    },
  })
  diagnostics.push(...lostWorkspaces(plan, doc))
  return { plan, diagnostics }
}

/** Without `routing` the agent `main` answers, or else the first: adding a second agent to a small file silences nobody. */
function agentWithoutRouting(ids: Iterable<string>): string | undefined {
  const all = [...ids]
  return all.find((id) => id === 'main') ?? all[0]
}

function compileGateway(config: Config, secrets: SecretStore): GatewayPlan {
  const from = config.gateway ?? {}
  const otherwise = DEFAULTS.root.gateway
  const gateway = {
    host: from.host ?? otherwise.host,
    port: from.port ?? otherwise.port,
    ...optional('token', secrets.get(['gateway', 'auth', 'token'])),
    allowedOrigins: from.allowedOrigins ?? [],
    allowedHosts: from.allowedHosts ?? [],
    trustedProxies: from.trustedProxies ?? [],
    maxBodyBytes: from.maxBodyBytes ?? otherwise.maxBodyBytes,
    maxConnections: from.maxConnections ?? otherwise.maxConnections,
  }
  return { ...gateway, fingerprint: fingerprint(gateway) }
}

function conditionsOf(rule: Pick<Exception, Condition>): RuleConditions {
  const ids = (value: string | readonly string[] | undefined): readonly string[] | undefined =>
    value === undefined ? undefined : textsOf(value)
  return {
    ...optional('channelId', ids(rule.channelId)),
    ...optional('userId', ids(rule.userId)),
    ...optional('groupId', ids(rule.groupId)),
    ...optional('threadId', ids(rule.threadId)),
    ...optional('chat', rule.chat),
    ...optional('mentioned', rule.mentioned),
    ...optional('role', ids(rule.role)),
    ...optional('prefix', rule.prefix),
    ...optional('pattern', rule.pattern),
  }
}

function compileRule(rule: Rule, index: number, doc: ConfigDocument): RulePlan {
  const compiled = {
    priority: rule.priority ?? DEFAULTS.rule.priority,
    agentId: rule.agentId,
    ...conditionsOf(rule),
    ...optional('not', rule.not === undefined ? undefined : conditionsOf(rule.not)),
  }
  return { index, ...compiled, fingerprint: fingerprint(compiled), place: doc.place(['routing', 'rules', index]) }
}

function compileHeartbeat(
  from: Heartbeat,
  index: number,
  doc: ConfigDocument,
  models: ReadonlyMap<string, string>,
): HeartbeatPlan {
  const otherwise = DEFAULTS.heartbeat
  const heartbeat = {
    name: from.name,
    schedule: from.schedule.trim(),
    timezone: from.timezone ?? localZone(),
    agentId: from.agent,
    prompt: from.prompt,
    ...optional('for', from.for),
    ...optional('model', from.model === undefined ? undefined : modelRef(from.model, models)),
    ...optional('quiet', from.quiet),
    ...optional('retry', from.retry === 0 ? undefined : from.retry),
    ...optional('deliverTo', from.deliverTo === undefined ? undefined : (parseTarget(from.deliverTo) ?? undefined)),
    catchUp: from.catchUp ?? otherwise.catchUp,
    silentToken: from.silentToken ?? otherwise.silentToken,
    enabled: from.enabled ?? otherwise.enabled,
  } as const
  return { fingerprint: fingerprint(heartbeat), place: doc.place(['heartbeats', index]), ...heartbeat }
}

function compileLinks(doc: ConfigDocument, scope: Scope): readonly LinkPlan[] {
  return scope.links.map(({ name, identities, path }) => ({
    name,
    identities: identities.map(({ text }) => text),
    place: doc.place(path),
  }))
}

function compileRetention(written: Config['retention'] = {}): RetentionPlan {
  const ms = (text: string | undefined): number | undefined => (text === undefined ? undefined : durationMs(text))
  const transcripts = ms(written.transcripts)
  return {
    ...optional('transcripts', transcripts),
    ...optional('spawned', ms(written.spawned) ?? transcripts),
    ...optional('cron', ms(written.cron) ?? transcripts),
    ...optional('audit', ms(written.audit)),
    ...optional('usage', ms(written.usage)),
    runs: durationMs(written.runs ?? DEFAULTS.root.retention.runs),
  }
}

/** Where the parts stand that there is one of; the state by whichever of its keys is written. */
function placesOf(doc: ConfigDocument): Plan['places'] {
  const paths: readonly (readonly [PlanPart, Path])[] = [
    ['defaultAgent', ['routing', 'defaultAgent']],
    ['gateway', ['gateway']],
    ['state', ['durability']],
    ['state', ['stateDir']],
    ['retention', ['retention']],
    ['owners', ['owners']],
    ['lanes', ['lanes']],
    ['search', ['search']],
    ['browser', ['browser']],
    ['transcription', ['transcription']],
    ['plugins', ['plugins']],
  ]
  return Object.fromEntries(paths.filter(([, path]) => doc.written(path)).map(([part, path]) => [part, doc.place(path)]))
}

/** Freezes data; classes that live over time (secrets) are frozen by their own privacy. */
function* deepFreeze(value: object): Sliced<void> {
  if (Object.isFrozen(value)) return
  yield
  for (const item of value instanceof Map ? value.values() : Object.values(value))
    if (typeof item === 'object' && item !== null) yield* deepFreeze(item)
  Object.freeze(value)
}
