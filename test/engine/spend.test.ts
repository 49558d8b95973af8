import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { HEAD, startBot } from '../support/bot.ts'

const reply = () => ({ text: 'ok', usage: { input_tokens: 800, output_tokens: 200 } })

t.test('tokens of a day are not overspent, also by turns side by side', async (t) => {
  const b = await startBot(`${HEAD}agents: { main: { soul: S, maxTokens: 400, rateLimit: { maxTokensPerDay: 2000 } } }`, {
    // A service that keeps to max_tokens, at four characters a token.
    api: { reply: (request) => ({ text: 'word '.repeat(320).slice(0, request.max_tokens * 4), delayMs: 20 }) },
  })
  t.teardown(() => b.stop())
  const replies = await Promise.all(Array.from({ length: 12 }, (_, i) => b.chat(`u${i}`, 'hello')))
  const rows = await b.claw.engine.usage()
  const spent = rows.reduce((sum, row) => sum + row.input + row.output, 0)
  t.ok(spent > 0 && spent <= 2000, `${spent} tokens spent`)
  t.ok(b.api.requests.length >= 3, 'what fits is used')
  const told = replies.filter((one) => !one.body.response?.startsWith('word'))
  t.equal(told.length, 12 - b.api.requests.length)
  for (const one of told) t.match(one.body.response, /limit|budget|tokens/i)
})

t.test('money by the prices of the model', async (t) => {
  const yaml = HEAD.replace('maxRetries: 0', 'maxRetries: 0, prices: { "*": { input: 1000, output: 1000 } }')
  const b = await startBot(`${yaml}agents: { main: { soul: S, rateLimit: { maxCostPerDay: 2 } } }`, { api: { reply } })
  t.teardown(() => b.stop())
  for (let i = 0; i < 4; i++) await b.chat('u', 'hello')
  t.equal(b.api.requests.length, 2, 'one unit of money a call')
  t.notMatch((await b.chat('u', 'hello')).body.response, /^ok$/)
  t.ok(((await b.claw.engine.usage())[0]?.cost ?? 0) >= 2)
})

t.test('halted by an owner: at once, across a restart, until resumed', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'claw-halt-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const yaml = `${HEAD}agents: { main: { soul: S } }`
  const first = await startBot(yaml, { folder, api: { reply: () => ({ text: 'late', delayMs: 1_000 }) } })
  const running = first.chat('u', 'hello')
  while (!first.events.some((event) => event.type === 'turn_start')) await new Promise((resolve) => setTimeout(resolve, 5))
  await first.claw.engine.halt(undefined, 'test')
  t.match((await running).body.response, /stopped/)
  t.equal((await first.chat('u', 'again')).status, 503)
  await first.stop()

  const second = await startBot(yaml, { folder, api: { reply: () => 'ok' } })
  t.teardown(() => second.stop())
  t.equal((await second.chat('u', 'hello')).status, 503)
  t.equal((await second.claw.engine.status()).stopped, true)
  await second.claw.engine.resume(undefined, 'test')
  t.equal((await second.chat('u', 'hello')).body.response, 'ok')
})
