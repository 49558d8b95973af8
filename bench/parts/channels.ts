// What claw adds to a platform's own client library: the same fake, the same questions, once to the bare library that answers
// "pong" and once to claw with a scripted model that says the same. And 200 messages a second for some seconds.

import { createHmac } from 'node:crypto'
import type { Agent } from 'node:http'
import { createFakeDiscord } from '../../src/channels/discord/fake/server.ts'
import { createIrcNetwork, hasNgircd, IRC_PASSWORD } from '../../src/channels/irc/fake/ngircd.ts'
import { json, serve } from '../../src/channels/kit/fake-server.ts'
import { createFakeSlack } from '../../src/channels/slack/fake/server.ts'
import { createFakeTelegram } from '../../src/channels/telegram/fake/server.ts'
import { type Cell, type Part, type PartContext, rounds } from '../result.ts'
import { createClient, get, post, type Side, sleep, startClawSide, startPlatformSide } from '../sides.ts'
import { percentile } from '../stats.ts'

/** A fake of a platform with people on it. */
interface Platform {
  say(user: number, text: string): void
  onAnswer(listener: (user: number) => void): void
  /** The channel's line in a configuration. */
  readonly yaml: string
  /** What the bare program needs to know. */
  readonly at: Readonly<Record<string, unknown>>
  /** Platforms that are called: where the program of this side listens. */
  listens?(port: number): void
  stop(): Promise<void>
}

interface Kind {
  readonly name: string
  readonly platform: string
  open(): Promise<Platform>
  /** Most questions in a row, and the rest after them: claw sends lines to IRC at a pace. */
  readonly burst?: { readonly size: number; readonly restMs: number }
}

const SECRET = 'bench-secret'

const telegram: Kind = {
  name: 'Telegram',
  platform: 'telegram',
  async open() {
    const fake = await createFakeTelegram()
    return {
      say: (user, text) => void fake.say({ from: user + 1, text }),
      onAnswer: (listener) => fake.onSent((message) => listener(message.chat - 1)),
      yaml: `{ token: "${fake.token}", apiRoot: "${fake.url}" }`,
      at: { url: fake.url, token: fake.token },
      stop: () => fake.stop(),
    }
  },
}

const discord: Kind = {
  name: 'Discord',
  platform: 'discord',
  async open() {
    const fake = await createFakeDiscord()
    const users = new Map<string, number>()
    return {
      say(user, text) {
        const from = String(700_000_000_000_000_000n + BigInt(user))
        users.set(fake.direct(from), user)
        fake.say({ from, text })
      },
      onAnswer: (listener) => fake.onSent((message) => listener(users.get(message.channel) ?? -1)),
      yaml: `{ token: "${fake.token}", apiRoot: "${fake.url}/api" }`,
      at: { url: fake.url, token: fake.token },
      stop: () => fake.stop(),
    }
  },
}

const slack: Kind = {
  name: 'Slack',
  platform: 'slack',
  async open() {
    const fake = await createFakeSlack({ redeliverMs: 3_000 })
    return {
      say: (user, text) => void fake.say({ from: `U${user}`, text }),
      onAnswer: (listener) => fake.onSent((message) => listener(Number(message.channel.slice(1)))),
      yaml: `{ botToken: "${fake.botToken}", appToken: "${fake.appToken}", apiRoot: "${fake.url}" }`,
      at: { url: fake.url, botToken: fake.botToken, appToken: fake.appToken },
      stop: () => fake.stop(),
    }
  },
}

const irc: Kind = {
  name: 'IRC (ngircd)',
  platform: 'irc',
  burst: { size: 5, restMs: 5_200 },
  async open() {
    const network = await createIrcNetwork()
    const ann = await network.person('ann')
    const server = `server: 127.0.0.1, nick: claw, identifyBy: hostmask, password: ${IRC_PASSWORD}`
    return {
      say: (_, text) => ann.say('claw', text),
      onAnswer: (listener) => ann.onHeard(() => listener(0)),
      yaml: `{ ${server}, apiRoot: "irc://127.0.0.1:${network.port}" }`,
      at: { port: network.port, password: IRC_PASSWORD },
      stop: () => network.stop(),
    }
  },
}

const webhook: Kind = {
  name: 'Webhook',
  platform: 'webhook',
  async open() {
    const agent: Agent = createClient()
    const listeners: ((user: number) => void)[] = []
    const receiver = await serve((_, response, body) => {
      const { target } = JSON.parse(body.toString('utf8')) as { target: { userId: string } }
      json(response, 200, {})
      for (const listener of listeners) listener(Number(target.userId))
    })
    let port = 0
    return {
      say(user, text) {
        const body = { userId: String(user), content: text, messageId: text }
        const signature = createHmac('sha256', SECRET).update(JSON.stringify(body)).digest('hex')
        void post(port, '/hooks/webhook', body, agent, { 'x-claw-signature': `sha256=${signature}` })
      },
      onAnswer: (listener) => void listeners.push(listener),
      yaml: `{ secret: ${SECRET}, url: "${receiver.url}/in" }`,
      at: { url: `${receiver.url}/in`, secret: SECRET },
      listens(at) {
        port = at
      },
      async stop() {
        agent.destroy()
        await receiver.stop()
      },
    }
  },
}

/** A platform with one program on it: bare, or claw. */
interface Stand {
  /** Milliseconds from the question to its answer at the platform. */
  ask(text: string): Promise<number>
  /** So many questions a second, for so long, each of another person than those just before: answers to each. */
  flood(perSecond: number, seconds: number): Promise<{ readonly times: readonly number[]; readonly answers: readonly number[] }>
  stop(): Promise<void>
}

const PEOPLE = 200

async function stand(kind: Kind, start: (platform: Platform) => Promise<Side>): Promise<Stand> {
  const platform = await kind.open()
  let heard: (user: number) => void = () => undefined
  platform.onAnswer((user) => heard(user))
  const side = await start(platform)
  platform.listens?.(side.port)
  return {
    async ask(text) {
      let timer: NodeJS.Timeout | undefined
      try {
        return await new Promise<number>((resolve, reject) => {
          timer = setTimeout(() => reject(new Error(`${kind.name}: no answer to ${text}`)), 10_000)
          const from = performance.now()
          heard = () => resolve(performance.now() - from)
          platform.say(0, text)
        })
      } finally {
        clearTimeout(timer)
      }
    },
    async flood(perSecond, seconds) {
      const total = perSecond * seconds
      const answers = new Array<number>(PEOPLE).fill(0)
      const times: number[] = []
      const asked = new Map<number, number[]>()
      heard = (user) => {
        const from = asked.get(user)?.shift()
        if (from !== undefined) times.push(performance.now() - from)
        answers[user] = (answers[user] ?? 0) + 1
      }
      const began = performance.now()
      for (let n = 0; n < total; ) {
        const due = Math.min(total, Math.floor(((performance.now() - began) / 1000) * perSecond) + 1)
        for (; n < due; n++) {
          const user = n % PEOPLE
          asked.set(user, [...(asked.get(user) ?? []), performance.now()])
          platform.say(user, `flood ${n}`)
        }
        await sleep(1)
      }
      const got = (): number => answers.reduce((sum, one) => sum + one, 0)
      for (const end = performance.now() + 60_000; got() < total && performance.now() < end; ) await sleep(5)
      // What comes twice would come now.
      await sleep(200)
      return { times, answers }
    },
    async stop() {
      await side.stop()
      await platform.stop()
    },
  }
}

const clawStand = (context: PartContext, kind: Kind): Promise<Stand> =>
  stand(kind, async (platform) => {
    const side = await startClawSide(context, '', {
      files: { 'pong.script.yaml': 'default: { text: pong }\n' },
      yaml: (port) => `gateway: { port: ${port} }
models: { demo: { provider: scripted, script: pong.script.yaml } }
agents: { main: { soul: You are terse., model: demo } }
channels: { ${kind.platform}: ${platform.yaml} }
`,
    })
    for (const end = performance.now() + 10_000; performance.now() < end; await sleep(10)) {
      const { channels = [] } = JSON.parse((await get(side.port, '/status'))?.body ?? '{}') as { channels?: { state: string }[] }
      if (channels.some(({ state }) => state === 'connected')) return side
    }
    throw new Error(`${kind.name}: claw did not connect`)
  })

export const channels: Part = {
  name: 'channels',
  about: 'a message said on a platform to the answer there: the platform’s bare client library, and claw with a scripted model',
  async run(context) {
    const cells: Cell[] = []
    const notes: string[] = []
    for (const kind of [telegram, discord, slack, webhook, irc]) {
      if (kind === irc && !hasNgircd()) {
        notes.push('IRC is not measured: ngircd is not installed.')
        continue
      }
      cells.push(...(await measure(context, kind)))
    }
    return { cells, notes }
  },
}

async function measure(context: PartContext, kind: Kind): Promise<Cell[]> {
  const bare = await stand(kind, (platform) => startPlatformSide(context, kind.platform, platform.at))
  const ours = await clawStand(context, kind)
  try {
    const p50: [number[], number[]] = [[], []]
    const added: number[] = []
    const size = kind.burst?.size ?? 60
    for (const one of [ours, bare]) for (let n = 0; n < Math.min(size, 20); n++) await one.ask(`warm ${n}`)
    for (let round = 0; round < (kind.burst === undefined ? rounds(context, 3, 8) : rounds(context, 1, 3)); round++) {
      await sleep(kind.burst?.restMs ?? 0)
      const medians = [ours, bare].map(() => 0)
      for (const [i, one] of [ours, bare].entries()) {
        const times: number[] = []
        for (let n = 0; n < size; n++) times.push(await one.ask(`round ${round} question ${n}`))
        medians[i] = percentile(times, 0.5)
        p50[i as 0 | 1].push(medians[i] as number)
      }
      added.push((medians[0] ?? 0) - (medians[1] ?? 0))
    }
    const cells: Cell[] = [
      { name: `${kind.name}: answered, p50`, unit: 'ms', ours: p50[0], floor: p50[1] },
      { name: `${kind.name}: added by claw, p50`, unit: 'ms', ours: added, target: { value: 5 } },
    ]
    if (kind.burst !== undefined) return cells
    const seconds = rounds(context, 3, 10)
    const floods = [await bare.flood(PEOPLE, seconds), await ours.flood(PEOPLE, seconds)] as const
    const [{ times: floor }, { times, answers }] = floods
    const off = answers.reduce((sum, count) => sum + Math.abs(count - seconds), 0)
    const shares = [0.5, 0.99].map(
      (share): Cell => ({
        name: `${kind.name}: at 200 a second, answered, p${share * 100}`,
        unit: 'ms',
        ours: [percentile(times, share)],
        floor: [percentile(floor, share)],
      }),
    )
    return [
      ...cells,
      ...shares,
      {
        name: `${kind.name}: of ${200 * seconds} at 200 a second, lost or doubled`,
        unit: 'count',
        ours: [off],
        target: { value: 0 },
        steady: true,
      },
    ]
  } finally {
    await ours.stop()
    await bare.stop()
  }
}
