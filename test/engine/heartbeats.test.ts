import { join } from 'node:path'
import t from 'tap'
import { createFakeTelegram } from '../../src/channels/telegram/fake/server.ts'
import { type Bot, HEAD, startBot } from '../support/bot.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { lastUserText } from '../support/fake-messages-api.ts'
import { openStorage } from '../support/storage-world.ts'
import { testdir } from '../support/testdir.ts'

const until = async (what: () => boolean): Promise<void> => {
  for (let i = 0; i < 1000 && !what(); i++) await new Promise((resolve) => setTimeout(resolve, 5))
}
const ran = (b: Bot, outcome = 'ran'): number =>
  b.events.filter((event) => event.type === 'heartbeat' && event.outcome === outcome).length

t.test('a heartbeat fires by the clock and its zone, in a session of its own, and is delivered', async (t) => {
  const telegram = await createFakeTelegram({ token: '1:T' })
  const clock = createFakeClock(Date.parse('2026-01-05T06:29:50Z'))
  const b = await startBot(
    `${HEAD}
agents: { main: { soul: S } }
channels: { telegram: { token: "1:T", apiRoot: "${telegram.url}" } }
heartbeats:
  - { name: morning, schedule: "30 7 * * *", timezone: Europe/Paris, agent: main, prompt: Good morning?, deliverTo: "telegram:123" }`,
    {
      clock,
      api: {
        reply: (request) =>
          lastUserText(request) === 'Good morning?'
            ? 'Rise and shine.'
            : `knows: ${JSON.stringify(request.messages).includes('Rise and shine')}`,
      },
    },
  )
  t.teardown(async () => {
    await b.stop()
    await telegram.stop()
  })
  t.equal((await b.claw.engine.status()).heartbeats[0]?.next, '2026-01-05T06:30:00.000Z')
  await clock.advance(11_000)
  await until(() => telegram.chat(123).length > 0)
  t.equal(telegram.chat(123)[0]?.text, 'Rise and shine.')
  t.equal(ran(b), 1)
  t.match(await b.transcript('main', 'cron:morning'), [{ content: 'Good morning?' }, { role: 'assistant' }])
  // What was delivered stands in the receiving session, so that an answer has its context.
  const answer = await b.claw.engine.receive({ channelId: 'telegram', userId: '123', content: 'thanks' }, { kind: 'trusted' })
  if (!answer.accepted) throw new Error(answer.reason)
  t.equal((await b.claw.engine.waitForAnswer(answer.sessionKey, answer.messageId)).response, 'knows: true')
})

t.test('silence delivers nothing, running by hand works, one that runs is not overtaken', async (t) => {
  let release: () => void = () => {}
  let held: Promise<void> | null = null
  const clock = createFakeClock(Date.parse('2026-01-05T00:00:30Z'))
  const b = await startBot(
    `${HEAD}
agents: { main: { soul: S } }
channels: { http: {} }
heartbeats: [{ name: tick, schedule: "* * * * *", timezone: UTC, agent: main, prompt: anything?, deliverTo: "http:u" }]`,
    {
      clock,
      api: {
        reply: async () => {
          await held
          return 'HEARTBEAT_OK'
        },
      },
    },
  )
  t.teardown(() => b.stop())
  t.match(await b.claw.engine.runHeartbeat('tick'), { ok: true })
  t.match(await b.claw.engine.runHeartbeat('nope'), { ok: false })
  t.equal(ran(b, 'silent'), 1)
  t.equal(b.events.filter((event) => event.type === 'outbound').length, 0)

  held = new Promise((resolve) => {
    release = resolve
  })
  await clock.advance(30_000)
  await until(() => b.events.filter((event) => event.type === 'turn_start').length === 2)
  await clock.advance(60_000)
  await until(() => ran(b, 'skipped') > 0)
  t.equal(ran(b, 'skipped'), 1, 'the next one was due while it ran')
  release()
  await until(() => ran(b, 'silent') === 2)
  t.equal(ran(b, 'silent'), 2)
})

t.test('an agent that names itself in front of its replies is silent all the same, and named where it is heard', async (t) => {
  let say = 'HEARTBEAT_OK'
  const b = await startBot(
    `${HEAD}
agents: { main: { name: Jarvis, soul: S, replyPrefix: true } }
channels: { http: {} }
heartbeats: [{ name: tick, schedule: "0 0 1 1 *", timezone: UTC, agent: main, prompt: anything?, deliverTo: "http:u" }]`,
    { api: { reply: () => say } },
  )
  t.teardown(() => b.stop())
  const delivered = () => b.events.flatMap((event) => (event.type === 'outbound' ? [event.message.content] : []))
  t.match(await b.claw.engine.runHeartbeat('tick'), { message: 'tick: silent' })
  t.same(delivered(), [])
  say = 'It rains.'
  t.match(await b.claw.engine.runHeartbeat('tick'), { message: 'tick: ran' })
  await until(() => delivered().length > 0)
  t.same(delivered(), ['[Jarvis] It rains.'])
  const received = async () => await b.transcript('main', 'agent:main:http:u')
  for (let i = 0; i < 200 && (await received()).length === 0; i++) await new Promise((resolve) => setTimeout(resolve, 10))
  t.match((await received()).at(-1), { role: 'assistant', content: 'It rains.' }, 'the session holds what was said')
})

t.test('the ledger of a bot: ran, silent, failed, skipped and missed, across a restart', async (t) => {
  const answers: Record<string, string> = { good: 'news', quiet: 'HEARTBEAT_OK', own: ' nothing new ', late: 'late news' }
  const yaml = `${HEAD}
agents: { main: { soul: S } }
heartbeats:
  - { name: good, schedule: "0 * * * *", timezone: UTC, agent: main, prompt: good }
  - { name: quiet, schedule: "0 * * * *", timezone: UTC, agent: main, prompt: quiet }
  - { name: own, schedule: "0 * * * *", timezone: UTC, agent: main, prompt: own, silentToken: nothing new }
  - { name: bad, schedule: "0 * * * *", timezone: UTC, agent: main, prompt: bad }
  - { name: late, schedule: "0 * * * *", timezone: UTC, agent: main, prompt: late, catchUp: last }
  - { name: each, schedule: "0 * * * *", timezone: UTC, agent: main, prompt: late, catchUp: all }`
  const folder = testdir(t, {})
  const reply = (request: Parameters<typeof lastUserText>[0]) =>
    answers[lastUserText(request)] ?? ({ fault: { status: 500 } } as const)
  const clock = createFakeClock(Date.parse('2026-01-05T06:59:50Z'))
  const first = await startBot(yaml, { folder, clock, api: { reply } })
  await clock.advance(11_000)
  await until(() => ran(first) + ran(first, 'silent') + ran(first, 'failed') === 6)
  await first.stop()
  clock.jump(3 * 3_600_000 + 60_000)
  const second = await startBot(yaml, { folder, clock, api: { reply } })
  for (let i = 0; i < 1000 && (ran(second) < 4 || ran(second, 'missed') < 14); i++) {
    await clock.advance(1)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await second.stop()

  const storage = await openStorage(join(folder, '.openclaw'))
  t.teardown(() => storage.close())
  const hours = async (name: string): Promise<readonly string[]> =>
    (await storage.slots.list(name, 100))
      .map(({ slot, state }) => `${new Date(slot).toISOString().slice(11, 13)} ${state}`)
      .reverse()
      .filter((line) => !line.startsWith('06'))
  t.same(await hours('good'), ['07 ran', '08 missed', '09 missed', '10 missed'])
  t.same(await hours('quiet'), ['07 silent', '08 missed', '09 missed', '10 missed'])
  t.same(await hours('own'), ['07 silent', '08 missed', '09 missed', '10 missed'])
  t.same(await hours('bad'), ['07 failed', '08 missed', '09 missed', '10 missed'])
  t.same(await hours('late'), ['07 ran', '08 missed', '09 missed', '10 ran'])
  t.same(await hours('each'), ['07 ran', '08 ran', '09 ran', '10 ran'])
})

t.test('a failed run is tried again; after three failed runs in a row the owner is told, once', async (t) => {
  const telegram = await createFakeTelegram({ token: '1:T' })
  const clock = createFakeClock(Date.parse('2026-01-05T00:00:30Z'))
  const models: string[] = []
  let broken = true
  const b = await startBot(
    `${HEAD.replace('models:', 'owners: ["telegram:123"]\nmodels:')}
agents: { main: { soul: S } }
channels: { telegram: { token: "1:T", apiRoot: "${telegram.url}" } }
heartbeats:
  - { name: tick, schedule: "0 * * * *", timezone: UTC, agent: main, prompt: anything?, model: api/claude-haiku-5-5, retry: 1, quiet: "02:00-04:00" }`,
    {
      clock,
      api: {
        reply: (request) => {
          models.push(request.model)
          return broken ? { fault: { status: 400 } } : 'fine'
        },
      },
    },
  )
  t.teardown(async () => {
    await b.stop()
    await telegram.stop()
  })
  const told = (): number =>
    telegram.chat(123).filter(({ text }) => text.includes('The heartbeat tick has failed 3 times in a row.')).length
  /** To the next hour, and through the second attempt of a failed run. */
  const nextHour = async (failures: number): Promise<void> => {
    await clock.advance(60 * 60_000 - (clock.now() % (60 * 60_000)))
    if (!broken) return
    await clock.armed(60_000)
    await clock.advance(60_000)
    await until(() => ran(b, 'failed') === failures)
  }
  await nextHour(1)
  t.equal(models[0], 'claude-haiku-5-5', 'its own model comes first')
  t.equal(new Date(clock.now()).toISOString(), '2026-01-05T01:01:00.000Z')
  await clock.advance(3 * 60 * 60_000 - 10 * 60_000)
  t.equal(ran(b, 'started'), 1, 'it is quiet')
  await nextHour(2)
  t.equal(told(), 0)
  await nextHour(3)
  await until(() => told() > 0)
  await nextHour(4)
  t.equal(told(), 1)
  broken = false
  await nextHour(4)
  await until(() => ran(b) === 1)
  t.equal(ran(b), 1)
})
