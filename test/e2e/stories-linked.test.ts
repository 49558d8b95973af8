// One person on two platforms: real client libraries against both fakes, the real engine between them, one transcript.

import t from 'tap'
import { createFakeDiscord } from '../../src/channels/discord/fake/server.ts'
import { createFakeTelegram } from '../../src/channels/telegram/fake/server.ts'
import { type Bot, HEAD } from '../support/bot.ts'
import { runCli } from '../support/run-cli.ts'
import { counting, kept, keptFolder, keysOf, onDiscord, onTelegram, type Speaker, storyBot, talk } from './stories-world.ts'

const TELEGRAM = 'telegram:11'
const DISCORD = 'discord:700000000000000011'

interface World {
  readonly bot: Bot
  readonly telegram: Speaker
  readonly discord: Speaker
  /** Stops the bot and starts it with other lines on the same folder. */
  again(lines: string): Promise<void>
}

async function world(test: Pick<typeof t, 'teardown'>, lines: string): Promise<World> {
  const folder = await keptFolder(test)
  const telegram = await kept(test, createFakeTelegram())
  const discord = await kept(test, createFakeDiscord())
  const start = (more: string): Promise<Bot> =>
    storyBot(
      `${HEAD}
agents: { main: { soul: S } }
sessionScope: per-peer
channels:
  telegram: { token: "${telegram.token}", apiRoot: "${telegram.url}" }
  discord: { token: "${discord.token}", apiRoot: "${discord.url}/api" }
${more}`,
      ['telegram', 'discord'],
      { folder, api: { reply: counting } },
    )
  let bot = await start(lines)
  test.teardown(() => bot.stop())
  return {
    get bot() {
      return bot
    },
    telegram: onTelegram(telegram, 11),
    discord: onDiscord(discord, '700000000000000011'),
    async again(more) {
      await bot.stop()
      bot = await start(more)
    },
  }
}

/** Says the code on a second channel: who is who is shown, and said again it holds. */
async function confirm(speaker: Speaker, code: string): Promise<string> {
  await speaker.ask(`/link ${code}`)
  return await speaker.ask(`/link ${code}`)
}

const codeIn = (text: string): string => /\/link (\S+)/.exec(text)?.[1] ?? ''

t.test('begun on Telegram, continued on Discord, seen in one transcript', async (t) => {
  const one = await world(t, `identityLinks: { ada: ["${TELEGRAM}", "${DISCORD}"] }`)
  t.equal(await one.telegram.ask('my cat is called Minka'), '1: my cat is called Minka')
  t.equal(await one.discord.ask('what is my cat called?'), '2: what is my cat called?')
  t.equal(await one.telegram.ask('thank you'), '3: thank you')
  t.same(await keysOf(one.bot), ['agent:main:ada'])
  t.same(await talk(one.bot, 'agent:main:ada'), [
    'user: my cat is called Minka',
    'assistant: 1: my cat is called Minka',
    'user: what is my cat called?',
    'assistant: 2: what is my cat called?',
    'user: thank you',
    'assistant: 3: thank you',
  ])
  t.equal((await one.bot.transcript('main', 'agent:main:ada')).length, 6, 'and in one file')
})

t.test('linked by a code: said on one, confirmed on the other, kept over a restart', async (t) => {
  const one = await world(t, '')
  const code = codeIn(await one.telegram.ask('/link'))
  t.match(code, /^[A-Z0-9]{8}$/)
  t.match(await one.telegram.ask(`/link ${code}`), /not known/, 'nobody links to themselves')
  t.match(await one.discord.ask('/link WRONGONE'), /not known/)
  t.match(await one.discord.ask(`/link ${code}`), new RegExp(`${TELEGRAM} and ${DISCORD}.*once more`), 'both are shown first')
  const said = await one.discord.ask(`/link ${code.toLowerCase()}`)
  t.match(said, `identityLinks:\n  NAME: ["${TELEGRAM}", "${DISCORD}"]`, 'lines for the owner to paste')
  t.match(said, /one conversation.* before is not part of it/, 'and what becomes of the one before')
  t.match(await one.discord.ask(`/link ${code}`), /not known/, 'a code works once')
  t.equal(await one.telegram.ask('first'), '1: first')
  t.equal(await one.discord.ask('second'), '2: second')
  const [key = '', ...others] = await keysOf(one.bot)
  t.same(others, [], 'one conversation')
  t.match(await talk(one.bot, key), [/first/, /first/, /second/, /second/])

  for (const user of [TELEGRAM, DISCORD]) {
    const listed = await runCli(one.bot.folder, 'sessions', 'list', '--user', user, '--format', 'json')
    t.match(listed.json(), { sessions: [{ key }] }, 'found by either')
  }

  await one.again('')
  t.equal(await one.telegram.ask('third'), '3: third')
  t.equal(await one.discord.ask('fourth'), '4: fourth')

  await one.again(`identityLinks: { ada: ["${TELEGRAM}", "${DISCORD}"] }`)
  t.equal(await one.discord.ask('by name now'), '1: by name now')
  t.same(await keysOf(one.bot), [key, 'agent:main:ada'].sort(), 'once pasted, the name in the file is the key')
})

t.test('the lines to paste fit a person the file knows already: all of them, in the place of the old ones', async (t) => {
  for (const [before, shown] of [
    [`identityLinks: { ada: ["${TELEGRAM}", "webchat:ada"] }`, 'identityLinks:\n  ada: '],
    [`identityLinks: [["${TELEGRAM}", "webchat:ada"]]`, 'identityLinks:\n  - '],
  ] as const) {
    const one = await world(t, before)
    const code = codeIn(await one.telegram.ask('/link'))
    const said = await confirm(one.discord, code)
    t.match(said, `${shown}["${TELEGRAM}", "webchat:ada", "${DISCORD}"]`)
    await one.again(said.slice(said.indexOf('identityLinks:')))
    t.equal(await one.telegram.ask('first'), '1: first', 'and they are valid')
    t.equal(await one.discord.ask('second'), '2: second')
  }
})

t.test('what the file says of two people wins over a code', async (t) => {
  const one = await world(t, `identityLinks: { ada: ["${TELEGRAM}"], bob: ["${DISCORD}"] }`)
  const code = codeIn(await one.telegram.ask('/link'))
  t.match(await confirm(one.discord, code), /two people/, 'and it is said')
  t.equal(await one.telegram.ask('of Ada'), '1: of Ada')
  t.equal(await one.discord.ask('of Bob'), '1: of Bob')
  t.same(await keysOf(one.bot), ['agent:main:ada', 'agent:main:bob'])
})

t.test('a code gives no rights: who is linked to an owner is no owner', async (t) => {
  const one = await world(t, `owners: ["${TELEGRAM}"]`)
  const code = codeIn(await one.telegram.ask('/link'))
  t.match(await confirm(one.discord, code), /Linked/)
  t.match(await one.discord.ask('/stop all'), /Only an owner/)
  t.match(await one.telegram.ask('/stop all'), /Everything is stopped/)
})
