// Stopped means stopped: what waits in a lane when its session, or who started it, is stopped never begins.

import t, { type Test } from 'tap'
import { systemClock } from '../../src/ports.ts'
import { HEAD, startBot } from '../support/bot.ts'

const YAML = `${HEAD}lanes: { realtime: 1, background: 1 }
routing: { defaultAgent: boss }
agents:
  boss: { soul: BOSS, tools: [sessions_spawn], subagents: [helper] }
  helper: { soul: HELPER, tools: [sessions_spawn], subagents: [third] }
  third: { soul: THIRD }
`

/** A bot whose helpers say nothing until they are let go, with what they were asked. */
async function setUp(t: Test) {
  const asked: string[] = []
  let letGo = (): void => {}
  const held = new Promise<void>((resolve) => {
    letGo = resolve
  })
  const b = await startBot(YAML, {
    // No turn is silent for long, so none makes way for another.
    clock: { ...systemClock, elapsed: () => 0 },
    api: {
      reply: async (request) => {
        const text = JSON.stringify(request.messages)
        const prompt = /(first|second|third|own) of (\w+)/.exec(text)?.[0] ?? ''
        if (JSON.stringify(request.system).includes('HELPER')) {
          asked.push(prompt)
          await held
          return 'helped'
        }
        if (prompt.startsWith('own')) {
          asked.push(prompt)
          await held
        }
        if (text.includes('tool_result')) return `told ${text.includes('did not answer')}`
        const input = { agent: 'helper', prompt, ...(prompt.startsWith('second') ? { timeout: 1 } : {}) }
        return { toolCalls: [{ name: 'sessions_spawn', input }] }
      },
    },
  })
  t.teardown(async () => {
    letGo()
    await b.stop()
  })
  return { b, asked, letGo }
}

async function until(test: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await test())) await new Promise((resolve) => setTimeout(resolve, 5))
}

void t.test('a helper that waits in the lane when its parent is stopped never runs', async (t) => {
  const { b, asked, letGo } = await setUp(t)
  const first = b.chat('ann', 'first of ann')
  await until(() => asked.length === 1)
  const second = b.chat('bob', 'third of bob')
  const spawned = () => b.events.filter((event) => event.type === 'tool_execute').length
  await until(() => spawned() === 2)
  t.match((await b.chat('bob', '/stop')).body.response, /^Stopped/)
  await second
  letGo()
  t.match((await first).body.response, /told false/)
  t.match((await b.chat('cat', 'third of cat')).body.response, /told false/)
  t.strictSame(asked, ['first of ann', 'third of cat'])
})

void t.test('a helper whose parent waited long enough never runs', async (t) => {
  const { b, asked, letGo } = await setUp(t)
  const first = b.chat('ann', 'first of ann')
  await until(() => asked.length === 1)
  t.match((await b.chat('bob', 'second of bob')).body.response, /told true/)
  letGo()
  await first
  t.match((await b.chat('cat', 'third of cat')).body.response, /told false/)
  t.strictSame(asked, ['first of ann', 'third of cat'])
})

void t.test('what waits behind the turn that is stopped never runs, and what comes later does', async (t) => {
  const { b, asked, letGo } = await setUp(t)
  const first = b.chat('ann', 'own of ann')
  await until(() => asked.length === 1)
  const second = b.chat('ann', 'own of again')
  await until(() => b.events.filter((event) => event.type === 'inbound').length === 2)
  t.match((await b.chat('ann', '/stop')).body.response, /^Stopped/)
  await first
  t.equal((await second).body.response, 'Stopped before it began.')
  t.equal((await b.chat('ann', '/stop')).body.response, 'Nothing is running here.')
  letGo()
  t.match((await b.chat('ann', 'first of ann')).body.response, /told false/)
  t.notOk(asked.includes('own of again'))
})
