import t from 'tap'
import { type Bot, HEAD, startBot } from '../support/bot.ts'
import { lastUserText } from '../support/fake-messages-api.ts'

interface Held {
  readonly bot: Bot
  release(): void
}

/** Texts of first messages: the model holds their answers until it is told. */
const HELD: ReadonlySet<string> = new Set(['one', '0'])

/** The first turn waits until it is released. */
async function busy(t: { teardown(handler: () => unknown): void }, queue: string): Promise<Held> {
  let release: () => void = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const bot = await startBot(`${HEAD}agents: { main: { soul: S, queue: ${queue} } }`, {
    api: {
      reply: async (request) => {
        if (HELD.has(lastUserText(request))) await held
        return `saw: ${lastUserText(request)}`
      },
    },
  })
  t.teardown(() => bot.stop())
  return { bot, release }
}

const started = async (b: Bot): Promise<void> => {
  while (!b.events.some((event) => event.type === 'turn_start')) await new Promise((resolve) => setTimeout(resolve, 5))
}
const waiting = async (b: Bot, count: number): Promise<void> => {
  while (b.events.filter((event) => event.type === 'inbound').length < count)
    await new Promise((resolve) => setTimeout(resolve, 5))
}

t.test('follow-up: each gets a turn of its own', async (t) => {
  const { bot, release } = await busy(t, '{ whenBusy: follow-up }')
  const first = bot.chat('u', 'one')
  await started(bot)
  const others = [bot.chat('u', 'two'), bot.chat('u', 'three')]
  await waiting(bot, 3)
  release()
  t.equal((await first).body.response, 'saw: one')
  t.strictSame((await Promise.all(others)).map((reply) => reply.body.response).sort(), ['saw: three', 'saw: two'])
})

t.test('collect: what waited becomes one turn', async (t) => {
  const { bot, release } = await busy(t, '{ whenBusy: collect }')
  const first = bot.chat('u', 'one')
  await started(bot)
  const others = [bot.chat('u', 'two')]
  await waiting(bot, 2)
  others.push(bot.chat('u', 'three'))
  await waiting(bot, 3)
  release()
  await first
  for (const reply of await Promise.all(others)) t.equal(reply.body.response, 'saw: two\n\nthree')
  t.equal(bot.events.filter((event) => event.type === 'turn_start').length, 2)
})

t.test('interrupt: the new message ends the running turn', async (t) => {
  const { bot, release } = await busy(t, '{ whenBusy: interrupt }')
  const first = bot.chat('u', 'one')
  await started(bot)
  const second = bot.chat('u', 'two')
  t.match((await first).body.response, /stopped/)
  t.equal((await second).body.response, 'saw: two')
  release()
})

t.test('a burst becomes one message', async (t) => {
  const { bot, release } = await busy(t, '{ debounce: 80ms }')
  release()
  const replies = await Promise.all([bot.chat('u', 'a'), bot.chat('u', 'b')])
  t.equal(replies[0]?.body.response, replies[1]?.body.response)
  t.equal(bot.api.requests.length, 1)
})

t.test('a backlog has a bound, and says so', async (t) => {
  const { bot, release } = await busy(t, '{ maxBacklog: 2 }')
  const first = bot.chat('u', '0')
  await started(bot)
  const kept = [bot.chat('u', '1'), bot.chat('u', '2')]
  await waiting(bot, 3)
  const over = await bot.chat('u', '3')
  t.not(over.status, 200)
  t.match(JSON.stringify(over.body), /[Tt]oo many/)
  release()
  await Promise.all([first, ...kept])
})
