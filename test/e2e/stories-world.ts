// What the stories share: a bot on a folder of its own, people on fakes of the platforms, and what they are told.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type t from 'tap'
import { textOf } from '../../src/agent/turn.ts'
import type { FakeDiscord } from '../../src/channels/discord/fake/server.ts'
import type { FakeSlack } from '../../src/channels/slack/fake/server.ts'
import type { FakeTelegram } from '../../src/channels/telegram/fake/server.ts'
import { type Bot, type BotOptions, startBot } from '../support/bot.ts'
import { until } from '../support/channel-host.ts'
import { lastUserText, type MessagesRequest } from '../support/fake-messages-api.ts'

type Test = Pick<typeof t, 'teardown'>

/** Stopped when the test ends, the last first. */
export async function kept<T extends { stop(): Promise<void> }>(test: Test, making: Promise<T>): Promise<T> {
  const thing = await making
  test.teardown(() => thing.stop())
  return thing
}

export async function keptFolder(test: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'claw-story-'))
  test.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A bot whose channels, those that are named, have connected. */
export async function storyBot(yaml: string, channels: readonly string[], options: BotOptions = {}): Promise<Bot> {
  const bot = await startBot(yaml, options)
  try {
    for (const id of channels) await untilState(bot, id, 'connected')
  } catch (error) {
    await bot.stop()
    throw error
  }
  return bot
}

export async function stateOf(bot: Bot, id: string): Promise<{ state: string; detail?: string }> {
  const found = (await bot.claw.engine.status()).channels.find((one) => one.id === id)
  if (found === undefined) throw new Error(`There is no channel ${id}.`)
  return found
}

export async function untilState(bot: Bot, id: string, wanted: string): Promise<void> {
  const end = Date.now() + 10_000
  for (let now = await stateOf(bot, id); now.state !== wanted; now = await stateOf(bot, id)) {
    if (Date.now() > end) throw new Error(`${id} is not ${wanted}: ${JSON.stringify(now)}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** A person somewhere: says things, and sees what the bot says there. */
export interface Speaker {
  say(text: string): void
  heard(): readonly string[]
  /** Says it and gives what the bot says next. */
  ask(text: string): Promise<string>
}

export function speaker(say: (text: string) => void, heard: () => readonly string[]): Speaker {
  return {
    say,
    heard,
    async ask(text) {
      const before = heard().length
      say(text)
      await until(`an answer to ${text}`, () => heard().length > before)
      return heard()[before] ?? ''
    },
  }
}

export const onTelegram = (fake: FakeTelegram, user: number): Speaker =>
  speaker(
    (text) => void fake.say({ from: user, text }),
    () => fake.chat(user).flatMap((message) => (message.fromBot ? [message.text] : [])),
  )

export const onDiscord = (fake: FakeDiscord, user: string): Speaker =>
  speaker(
    (text) => void fake.say({ from: user, text }),
    () => fake.messages(fake.direct(user)).flatMap((message) => (message.author === fake.botId ? [message.content] : [])),
  )

export const onSlack = (fake: FakeSlack, user: string): Speaker =>
  speaker(
    (text) => void fake.say({ from: user, text }),
    () => fake.messages(fake.direct(user)).flatMap((message) => (message.user === fake.botUser ? [message.text] : [])),
  )

/** A model that says how many questions it was shown, and the last: a reply tells whether what came before is known. */
export const counting = (request: MessagesRequest): string =>
  `${request.messages.filter((message) => message.role === 'user').length}: ${lastUserText(request)}`

export async function talk(bot: Bot, key: string): Promise<string[]> {
  const entries = await bot.claw.engine.transcript(key)
  return entries.flatMap(({ role, content }) => (role === 'user' || role === 'assistant' ? [`${role}: ${textOf(content)}`] : []))
}

export const keysOf = async (bot: Bot): Promise<string[]> => (await bot.claw.engine.sessions()).map((one) => one.key).sort()
