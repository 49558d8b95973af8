import t, { type Test } from 'tap'
import { createFakeTelegram, type FakeTelegram } from '../../src/channels/telegram/fake/server.ts'
import { type Bot, HEAD, startBot } from '../support/bot.ts'
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts'
import { lastUserText } from '../support/fake-messages-api.ts'
import { runCli } from '../support/run-cli.ts'
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

interface Lines {
  readonly bot: Bot
  /** What comes back at once: the reply to a command, or the code of a refusal. */
  say(from: string, content: string, more?: object): Promise<string>
}

/** Two socket channels of one platform. */
async function lines(t: Test, yaml: string, folder?: string): Promise<Lines> {
  const bot = await startBot(yaml, folder === undefined ? {} : { folder })
  t.teardown(() => bot.stop())
  return {
    bot,
    async say(from, content, more = {}) {
      const [channelId = '', userId = ''] = from.split(':')
      const result = await bot.claw.engine.receive({ channelId, userId, content, ...more }, { kind: 'channel' })
      return result.accepted ? 'accepted' : (result.reply ?? result.code)
    },
  }
}

const TWO = `${HEAD}
owners: ["a:11"]
agents: { main: { soul: S } }
sessionScope: per-peer
identityLinks: { ada: ["a:1", "b:1"] }
channels:
  a: { type: socket, secret: s, allowFrom: ["11", "1", "2"], strangers: pair, groups: { respond: always } }
  b: { type: socket, secret: s, groups: { respond: always } }
`

t.test('links: codes in private, both identities before it holds, and a way back', async (t) => {
  const { bot, say } = await lines(t, TWO)
  const { engine } = bot.claw
  const group = { groupId: 'g' }
  t.match(await say('a:2', '/link', group), /^Say that to me in private/)
  const offer = await say('a:2', '/link')
  t.match(offer, /^You are a:2 here/)
  const code = /\/link (\S+)/.exec(offer)?.[1] ?? ''
  t.match(await say('b:5', `/link ${code}`, group), /in private/)
  t.match(await say('b:5', `/link ${code}`), /^This makes a:2 and b:5 one person/)
  t.notMatch(await engine.people(), [{ id: 'a:2' }], 'not yet')
  t.match(await say('b:6', `/link ${code}`), /^This makes a:2 and b:6 one person/, 'each side is shown its own')
  t.match(await say('b:5', `/link ${code}`), /^Linked a:2 and b:5/)
  t.match(await say('b:6', `/link ${code}`), /not known/, 'the code is used up')
  t.match(await engine.people(), [
    { id: 'ada', source: 'file' },
    { id: 'a:2', kind: 'linked', source: 'code', identities: ['a:2', 'b:5'] },
  ])
  t.match(await say('b:5', '/unlink'), /b:5 is on its own again/)
  t.match(await say('b:5', '/unlink'), /b:5 is not linked/)
  t.match(await say('a:1', '/unlink'), /only the owner can change that/)
  t.match(await engine.people(), [{ id: 'ada' }])
  t.equal((await engine.people()).length, 1)
})

t.test('people are listed, and who is removed is a stranger at once', async (t) => {
  const folder = testdir(t, {})
  const w = await lines(t, TWO, folder)
  const people = async (...words: string[]) => await runCli(folder, 'people', ...words, '--format', 'json')
  const letIn = async (who: string): Promise<void> => {
    const code = codeIn(await w.say(who, 'hi', { displayName: 'Zoé' }))
    t.match(await w.say('a:11', `/pair ${code}`), /may write now/)
    t.equal(await w.say(who, 'hi'), 'accepted')
  }
  await letIn('a:66')
  t.match((await people('list')).json(), {
    formatVersion: 1,
    people: [
      { id: 'a:66', kind: 'paired', by: 'a:11', displayName: 'Zoé', active: true, at: /Z$/ },
      { id: 'ada', kind: 'linked', source: 'file' },
    ],
  })
  t.match((await runCli(folder, 'people')).out, /a:66 \(Zoé\) +paired by code/)
  t.match((await people('remove', 'a:66')).json(), { id: 'a:66', removed: ['a:66'] })
  t.match(await w.say('a:66', 'hi'), /I don’t know you yet/, 'the running engine holds to it')
  t.match(await people('remove', 'a:66'), { code: 66 })
  t.match(await people('remove', 'ada'), { code: 1, out: /take it out of identityLinks/ })
  t.match(await people('remove'), { code: 64 })
  t.match(await people('drop'), { code: 64 })

  let release = (): void => {}
  const asked = new Promise<void>((resolve) => {
    w.bot.api.setReply(async () => {
      resolve()
      await new Promise<void>((go) => {
        release = go
      })
      return 'too late'
    })
  })
  await letIn('a:68')
  await asked
  const ended = new Promise<void>((resolve) => w.bot.claw.engine.on('turn_end', () => resolve()))
  t.match((await people('remove', 'a:68')).json(), { removed: ['a:68'] })
  await ended
  release()
  w.bot.api.setReply(() => 'ok')

  await letIn('a:67')
  const code = /\/link (\S+)/.exec(await w.say('a:67', '/link'))?.[1]
  await w.say('b:5', `/link ${code}`)
  t.match(await w.say('b:5', `/link ${code}`), /^Linked/)
  await w.bot.save(TWO.replaceAll('$API', w.bot.api.url).replace('strangers: pair', 'strangers: ignore'))
  await w.bot.claw.engine.reload()
  t.equal(await w.say('a:67', 'hi'), 'stranger', 'void while the channel is closed')
  const closed = (await people('list')).json()['people'] as { id: string; kind: string }[]
  t.match(
    closed.find(({ kind }) => kind === 'paired'),
    { id: 'a:67', active: false },
  )
  await w.bot.stop()
  t.same((await people('list')).json()['people'], closed, 'the same without an engine')
  t.match((await people('remove', 'nobody')).code, 66)
  t.match((await people('remove', 'a:67')).json(), { removed: ['a:67'] })
  const left = (await people('list')).json()['people'] as { id: string }[]
  t.same(
    left.map(({ id }) => id),
    ['ada'],
    'with the link',
  )
  t.match((await runCli(folder, 'audit', 'verify')).out, /ok|whole|verified/i)
})
