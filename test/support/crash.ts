// Number of kills in, independent counts out: the real process under load (several people at once over HTTP and Telegram,
// turns with tools, a heartbeat a second, sessions that are summarised), killed at random moments and started again.

import { spawn } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createFakeTelegram, type FakeTelegram } from '../../src/channels/telegram/fake/server.ts'
import { checkAfter, type Said } from './crash-checks.ts'
import { createCrashModel, GROWN, PULSE } from './crash-model.ts'
import { startFakeMessagesApi } from './fake-messages-api.ts'
import type { FaultKind } from './faults.ts'
import { CLAW, post, type RunningClaw, startClawProcess } from './process.ts'

export interface CrashFigures {
  readonly kills: number
  /** Of these, before the engine was ready. */
  readonly early: number
  /** Messages answered over HTTP, each asked for twice. */
  readonly http: number
  readonly telegram: number
  readonly heartbeats: number
  readonly modelCalls: number
  /** Commands the model was told the end of, and those it was told nobody knows of. */
  readonly commands: number
  readonly unknown: number
  /** Replies on Telegram that came again, each with a note that says so. */
  readonly repeatedOnTelegram: number
  /** What went wrong, a sentence each. */
  readonly problems: readonly string[]
}

/** The last three share one session, in which what waits becomes one turn. */
const HTTP_SENDERS = ['u0', 'u1', 'u2', 'u3', 'c0', 'c1', 'c2'] as const
const TELEGRAM_PEOPLE = [101, 102, 103] as const
/** Where the heartbeat delivers. */
const LISTENER = 900
const userOf = (sender: string): string => (sender.startsWith('c') ? 'crowd' : sender)
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export interface CrashOptions {
  /** Replies on Telegram grow in place. */
  readonly grows?: boolean
  /** Instead of kills: windows of time in which system calls of the engine fail. */
  readonly fault?: { readonly kind: FaultKind; readonly seed: number; readonly rate: number }
}

const configuration = (api: string, telegram: string, { grows }: CrashOptions): string => `gateway: { port: 0 }
models: { api: { provider: anthropic, baseURL: "${api}", apiKey: none } }
defaults: { model: api/m, sessionScope: per-peer, sandbox: "off", permissions: { mode: ignore, flow: allow } }
agents:
  main: &agent
    soul: S
    tools: [bash, read_file, write_file]
    compaction: { contextWindow: 6000, threshold: 0.5, keepRecent: 6, chunkTokens: 1500 }
  crowd: { <<: *agent, queue: { whenBusy: collect } }
routing: { defaultAgent: main, rules: [{ userId: crowd, agentId: crowd }] }
channels:
  http: {}
  telegram: { token: "\${TOKEN}", apiRoot: "${telegram}", streaming: ${grows === true ? 'edit' : 'final'}, allowFrom: [${TELEGRAM_PEOPLE.map((id) => `"telegram:${id}"`)}] }
heartbeats:
  - { name: pulse, schedule: "* * * * * *", timezone: UTC, agent: main, prompt: "${PULSE}", deliverTo: "telegram:${LISTENER}", catchUp: all }
`

export async function crash(cwd: string, kills: number, deadlineMs: number, options: CrashOptions = {}): Promise<CrashFigures> {
  const model = createCrashModel(options)
  const api = await startFakeMessagesApi({ reply: model.reply })
  const telegram = await createFakeTelegram({ token: '1:T' })
  await writeFile(join(cwd, 'openclaw.yaml'), configuration(api.url, telegram.url, options))
  const faulty = join(cwd, 'faults-are-on')
  const env = { TOKEN: '1:T', ...faultsOf(options, cwd, faulty) }
  const end = Date.now() + deadlineMs
  const problems: string[] = []
  const said: Said = { http: new Map(), sessions: new Map(), telegram: new Map() }
  let claw: RunningClaw = await startClawProcess(cwd, env)
  let done = 0
  let early = 0
  let startMs = 0
  let over = false

  /** Sends one message after the other, each until it is answered, and then once more. */
  async function caller(sender: string): Promise<void> {
    for (let n = 0; !over; n++) {
      const token = `<${sender}-${n}>`
      const body = { user_id: userOf(sender), message: token, message_id: token }
      for (;;) {
        const reply = await post(claw.url, body).catch(() => null)
        if (reply?.status === 200) {
          if (!answers(reply.body['response'], token)) problems.push(`${token}: answered ${JSON.stringify(reply.body)}`)
          said.sessions.set(sender, String(reply.body['session_key']))
          const again = await post(claw.url, body).catch(() => null)
          if (again?.status === 200 && again.body['response'] !== reply.body['response']) problems.push(`${token}: two answers`)
          break
        }
        if (Date.now() > end) {
          problems.push(`${token}: no answer, last ${JSON.stringify(reply)}`)
          return
        }
        await pause(20)
      }
      said.http.set(sender, n + 1)
    }
  }

  /** Writes whether the bot is there or not, but not far ahead of it. */
  async function chatter(person: number): Promise<void> {
    const name = `t${person}`
    said.telegram.set(person, 0)
    for (let n = 0; !over; ) {
      if (n - repliesTo(telegram, person, options.grows === true) < 4) {
        telegram.say({ from: person, text: `<${name}-${n++}>` })
        said.telegram.set(person, n)
      }
      await pause(50 + Math.random() * 300)
    }
  }

  try {
    const people = [...HTTP_SENDERS.map(caller), ...TELEGRAM_PEOPLE.map(chatter)]
    for (; done < kills && Date.now() < end - 15_000; done++) {
      if (options.fault !== undefined) {
        await faultWindow(faulty)
        model.see(api.requests.splice(0))
        continue
      }
      trouble(telegram)
      // Somewhere in its work, however slow the machine is today.
      await pause(Math.random() * Math.max(400, 2 * startMs))
      await claw.stop('SIGKILL')
      if (done % 5 === 4) {
        await killWhileStarting(cwd, env)
        early++
        done++
      }
      const began = Date.now()
      claw = await startClawProcess(cwd, env)
      startMs = Date.now() - began
      model.see(api.requests.splice(0))
    }
    over = true
    await Promise.all(people)
    const waits = (person: number): boolean =>
      repliesTo(telegram, person, options.grows === true) < (said.telegram.get(person) ?? 0)
    while (TELEGRAM_PEOPLE.some(waits) && Date.now() < end) await pause(50)
    const code = await claw.stop('SIGTERM')
    if (code !== 0) problems.push(`ended with ${code}: ${claw.log().slice(-400)}`)
    model.see(api.requests.splice(0))
    const checks = { grows: options.grows === true, skipPulse: options.fault !== undefined }
    const after = await checkAfter({ cwd, said, telegram, listener: LISTENER, model, ...checks })
    return {
      kills: done,
      early,
      http: [...said.http.values()].reduce((sum, n) => sum + n, 0),
      telegram: [...said.telegram.values()].reduce((sum, n) => sum + n, 0),
      heartbeats: after.heartbeats,
      modelCalls: model.calls(),
      commands: model.done.size,
      unknown: model.unknown.size,
      repeatedOnTelegram: after.repeated,
      problems: [...problems, ...model.problems, ...after.problems],
    }
  } finally {
    over = true
    await claw.stop('SIGKILL')
    await telegram.stop()
    await api.close()
  }
}

function faultsOf({ fault }: CrashOptions, cwd: string, whileFile: string): Record<string, string> {
  if (fault === undefined) return {}
  const shim = new URL('fault-shim.js', import.meta.url).href
  return {
    CLAW_PLAIN_BUILD: '1',
    NODE_OPTIONS: `--import ${shim}`,
    CLAW_FAULTS: JSON.stringify({ ...fault, whileFile, folder: join(cwd, '.openclaw') }),
  }
}

async function faultWindow(file: string): Promise<void> {
  await writeFile(file, '')
  await pause(100 + Math.random() * 500)
  await rm(file)
  await pause(100 + Math.random() * 400)
}

/** Alone, or with others that waited beside it. */
const answers = (response: unknown, token: string): boolean =>
  token.startsWith('<c')
    ? /^re (<c\d-\d+> ?)+$/.test(String(response)) && String(response).includes(token)
    : response === `re ${token}`

/** Whole ones: half a reply may still grow. */
const repliesTo = (telegram: FakeTelegram, person: number, grows: boolean): number => {
  const texts = telegram.chat(person).filter(({ fromBot, text }) => fromBot && (!grows || text.includes(GROWN)))
  return new Set(texts.flatMap(({ text }) => text.match(/<t\d+-\d+>/g) ?? [])).size
}

/** Now and then the platform itself has a bad moment. */
function trouble(telegram: FakeTelegram): void {
  const dice = Math.random()
  if (dice < 0.1) telegram.fail({ method: 'sendMessage', code: 429, retryAfter: 1 })
  else if (dice < 0.2) telegram.fail({ method: 'sendMessage', code: 0, cut: 'after' })
}

async function killWhileStarting(cwd: string, env: Record<string, string>): Promise<void> {
  const child = spawn(process.execPath, [CLAW, 'run'], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: 'ignore',
  })
  const exit = new Promise((resolve) => child.once('exit', resolve))
  await pause(Math.random() * 400)
  child.kill('SIGKILL')
  await exit
}
