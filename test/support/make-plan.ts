// A whole, frozen Plan from the few things a test cares about; no YAML, no files.

import { fingerprint } from '../../src/plan/fingerprint.ts'
import type { AgentPlan, ChannelPlan, GatewayPlan, HeartbeatPlan, LinkPlan, Place, Plan, RulePlan } from '../../src/plan/plan.ts'

type Parts<T> = { readonly [K in keyof T]?: T[K] | undefined }

export interface PlanParts extends Omit<Parts<Plan>, 'agents' | 'channels' | 'rules' | 'links' | 'heartbeats' | 'gateway'> {
  readonly agents?: Readonly<Record<string, Parts<AgentPlan>>>
  readonly channels?: Readonly<Record<string, Parts<ChannelPlan>>>
  /** `index`, `priority` and `place` (line = 10 + index) are filled in. */
  readonly rules?: readonly (Parts<RulePlan> & { readonly agentId: string })[]
  /** Link name to identities. */
  readonly links?: Readonly<Record<string, readonly string[]>>
  readonly heartbeats?: readonly (Parts<HeartbeatPlan> & { readonly name: string; readonly agentId: string })[]
  readonly gateway?: Parts<GatewayPlan>
}

const FILE = '/bot/openclaw.yaml'
const at = (line: number): Place => ({ file: FILE, line, column: 1 })

/** Drops keys that are undefined, so that optional ones are absent. */
function given<T extends object>(parts: T): T {
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) as T
}

function finish<T extends object>(value: T & { readonly place?: Place }): T & { readonly fingerprint: string } {
  const { place: _, index: _i, ...meaning } = value as typeof value & { index?: number }
  return { ...value, fingerprint: fingerprint(meaning) }
}

export function makeAgent(id: string, parts: Parts<AgentPlan> = {}): AgentPlan {
  return finish(
    given({
      id,
      name: id,
      description: '',
      model: { provider: 'scripted', model: 'echo' },
      fallbacks: [],
      soul: { text: `You are ${id}.` },
      tools: [],
      permissions: {
        mode: 'ask',
        allow: [],
        deny: [],
        approvers: [],
        timeoutMs: 600_000,
        approvalWaitMs: 60_000,
        askInSandbox: 'always',
      },
      sessionScope: 'per-channel-peer',
      rateLimit: {},
      compaction: { contextWindow: 200_000, threshold: 0.8, keepRecent: 50, chunkTokens: 20_000 },
      reset: { timezone: 'UTC' },
      subagents: [],
      workspace: [{ path: `/bot/.openclaw/workspace/${id}`, access: 'write' }],
      sandbox: 'auto',
      memory: { write: 'person', read: ['person', 'shared'] },
      network: [],
      denyHosts: [],
      replyPrefix: false,
      maxTurns: 20,
      maxTokens: 4096,
      context: 'off',
      queue: { whenBusy: 'follow-up', debounceMs: 0, maxBacklog: 50 },
      skills: [],
      place: at(2),
      ...parts,
    }) as unknown as AgentPlan,
  )
}

export function makeChannel(id: string, parts: Parts<ChannelPlan> = {}): ChannelPlan {
  return finish(
    given({
      id,
      type: id,
      enabled: true,
      strangers: 'ignore',
      groups: { respond: 'mention', session: 'per-user' },
      streaming: 'final',
      media: { maxBytes: 10_000_000 },
      maxMessageChars: 100_000,
      settings: {},
      place: at(3),
      ...parts,
    }) as unknown as ChannelPlan,
  )
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const item of Object.values(value)) deepFreeze(item)
  return value
}

/** A Plan with one agent `main` (also the default agent) and the channels http and webchat, unless told otherwise. */
export function makePlan(parts: PlanParts = {}): Plan {
  const agents = new Map(Object.entries(parts.agents ?? { main: {} }).map(([id, agent]) => [id, makeAgent(id, agent)]))
  const channels = new Map(
    Object.entries(parts.channels ?? { http: {}, webchat: {} }).map(([id, channel]) => [id, makeChannel(id, channel)]),
  )
  const rules = (parts.rules ?? []).map((rule, index) =>
    finish(given({ index, priority: 0, place: at(10 + index), ...rule }) as unknown as RulePlan),
  )
  const links: LinkPlan[] = Object.entries(parts.links ?? {}).map(([name, identities]) => ({ name, identities, place: at(4) }))
  const heartbeats = (parts.heartbeats ?? []).map((heartbeat, index) =>
    finish(
      given({
        schedule: '0 7 * * *',
        timezone: 'UTC',
        prompt: 'Hello',
        catchUp: 'none',
        silentToken: 'HEARTBEAT_OK',
        enabled: true,
        place: at(50 + index),
        ...heartbeat,
      }) as unknown as HeartbeatPlan,
    ),
  )
  const gateway = finish({
    host: '127.0.0.1',
    port: 0,
    allowedOrigins: [],
    allowedHosts: [],
    trustedProxies: [],
    maxBodyBytes: 1_048_576,
    maxConnections: 64,
    ...given(parts.gateway ?? {}),
  }) as unknown as GatewayPlan
  const first = [...agents.keys()][0]
  const { agents: _a, channels: _c, rules: _r, links: _l, heartbeats: _h, gateway: _g, ...rest } = parts
  const plan = given({
    file: FILE,
    sources: [FILE],
    configFiles: [FILE],
    texts: [],
    places: {},
    includePatterns: [],
    plugins: [],
    mcpServers: new Map(),
    configHash: '0'.repeat(64),
    stateDir: '/bot/.openclaw',
    durability: 'process',
    models: new Map([
      [
        'scripted',
        finish({
          id: 'scripted',
          provider: 'scripted',
          defaultModel: 'echo',
          headers: {},
          timeoutMs: 60_000,
          maxRetries: 2,
          prices: {},
          place: at(1),
        }),
      ],
    ]),
    owners: [],
    defaultAgent: first,
    lanes: { realtime: 16, scheduled: 4, background: 4 },
    tests: [],
    evals: [],
    ...rest,
    gateway,
    agents,
    channels,
    rules,
    links,
    linkOf: new Map(links.flatMap((link) => link.identities.map((identity) => [identity, link.name] as const))),
    heartbeats,
  })
  // `defaultAgent: undefined` given by name means: none.
  if ('defaultAgent' in parts && parts.defaultAgent === undefined) delete (plan as { defaultAgent?: string }).defaultAgent
  const whole = { ...plan, fingerprint: fingerprint(plan) } as unknown as Plan
  for (const map of [whole.agents, whole.channels, whole.models]) for (const value of map.values()) deepFreeze(value)
  return deepFreeze(whole)
}
