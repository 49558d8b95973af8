// A live engine and gateway behind which every agent's model tries everything: all tools there are, and every other agent. What an
// attempt reached is what ran. The platform `lab` is the far side of a channel; its messages come in as any platform's do.

import { writeFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { builtinRegistry } from '../../../src/builtin.ts'
import type { ChannelDefinition, ChannelHost, Receipt } from '../../../src/channels/port.ts'
import { isCommandFor } from '../../../src/plan/chat-commands.ts'
import type { Registry } from '../../../src/registry.ts'
import type { ToolDefinition } from '../../../src/tools/port.ts'
import { type Bot, startBot } from '../../support/bot.ts'
import { openSocket, type TestFrame } from '../../support/socket-client.ts'
import { AGENTS, type Attempt, type Configuration, fileOf, idOf, SECRET, TOKEN, TOOLS } from './configurations.ts'

/** What an attempt came to. */
export interface Reached {
  /** The agent that answered; null: none did. */
  readonly agent: string | null
  /** Every agent whose model was asked. */
  readonly agents: ReadonlySet<string>
  /** `agent tool` of every call that ran. */
  readonly calls: ReadonlySet<string>
}

export interface World {
  readonly bot: Bot
  readonly registry: Registry
  load(number: number, configuration: Configuration): Promise<void>
  /** Lets a user of `lab` in as an owner would; false: the channel pairs nobody, or knows them. */
  pair(user: string): Promise<boolean>
  attempt(attempt: Attempt): Promise<Reached>
  heartbeat(name: string): Promise<Reached>
}

const ANSWER_MS = 20_000

export async function openWorld(first: Configuration): Promise<World> {
  const agents = new Set<string>()
  const calls = new Set<string>()
  let top: string | null = null
  let number = 0
  let messages = 0
  let host: ChannelHost | undefined
  const answered = new Set<string>()

  const recorded = (name: string, traits?: ToolDefinition['traits']): ToolDefinition => ({
    name,
    description: name,
    inputSchema: { type: 'object' },
    ...(traits === undefined ? {} : { traits }),
    run: async (_input, { agent }) => {
      calls.add(`${agent.id} ${name}`)
      return { content: 'done' }
    },
  })
  const lab: ChannelDefinition = {
    type: 'lab',
    traits: { groups: true, threads: false, edits: false, buttons: false, media: false, idempotentSend: true, maxChars: 100_000 },
    load: async () => (given) => {
      host = given
      return {
        start: async () => given.setState({ state: 'connected' }),
        stop: async () => undefined,
        send: async ({ replyTo }) => {
          answered.add(replyTo ?? '')
          return { messageIds: [] }
        },
      }
    },
  }
  const registry: Registry = {
    ...builtinRegistry,
    channels: [...builtinRegistry.channels, lab],
    tools: [
      ...builtinRegistry.tools,
      recorded('look', { private: true }),
      recorded('put', { writes: true }),
      recorded('ship', { sends: true }),
      recorded('pay', { spends: true }),
      recorded('plain', {}),
      recorded('wild'),
    ],
  }

  const bot = await startBot(fileOf(0, first, '$API'), {
    registry,
    api: {
      record: false,
      reply: ({ system, messages: said }) => {
        const agent = /I am (\w)\./.exec(JSON.stringify(system))?.[1] ?? '?'
        if (agents.size === 0) top = agent
        agents.add(agent)
        if (JSON.stringify(said.at(-1)).includes('tool_result')) return 'done'
        const others = AGENTS.filter((one) => one !== agent)
        return {
          toolCalls: [
            ...TOOLS.filter((name) => name !== 'sessions_spawn').map((name) => ({ name, input: {} })),
            ...others.map((one) => ({ name: 'sessions_spawn', input: { agent: one, prompt: 'go' } })),
          ],
        }
      },
    },
  })
  const { engine, ownerSecret } = bot.claw
  // Whatever is asked is approved: what waits for a person counts as reached.
  engine.on('approval_request', ({ approval }) => void engine.decide(approval.id, 'once', { caller: { kind: 'owner' } }))

  async function watched(work: () => Promise<void>): Promise<Reached> {
    agents.clear()
    calls.clear()
    top = null
    await work()
    return { agent: top, agents: new Set(agents), calls: new Set(calls) }
  }

  async function until(what: string, isThere: () => boolean): Promise<void> {
    const end = Date.now() + ANSWER_MS
    while (!isThere()) {
      if (Date.now() > end) throw new Error(`${what} did not come`)
      await pause(1)
    }
  }

  const tokenOf = ({ credential }: Attempt): string | undefined =>
    ({ none: undefined, wrong: 'wrong-token', token: TOKEN, owner: ownerSecret, secret: SECRET })[credential]

  async function sayOnLab({ user, group, content, mentioned }: Attempt): Promise<Receipt & { readonly messageId: string }> {
    if (host === undefined) throw new Error('the lab is closed')
    const messageId = `m${++messages}`
    const base = { channelId: 'lab', userId: idOf(number, user), messageId, content }
    const inGroup =
      group === undefined ? {} : { groupId: group, mentionsBot: mentioned || isCommandFor(engine.plan, 'lab', content) }
    return { ...(await host.receive({ ...base, ...inGroup })), messageId }
  }

  async function post(path: string, body: object, attempt: Attempt): Promise<void> {
    const token = tokenOf(attempt)
    const headers = { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) }
    const response = await fetch(`${bot.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    await response.text()
  }

  async function bySocket(attempt: Attempt): Promise<void> {
    const { channelId, user, group, content, mentioned, wish } = attempt
    const client = await openSocket(bot.url)
    const has = (fits: (frame: TestFrame) => boolean): boolean => client.frames.some(fits)
    try {
      client.send('hello', { channelId, token: tokenOf(attempt) })
      await until('an answer to hello', () => has(({ type }) => type === 'hello_ok' || type === 'error'))
      if (!has(({ type }) => type === 'hello_ok')) return
      const messageId = `m${++messages}`
      client.send('inbound_message', {
        userId: idOf(number, user),
        content,
        messageId,
        mentionsBot: mentioned,
        ...(group === undefined ? {} : { groupId: group }),
        ...(wish === undefined ? {} : { agentId: wish }),
      })
      await until('an answer', () =>
        has(({ type, data }) => type === 'error' || (type === 'outbound_message' && data['replyTo'] === messageId)),
      )
    } finally {
      await client.close()
    }
  }

  async function say(attempt: Attempt): Promise<void> {
    const { door, channelId, user, group, content, wish } = attempt
    const userId = idOf(number, user)
    if (door === 'lab') {
      const { accepted, messageId } = await sayOnLab(attempt)
      if (accepted) await until('a reply', () => answered.has(messageId))
    } else if (door === '/chat') {
      await post(
        '/chat',
        { user_id: userId, message: content, channel_id: channelId, ...(group === undefined ? {} : { group_id: group }) },
        attempt,
      )
    } else if (door === '/v1') {
      await post(
        '/v1/chat/completions',
        { model: wish ?? 'nobody', user: userId, messages: [{ role: 'user', content }] },
        attempt,
      )
    } else await bySocket(attempt)
  }

  return {
    bot,
    registry,
    async load(next, configuration) {
      number = next
      await writeFile(bot.file, fileOf(next, configuration, bot.api.url))
      const { ok, diagnostics } = await engine.reload()
      if (!ok)
        throw new Error(
          `configuration ${next} is refused: ${JSON.stringify(diagnostics.filter(({ severity }) => severity === 'error'))}`,
        )
    },
    async pair(user) {
      const refusals: string[] = []
      const off = engine.on('refused', ({ reason }) => void refusals.push(reason))
      const content = '/status'
      const { accepted } = await sayOnLab({ door: 'lab', channelId: 'lab', user, content, mentioned: true, credential: 'none' })
      off()
      if (accepted || !refusals.some((reason) => reason.includes('strangers: pair'))) return false
      // The code is in what was sent to them; an owner reads it off their screen.
      const identity = `lab:${idOf(number, user)}`
      const code = await codeOf(identity)
      const owner: Attempt = {
        door: '/chat',
        channelId: 'http',
        user: '1',
        content: `/pair ${code}`,
        mentioned: true,
        credential: 'owner',
      }
      await say(owner)
      return (await engine.people()).some(({ id }) => id === identity)
    },
    attempt: (attempt) => watched(() => say(attempt)),
    heartbeat: (name) => watched(async () => void (await engine.runHeartbeat(name))),
  }

  async function codeOf(identity: string): Promise<string> {
    const { DatabaseSync } = await import('@photostructure/sqlite')
    const db = new DatabaseSync(`${engine.plan.stateDir}/state.db`, { readOnly: true })
    try {
      return String(db.prepare("SELECT code FROM codes WHERE kind = 'pair' AND identity = ?").get(identity)?.['code'])
    } finally {
      db.close()
    }
  }
}
