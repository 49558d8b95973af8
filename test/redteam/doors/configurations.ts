// Random configurations of small bots, and random attempts to get in, for the proof that nobody reaches more than `access` says. Ids
// carry the number of the configuration, so that conversations never meet.

import fc from 'fast-check'

export const AGENTS = ['a', 'b', 'c', 'd'] as const
export const USERS = ['1', '2', '3', '4'] as const
/** A tool for each right, one for none, one that says nothing of itself, and the one that starts others. */
export const TOOLS = ['look', 'put', 'ship', 'pay', 'plain', 'wild', 'sessions_spawn'] as const

/** `lab` is a platform, the others are the gateway's. */
export const CHANNELS = ['lab', 'http', 'webchat', 'lines'] as const
export type ChannelId = (typeof CHANNELS)[number]

export const TOKEN = 'the-gateway-token-of-this-test'
export const SECRET = 'the-secret-of-the-lines-channel'

interface ChannelChoice {
  readonly allowFrom?: readonly string[]
  readonly strangers: 'ignore' | 'refuse' | 'pair'
  readonly groups: { readonly respond: 'mention' | 'always' | 'never'; readonly allow?: readonly string[] }
}

export interface Configuration {
  readonly agents: readonly {
    readonly tools: readonly string[]
    readonly subagents: readonly boolean[]
    readonly mode: 'ask' | 'record' | 'ignore'
    readonly deny: readonly string[]
  }[]
  readonly channels: readonly ChannelChoice[]
  readonly owners: readonly string[]
  readonly linked: readonly string[]
  readonly hasDefault: boolean
  readonly hasToken: boolean
  readonly hasSecret: boolean
  readonly rules: readonly {
    readonly agentId: string
    readonly priority?: number
    readonly channelId?: readonly string[]
    readonly userId?: readonly string[]
    readonly groupId?: readonly string[]
    readonly prefix?: string
    readonly pattern?: string
  }[]
  readonly heartbeat: string
}

export type Credential = 'none' | 'wrong' | 'token' | 'owner' | 'secret'

export interface Attempt {
  readonly door: 'lab' | '/chat' | '/v1' | 'socket'
  readonly channelId: ChannelId
  readonly user: string
  readonly group?: string
  readonly content: string
  readonly mentioned: boolean
  readonly credential: Credential
  /** The agent it names. */
  readonly wish?: string
}

const agent = fc.constantFrom(...AGENTS)
const identity = fc.tuple(fc.constantFrom(...CHANNELS), fc.constantFrom(...USERS)).map(([channel, user]) => `${channel}:${user}`)
const groups = fc.uniqueArray(fc.constantFrom('g1', 'g2'), { minLength: 1 })

const channel: fc.Arbitrary<ChannelChoice> = fc.record(
  {
    allowFrom: fc.uniqueArray(fc.constantFrom('1', '2', 'ann'), { minLength: 1 }),
    strangers: fc.constantFrom('ignore', 'refuse', 'pair', 'pair'),
    groups: fc.record({ respond: fc.constantFrom('mention', 'always', 'never'), allow: groups }, { requiredKeys: ['respond'] }),
  },
  { requiredKeys: ['strangers', 'groups'] },
)

const rule = fc.record(
  {
    agentId: agent,
    priority: fc.constantFrom(0, 1),
    channelId: fc.uniqueArray(fc.constantFrom(...CHANNELS), { minLength: 1, maxLength: 2 }),
    userId: fc.uniqueArray(fc.constantFrom(...USERS), { minLength: 1, maxLength: 2 }),
    groupId: groups,
    prefix: fc.constantFrom('!x', '/go'),
    pattern: fc.constantFrom('a', '^!'),
  },
  { requiredKeys: ['agentId'] },
)

export const configurations: fc.Arbitrary<Configuration> = fc.record({
  agents: fc.array(
    fc.record({
      tools: fc.subarray([...TOOLS]),
      subagents: fc.array(fc.boolean(), { minLength: AGENTS.length, maxLength: AGENTS.length }),
      mode: fc.constantFrom('ask', 'record', 'ignore'),
      deny: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.subarray(['tool:look', 'tool:p*']) }),
    }),
    { minLength: AGENTS.length, maxLength: AGENTS.length },
  ),
  channels: fc.array(channel, { minLength: CHANNELS.length, maxLength: CHANNELS.length }),
  owners: fc.uniqueArray(identity, { maxLength: 2 }),
  linked: fc.uniqueArray(identity, { maxLength: 3 }),
  hasDefault: fc.constantFrom(true, true, false),
  hasToken: fc.boolean(),
  hasSecret: fc.boolean(),
  rules: fc.array(rule, { maxLength: 4 }),
  heartbeat: agent,
})

/** Mostly channels that the door leads to. */
const DOORS: Readonly<Record<Attempt['door'], readonly ChannelId[]>> = {
  lab: ['lab'],
  '/chat': ['http', 'webchat', 'http', 'webchat', 'lines'],
  '/v1': ['http'],
  socket: ['http', 'webchat', 'lines', 'lines', 'lab'],
}

const attempt: fc.Arbitrary<Attempt> = fc.constantFrom('lab', 'lab', '/chat', '/v1', 'socket', 'socket').chain((door) =>
  fc
    .record({
      door: fc.constant(door),
      channelId: fc.constantFrom(...DOORS[door]),
      user: fc.constantFrom(...USERS),
      group: fc.constantFrom(undefined, undefined, 'g1', 'g2'),
      content: fc.constantFrom('hi', 'hi', '!x hi', '/go now', '/status', 'what', '/status please'),
      mentioned: fc.constantFrom(true, true, false),
      credential: fc.constantFrom('none', 'none', 'token', 'token', 'owner', 'secret', 'wrong'),
      wish: fc.constantFrom(undefined, ...AGENTS, 'nobody'),
    })
    .map(({ group, wish, ...rest }) => ({ ...rest, ...(group && { group }), ...(wish && { wish }) })),
)

export const attempts: fc.Arbitrary<readonly Attempt[]> = fc.array(attempt, { minLength: 12, maxLength: 12 })

/** The id of a user in one configuration. */
export const idOf = (number: number, user: string): string => (/^\d$/.test(user) ? `${number}-${user}` : user)

const identityIn = (number: number, written: string): string => {
  const [channelId = '', user = ''] = written.split(':')
  return `${channelId}:${idOf(number, user)}`
}

/** The file. JSON is YAML. */
export function fileOf(number: number, one: Configuration, modelUrl: string): string {
  const ids = (users: readonly string[] | undefined) => users && { userId: users.map((user) => idOf(number, user)) }
  const links = one.linked.map((written) => identityIn(number, written))
  const channels = CHANNELS.map((id, index) => {
    const { allowFrom, ...choice } = one.channels[index] as ChannelChoice
    const named = allowFrom?.filter((name) => name !== 'ann' || links.length > 0).map((name) => idOf(number, name))
    const own = id === 'lines' ? { type: 'socket', ...(one.hasSecret ? { secret: SECRET } : {}) } : {}
    return [id, { ...own, ...choice, ...(named === undefined ? {} : { allowFrom: named }) }] as const
  })
  return JSON.stringify({
    gateway: { port: 0, ...(one.hasToken ? { auth: { token: TOKEN } } : {}) },
    models: { api: { provider: 'anthropic', baseURL: modelUrl, apiKey: 'none', maxRetries: 0 } },
    defaults: { model: 'api/claude-test', context: 'off' },
    agents: Object.fromEntries(
      AGENTS.map((id, index) => {
        const { tools, subagents, mode, deny } = one.agents[index] as Configuration['agents'][number]
        // Only later ones: agents that could start each other without end are refused.
        const startable = AGENTS.filter((_, other) => other > index && subagents[other] === true)
        return [id, { soul: `I am ${id}.`, tools, subagents: startable, permissions: { mode, deny, approvers: [] } }]
      }),
    ),
    owners: one.owners.map((written) => identityIn(number, written)),
    ...(links.length === 0 ? {} : { identityLinks: { ann: links } }),
    channels: Object.fromEntries(channels),
    routing: {
      ...(one.hasDefault ? { defaultAgent: 'a' } : {}),
      rules: one.rules.map(({ userId, ...rest }) => ({ ...rest, ...ids(userId) })),
    },
    heartbeats: [{ name: 'yearly', schedule: '0 0 1 1 *', timezone: 'UTC', agent: one.heartbeat, prompt: 'go' }],
  })
}

/** What a sender is, read from the configuration without the code under test; null: the file lets nobody of that id in. */
export function classIn(number: number, one: Configuration, attempt: Attempt, isPaired: boolean): string {
  const identity = `${attempt.channelId}:${idOf(number, attempt.user)}`
  const isOf = (list: readonly string[]): boolean => list.some((written) => identityIn(number, written) === identity)
  if (attempt.door !== 'lab' && attempt.credential === 'owner') return 'owner'
  if (isOf(one.owners)) return 'owner'
  const { allowFrom } = one.channels[CHANNELS.indexOf(attempt.channelId)] as ChannelChoice
  const isLinked = isOf(one.linked)
  const isNamed = allowFrom?.some((name) => (name === 'ann' ? isLinked : name === attempt.user)) ?? true
  if (!isNamed) return isPaired ? 'paired' : 'nobody'
  if (isLinked) return 'linked'
  return allowFrom === undefined ? 'stranger' : 'allow-listed'
}
