// Number of kills in, independent counts out: the real process under load over HTTP and Telegram, killed at random moments and started again.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startFakeMessagesApi } from './fake-messages-api.ts'
import { createFakeTelegram } from './fake-telegram.ts'
import { checkMessages } from './messages-validator.ts'
import { post, type RunningClaw, startClawProcess } from './process.ts'

export interface CrashFigures {
  readonly kills: number
  readonly http: number
  readonly telegram: number
  /** What went wrong, a sentence each. */
  readonly problems: readonly string[]
  /** Telegram messages answered more than once. */
  readonly repeatedOnTelegram: number
}

const USERS = 4
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export async function crash(cwd: string, kills: number, deadlineMs: number): Promise<CrashFigures> {
  const api = await startFakeMessagesApi({
    reply: ({ messages }) => ({ text: `re ${tokens(messages.at(-1)?.content).at(-1)}`, delayMs: Math.random() * 60 }),
  })
  const telegram = await createFakeTelegram({ token: '1:T' })
  await writeFile(
    join(cwd, 'openclaw.yaml'),
    `gateway: { port: 0 }
models: { api: { provider: anthropic, baseURL: "${api.url}", apiKey: none } }
agents: { main: { soul: S, model: api/m, sessionScope: per-peer } }
channels: { http: {}, telegram: { token: "\${TOKEN}", apiRoot: "${telegram.url}", allowFrom: ["telegram:123"] } }
`,
  )
  const problems: string[] = []
  const answered = new Map<string, number>()
  const env = { TOKEN: '1:T' }
  const end = Date.now() + deadlineMs
  let claw: RunningClaw = await startClawProcess(cwd, env)
  let done = 0
  let told = 0
  let over = false
  try {
    const caller = async (user: number): Promise<void> => {
      for (let n = 0; !over; n++) {
        const token = `<u${user}-${n}>`
        const body = { user_id: `u${user}`, message: token, message_id: token }
        for (;;) {
          const reply = await post(claw.url, body).catch(() => null)
          if (reply?.status === 200) {
            if (reply.body['response'] !== `re ${token}`) problems.push(`${token}: answered ${JSON.stringify(reply.body)}`)
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
        answered.set(`u${user}`, n + 1)
      }
    }
    const callers = Array.from({ length: USERS }, (_, user) => caller(user))
    for (; done < kills && Date.now() < end - 10_000; done++) {
      telegram.say({ from: 123, text: `<t-${told++}>` })
      await pause(Math.random() * 300)
      await claw.stop('SIGKILL')
      claw = await startClawProcess(cwd, env)
    }
    over = true
    await Promise.all(callers)
    const replies = (n: number): number =>
      telegram.chat(123).filter((message) => message.fromBot && JSON.stringify(message).includes(`<t-${n}>`)).length
    const all = Array.from({ length: told }, (_, n) => n)
    while (all.some((n) => replies(n) === 0) && Date.now() < end) await pause(50)
    for (const n of all) if (replies(n) === 0) problems.push(`<t-${n}>: no reply on Telegram`)
    for (const { body, status } of api.requests) {
      const problem = checkMessages(unmarked(body.messages))
      if (problem !== null || status !== 200) problems.push(`request refused: ${status} ${problem}`)
    }
    for (const [user, count] of answered) {
      const last = api.requests.filter(({ raw }) => raw.includes(`<${user}-${count - 1}>`)).at(-1)
      const seen = (last?.body.messages ?? []).filter(({ role }) => role === 'user').flatMap(({ content }) => tokens(content))
      const wanted = Array.from({ length: count }, (_, n) => `<${user}-${n}>`)
      if (seen.join() !== wanted.join()) problems.push(`${user}: the model saw ${seen.join(' ')}`)
    }
    const http = [...answered.values()].reduce((sum, n) => sum + n, 0)
    return { kills: done, http, telegram: told, problems, repeatedOnTelegram: all.filter((n) => replies(n) > 1).length }
  } finally {
    over = true
    await claw.stop('SIGKILL')
    await telegram.stop()
    await api.close()
  }
}

const tokens = (content: unknown): readonly string[] => JSON.stringify(content ?? '').match(/<[ut]\d*-\d+>/g) ?? []

/** Without the marks for the service's cache, which a request has and a transcript has not. */
const unmarked = (messages: unknown): Parameters<typeof checkMessages>[0] =>
  JSON.parse(JSON.stringify(messages, (key, value: unknown) => (key === 'cache_control' ? undefined : value)))
