// Saves that open something wait until the file was still; saves that close something do not. Real files, a real watcher.

import { appendFile, writeFile } from 'node:fs/promises'
import t from 'tap'
import { OpeningSaves } from '../../src/engine/operations/opening-saves.ts'
import { HEAD, startBot } from '../support/bot.ts'

const yaml = (name: string, tail = '\n    allowFrom: ["a1"]\n') => `${HEAD}
agents:
  main: { soul: S, name: ${name} }
channels:
  http:${tail}`

type Bot = Awaited<ReturnType<typeof startBot>>

async function until(what: () => Promise<boolean>): Promise<boolean> {
  for (let n = 0; n < 400; n++) {
    if (await what()) return true
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return false
}

const isOpen = async (own: Bot): Promise<boolean> => (await own.chat('stranger', 'hi')).status === 200
const nameOf = (own: Bot): string | undefined => own.claw.engine.plan.agents.get('main')?.name

t.test('a file that is still being written opens nothing', async (t) => {
  const own = await startBot(yaml('V0'), { watch: true })
  t.teardown(() => own.stop())
  const whole = yaml('V1').replaceAll('$API', own.api.url)
  const half = whole.slice(0, whole.indexOf('\n    allowFrom'))
  await writeFile(own.file, half)
  const open: boolean[] = []
  for (const end = Date.now() + 500; Date.now() < end; ) open.push(await isOpen(own))
  await appendFile(own.file, whole.slice(half.length))
  t.notOk(open.includes(true), 'while half of it is there')
  t.ok(await until(async () => nameOf(own) === 'V1'), 'the whole file is live')
  t.equal(await isOpen(own), false)
})

t.test('a save that opens is live once the file was still; one that closes at once', async (t) => {
  const own = await startBot(yaml('V0'), { watch: true })
  t.teardown(() => own.stop())
  const open = yaml('V1', ' {}\n').replaceAll('$API', own.api.url)
  await writeFile(own.file, open)
  t.ok(await until(() => isOpen(own)))
  const generations = own.events.flatMap((event) => (event.type === 'reload' && event.ok ? [event.generation] : []))
  t.same(generations, [2], 'one reload, and none was told as refused')
  await writeFile(own.file, yaml('V2').replaceAll('$API', own.api.url))
  t.ok(await until(async () => !(await isOpen(own))))
})

t.test('what somebody asks for is done at once', async (t) => {
  const own = await startBot(yaml('V0'))
  t.teardown(() => own.stop())
  await writeFile(own.file, yaml('V1', ' {}\n').replaceAll('$API', own.api.url))
  t.equal((await own.claw.engine.reload()).ok, true)
  t.equal(await isOpen(own), true)
})

t.test('status shows generation and outcome of one moment', async (t) => {
  const own = await startBot(yaml('V0'))
  t.teardown(() => own.stop())
  const seen: { generation: number; ok: boolean | undefined; hash: string }[] = []
  let done = false
  const look = (async () => {
    while (!done) {
      const { generation, lastReload, configHash } = await own.claw.engine.status()
      seen.push({ generation, ok: lastReload?.ok, hash: configHash })
      await new Promise((resolve) => setImmediate(resolve))
    }
  })()
  for (let n = 1; n <= 6; n++) {
    await writeFile(own.file, (n % 2 === 0 ? 'agents: [' : yaml(`V${n}`)).replaceAll('$API', own.api.url))
    await own.claw.engine.reload()
  }
  done = true
  await look
  const outcomes = new Map<number, Set<string>>()
  for (const { generation, ok, hash } of seen)
    outcomes.set(generation, (outcomes.get(generation) ?? new Set()).add(`${ok} ${hash}`))
  for (const [generation, told] of outcomes) {
    const hashes = new Set([...told].map((one) => one.split(' ')[1]))
    t.equal(hashes.size, 1, `generation ${generation} has one configuration`)
    if (generation > 1) t.notOk([...told][0]?.startsWith('false'), `generation ${generation} is first seen with its own outcome`)
  }
})

t.test('a file that ends in the middle of the one before is left to a person', (t) => {
  const running = new Map([['f', 'channels:\n  http:\n    allowFrom: [a]\n']])
  const saves = new OpeningSaves(running)
  const cut = { fileHash: 'cut', texts: new Map([['f', 'channels:\n  http:\n']]) }
  t.equal(saves.judge(cut, 0), 'wait')
  t.equal(saves.judge(cut, 999), 'wait')
  t.equal(saves.judge(cut, 1_000), 'hold')
  const other = { fileHash: 'other', texts: new Map([['f', 'channels:\n  http: {}\n']]) }
  t.equal(saves.judge(other, 1_000), 'wait', 'another text begins to wait')
  t.equal(saves.judge(other, 2_000), 'apply')
  t.end()
})
