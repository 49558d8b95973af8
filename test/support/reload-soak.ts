// Reloads of one running bot for as long as asked, while people write and heartbeats fall due: a count in, figures and problems
// out. Time is the soak's own, one second a reload, so that slots fall before, during and after swaps as chance has it.

import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createFakeTelegram } from '../../src/channels/telegram/fake/server.ts'
import { type Bot, startBot } from './bot.ts'
import { createFakeClock } from './fake-clock.ts'
import { lastUserText } from './fake-messages-api.ts'

export interface Sample {
  readonly reloads: number
  readonly heapBytes: number
  readonly files: number
  /** Folders the system watches for us. */
  readonly watches: number
  /** Timers of the engine's clock. */
  readonly timers: number
  /** Listeners of the process. */
  readonly listeners: number
}

export interface SoakFigures {
  readonly reloads: number
  readonly refused: number
  readonly generations: number
  readonly messages: number
  readonly heartbeats: number
  readonly reconnects: number
  readonly samples: readonly Sample[]
  readonly milliseconds: number
  readonly problems: readonly string[]
}

const EVERY = { refused: 10, agent: 5, schedule: 4, model: 11, origins: 13, telegram: 20, soul: 7, message: 8 } as const
const USERS = 3
/** Sessions end after so many messages, so that none grows without end. */
const PER_SESSION = 25

/** The n-th configuration: each differs from the last, in its own parts. */
function configuration(n: number, telegram: string): string {
  const since = (every: number): number => Math.floor(n / every)
  const extra = since(EVERY.agent) % 2 === 1
  return `gateway: { port: 0, allowedOrigins: ["https://o${since(EVERY.origins)}.example"] }
include: "teams/*.yaml"
models: { api: { provider: anthropic, baseURL: $API, apiKey: none, maxRetries: 0, timeout: ${60 + since(EVERY.model)}s } }
defaults: { model: api/claude-test, context: off, reset: { idle: 500ms } }
agents:
  main: { soul: SOUL.md, description: D${n} }
${extra ? '  extra: { soul: Extra. }\n' : ''}channels:
  http: {}
  telegram: { token: "1:x", apiRoot: "${telegram}", allowFrom: ["123"], maxMessageChars: ${1000 + since(EVERY.telegram)} }
routing:
  defaultAgent: main
  rules: ${extra ? '[{ prefix: "/extra", agentId: extra }]' : '[]'}
heartbeats:
  - { name: steady, schedule: "* * * * * *", timezone: UTC, agent: main, prompt: steady }
  - { name: reworded, schedule: "* * * * * *", timezone: UTC, agent: main, prompt: number ${n} }
  - { name: moved, schedule: "${since(EVERY.schedule) % 2 === 0 ? '*' : '*/2'} * * * * *", timezone: UTC, agent: main, prompt: moved }
${n % EVERY.refused === EVERY.refused - 1 ? 'agentz: {}\n' : ''}`
}

export async function soakReloads(folder: string, reloads: number, onSample?: (sample: Sample) => void): Promise<SoakFigures> {
  const problems: string[] = []
  const started = performance.now()
  const clock = createFakeClock(Date.UTC(2026, 0, 1))
  const telegram = await createFakeTelegram({ token: '1:x' })
  await mkdir(join(folder, 'teams'))
  await writeFile(join(folder, 'teams/one.yaml'), 'owners: ["http:owner"]\n')
  await writeFile(join(folder, 'SOUL.md'), 'You are S0.')
  const bot = await startBot(configuration(0, telegram.url), {
    folder,
    clock,
    watch: true,
    api: { record: false, reply: (request) => lastUserText(request) },
  })
  const slots = watchSlots(bot, clock.now(), 2 * reloads + 2000)
  let reconnects = 0
  bot.claw.engine.on((event) => {
    if (event.type === 'channel' && event.channelId === 'telegram' && event.state === 'connected') reconnects++
  })

  let done = false
  const people = Array.from({ length: USERS }, (_, who) => chatUntil(bot, who, () => done, problems))
  // Nothing here may grow by itself: what was sent is counted, and named again at the end.
  let told = 0
  const samples: Sample[] = []
  const takeSample = async (n: number): Promise<void> => {
    const sample = { reloads: n, timers: clock.pending(), ...(await measure()) }
    samples.push(sample)
    onSample?.(sample)
  }
  let refused = 0
  for (let n = 1; n <= reloads; n++) {
    if (n % EVERY.soul === 0) await writeFile(join(folder, 'SOUL.md'), `You are S${n}.`)
    if (n % EVERY.message === 0) {
      telegram.say({ from: 123, text: `t${told++}` })
    }
    await bot.save(configuration(n, telegram.url))
    const reload = bot.claw.engine.reload()
    await sleep(Math.random() * 6)
    await clock.advance(1000)
    const { ok, diagnostics } = await reload
    if (!ok) refused++
    if (ok === (n % EVERY.refused === EVERY.refused - 1))
      problems.push(`reload ${n}: ${JSON.stringify(diagnostics[0] ?? 'accepted')}`)
    // A slot that falls due while the run before goes on is rightly passed over: here each is given its time.
    await slots.idle()
    bot.events.length = 0
    if (n % Math.max(1, Math.floor(reloads / 10)) === 0) await takeSample(n)
  }
  done = true
  const sent = (await Promise.all(people)).flatMap((count, who) => Array.from({ length: count }, (_, n) => `m${who}-${n}`))
  const asked = Array.from({ length: told }, (_, n) => `t${n}`)
  for (let i = 0; i < 500 && answersOf(telegram).length < told; i++) {
    await clock.advance(1000)
    await sleep(20)
  }
  await slots.idle()
  problems.push(...slots.problems(clock.now()), ...differences('Telegram answered', asked, answersOf(telegram)))
  const { generation } = bot.claw.engine
  await bot.stop()
  await telegram.stop()
  problems.push(...differences('transcripts hold', [...sent, ...asked], await written(folder)))
  return {
    reloads,
    refused,
    generations: generation,
    messages: sent.length + told,
    heartbeats: slots.count(),
    reconnects,
    samples,
    milliseconds: performance.now() - started,
    problems,
  }
}

/** One person, who waits for each answer; each must be that person's own words. Gives how many there were. */
async function chatUntil(bot: Bot, who: number, done: () => boolean, problems: string[]): Promise<number> {
  let n = 0
  for (; !done(); n++) {
    const text = `m${who}-${n}`
    const { status, body } = await bot.chat(`u${who}-${Math.floor(n / PER_SESSION)}`, text)
    if (status !== 200 || body.response !== text) problems.push(`${text}: ${status} ${JSON.stringify(body)}`)
    await sleep(10 + Math.random() * 20)
  }
  return n
}

interface Slots {
  idle(): Promise<void>
  count(): number
  problems(until: number): readonly string[]
}

/** Which heartbeat ran at which second: told by the messages its turns begin with. */
function watchSlots(bot: Bot, from: number, seconds: number): Slots {
  const runs = new Map(['steady', 'reworded', 'moved'].map((name) => [name, new Uint8Array(seconds)]))
  const passedOver: string[] = []
  let running = 0
  bot.claw.engine.on((event) => {
    if (event.type === 'turn_start' && event.sessionKey.startsWith('cron:'))
      for (const id of event.messageIds) {
        const [name = '', slot = ''] = id.split('@')
        const second = (Date.parse(slot) - from) / 1000
        runs.get(name)![second] = runs.get(name)![second]! + 1
      }
    if (event.type !== 'heartbeat') return
    if (event.outcome === 'started') running++
    else if (event.outcome === 'skipped' || event.outcome === 'missed') passedOver.push(`${event.name} ${event.outcome}`)
    else running--
  })
  return {
    async idle() {
      for (let i = 0; running > 0; i++) {
        if (i > 20_000) throw new Error('a heartbeat does not end')
        await sleep(1)
      }
    },
    count: () => [...runs.values()].reduce((sum, list) => sum + list.reduce((all, times) => all + times, 0), 0),
    problems(until) {
      const found = [...passedOver]
      for (let second = 1; second <= (until - from) / 1000; second++) {
        for (const [name, list] of runs) {
          const times = list[second]!
          // Every schedule that `moved` has holds the even seconds.
          const isDue = name !== 'moved' || second % 2 === 0
          if (times > 1 || (isDue && times === 0)) found.push(`${name} ran ${times} times at second ${second}`)
        }
      }
      return found
    },
  }
}

const answersOf = (telegram: Awaited<ReturnType<typeof createFakeTelegram>>): readonly string[] =>
  telegram
    .chat(123)
    .filter((message) => message.fromBot)
    .map((message) => message.text)

/** Each once, no other. */
function differences(what: string, wanted: readonly string[], seen: readonly string[]): readonly string[] {
  const counts = new Map<string, number>(wanted.map((text) => [text, 0]))
  for (const text of seen) counts.set(text, (counts.get(text) ?? 0) + 1)
  return [...counts].filter(([, count]) => count !== 1).map(([text, count]) => `${what} ${text} ${count} times`)
}

/** What people said, from the transcripts on disk. */
async function written(folder: string): Promise<readonly string[]> {
  const sessions = join(folder, '.openclaw/agents/main/sessions')
  const texts: string[] = []
  for (const name of await readdir(sessions)) {
    if (!name.endsWith('.jsonl') || name.startsWith('cron')) continue
    for (const line of (await readFile(join(sessions, name), 'utf8')).split('\n')) {
      if (line === '') continue
      const entry = JSON.parse(line) as { role: string; content: unknown }
      const said = entry.role === 'user' ? /\b[mt]\d+(-\d+)?\b/.exec(JSON.stringify(entry.content)) : null
      if (said !== null) texts.push(said[0])
    }
  }
  return texts
}

async function measure(): Promise<Omit<Sample, 'reloads' | 'timers'>> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  // Finalizers run between two collections.
  for (let i = 0; i < 3; i++) {
    collect()
    await sleep(5)
  }
  const files = await readdir('/proc/self/fd').catch(() => [])
  let watches = 0
  for (const fd of files) {
    const info = await readFile(`/proc/self/fdinfo/${fd}`, 'utf8').catch(() => '')
    watches += info.match(/^inotify /gm)?.length ?? 0
  }
  const listeners = process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0)
  return { heapBytes: process.memoryUsage().heapUsed, files: files.length, watches, listeners }
}
