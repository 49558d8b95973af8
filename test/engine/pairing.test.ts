import t, { type Test } from 'tap'
import { createFakeTelegram, type FakeTelegram } from '../../src/channels/telegram/fake/server.ts'
import { type Bot, HEAD, startBot } from '../support/bot.ts'
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts'
import { lastUserText } from '../support/fake-messages-api.ts'
import { testdir } from '../support/testdir.ts'

// 11 is the owner, 12 someone the owner lists, 66 and 67 are strangers.

interface World {
  readonly bot: Bot
  readonly telegram: FakeTelegram
  readonly clock: FakeClock
  /** Says something and gives what came back; '' where nothing did. */
  say(from: number, text: string): Promise<string>
  restart(): Promise<void>
}

async function world(t: Test, strangers: string): Promise<World> {
  const telegram = await createFakeTelegram()
  const clock = createFakeClock(Date.UTC(2026, 0, 5))
  const folder = testdir(t, {})
  const start = (): Promise<Bot> =>
    startBot(
      `${HEAD}
owners: ["telegram:11"]
agents: { main: { soul: S } }
channels: { http: {}, telegram: { token: "${telegram.token}", apiRoot: "${telegram.url}", allowFrom: ["11", "12"], strangers: ${strangers} } }
`,
      { folder, clock, api: { reply: (request) => `served: ${lastUserText(request)}` } },
    )
  let bot = await start()
  t.teardown(async () => {
    await bot.stop()
    await telegram.stop()
  })
  const answers = (of: number): readonly string[] =>
    telegram
      .chat(of)
      .filter((one) => one.fromBot)
      .map((one) => one.text)
  return {
    get bot() {
      return bot
    },
    telegram,
    clock,
    async say(from, text) {
      const seen = answers(from).length
      const refusals = bot.events.filter((event) => event.type === 'refused').length
      telegram.say({ from, text })
      for (let i = 0; i < 1000 && answers(from).length === seen; i++) {
        // A refusal's words, if any, follow its event at once.
        const refused = bot.events.filter((event) => event.type === 'refused').length > refusals
        if (refused && i > 40 && strangers === 'ignore') return ''
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      return answers(from).at(-1) ?? ''
    },
    async restart() {
      await bot.stop()
      bot = await start()
    },
  }
}

const codeIn = (text: string): string => /code: ([A-Z2-9]{8})$/.exec(text)?.[1] ?? ''

t.test('a stranger shows a code, the owner approves it, and then they are served', async (t) => {
  const w = await world(t, 'pair')
  const told = await w.say(66, 'hello')
  const code = codeIn(told)
  t.match(told, /Ask my owner to approve this code/)
  t.not(code, '')
  t.equal(codeIn(await w.say(66, 'hello?')), code, 'the same while it stands')
  t.equal(codeIn(await w.say(66, `/pair ${code}`)), code, 'nobody lets themselves in')
  t.equal(codeIn(await w.say(66, `/approve ${code}`)), code, 'and no command of a stranger does anything')
  const other = codeIn(await w.say(67, 'hello'))
  t.not(other, code, 'each has their own')
  t.match(await w.say(12, `/pair ${code}`), /Only an owner/)
  t.match((await w.bot.chat('11', `/pair ${code}`, { channel_id: 'telegram' })).body.response ?? '', /^(?!.*may write)/)
  t.match(await w.say(11, '/pair AAAAAAAA'), /no open code AAAAAAAA/)
  t.equal(w.bot.api.requests.length, 0, 'no word of a stranger reached a model')

  t.equal(await w.say(11, `/pair ${code.toLowerCase()}`), 'telegram:66 may write now.')
  t.equal(await w.say(66, 'it is me'), 'served: it is me')
  t.match(await w.say(11, `/pair ${code}`), /no open code/, 'a code works once')
  t.equal(codeIn(await w.say(67, 'and me?')), other, 'nobody else got in by it')
  await w.restart()
  t.equal(await w.say(66, 'still me'), 'served: still me')
})

t.test('who was let in stays within the rules for groups, and only while the channel pairs', async (t) => {
  const b = await startBot(yamlOf('pair', 'never'))
  t.teardown(() => b.stop())
  const { engine } = b.claw
  const said = (more: object = {}) =>
    engine.receive({ channelId: 'lines', userId: '66', content: 'hi', ...more }, { kind: 'channel' })
  const refused = await said()
  const code = /code: (\S+)$/.exec('reply' in refused ? (refused.reply ?? '') : '')?.[1]
  await engine.receive({ channelId: 'lines', userId: '11', content: `/pair ${code}` }, { kind: 'channel' })
  t.match(await said(), { accepted: true })
  t.match(await said({ groupId: 'g' }), { accepted: false, code: 'not_addressed' })
  for (const strangers of ['ignore', 'refuse']) {
    await b.save(yamlOf(strangers, 'always'))
    t.match(await engine.reload(), { ok: true })
    t.match(await said(), { accepted: false, code: 'stranger' }, strangers)
    t.match(await said({ groupId: 'g' }), { accepted: false, code: 'stranger' }, strangers)
  }
})

const yamlOf = (strangers: string, respond: string): string => `${HEAD}
owners: ["lines:11"]
agents: { main: { soul: S } }
channels: { lines: { type: socket, secret: s, allowFrom: ["11"], strangers: ${strangers}, groups: { respond: ${respond} } } }
`

t.test('a code ends after a day', async (t) => {
  const w = await world(t, 'pair')
  const code = codeIn(await w.say(66, 'hello'))
  await w.clock.advance(25 * 3_600_000)
  t.match(await w.say(11, `/pair ${code}`), /no open code/)
  t.not(codeIn(await w.say(66, 'hello')), code)
})

t.test('strangers: refuse says so, ignore says nothing', async (t) => {
  const polite = await world(t, 'refuse')
  t.match(await polite.say(66, 'hello'), /only talk to people my owner has let in/)
  t.equal(polite.bot.api.requests.length, 0)
  await t.test('ignore', async (t) => {
    const silent = await world(t, 'ignore')
    t.equal(await silent.say(66, 'hello'), '')
    t.equal(await silent.say(66, '/status'), '')
    t.equal(await silent.say(12, 'hi'), 'served: hi')
    t.equal(silent.telegram.chat(66).filter((one) => one.fromBot).length, 0)
  })
})

t.test('link codes cannot be found by trying', async (t) => {
  const w = await world(t, 'refuse')
  const code = /\/link (\S+)/.exec(await w.say(11, '/link'))?.[1] ?? ''
  for (let i = 0; i < 5; i++) t.match(await w.say(12, `/link WRONG${i}`), /not known/)
  t.match(await w.say(12, `/link ${code}`), /Too many wrong codes/, 'not even the right one')
  await w.clock.advance(11 * 60_000)
  t.match(await w.say(12, '/link WRONG'), /not known/, 'a while later')
})
