// A disk that cannot take anything is no answer to a person: rows stay unanswered and are tried again; readiness says so.

import { chmodSync, renameSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { HEAD, startBot } from '../support/bot.ts'
import { lastUserText } from '../support/fake-messages-api.ts'
import { fill, mountSmallDisk, NO_MOUNT } from '../support/small-disk.ts'
import { testdir } from '../support/testdir.ts'

const YAML = `${HEAD}
agents: { main: { soul: S } }
`
const silent = { debug() {}, info() {}, warn() {}, error() {} }

type Bot = Awaited<ReturnType<typeof startBot>>

const isReady = async (own: Bot): Promise<boolean> => (await fetch(`${own.url}/readyz`)).status === 200

async function until(what: () => Promise<boolean> | boolean): Promise<boolean> {
  for (let n = 0; n < 1_000; n++) {
    if (await what()) return true
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return false
}

t.test('messages that came while the disk was full get their true answers once there is room', { skip: NO_MOUNT }, async (t) => {
  const folder = mountSmallDisk(t, 6)
  const own = await startBot(YAML, {
    folder,
    log: silent,
    api: { reply: (request) => `echo ${lastUserText(request)} ${'y'.repeat(2_000)}` },
  })
  t.teardown(() => own.stop())
  for (let n = 0; n < 10; n++) await own.chat(`u${n}`, `before ${n}`, { message_id: `b${n}` })
  fill(join(folder, 'filler'))
  // Some are refused and some are taken and wait: none is answered by an apology.
  const asked = Array.from({ length: 20 }, (_, n) => own.chat(`u${n}`, `m${n}`, { message_id: `m${n}` }).catch(() => null))
  t.ok(await until(async () => !(await isReady(own))), 'readiness says that it cannot store')
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  await rm(join(folder, 'filler'))
  const answers = await Promise.all(asked)
  for (const answer of answers) t.notOk(answer?.body.response?.includes('went wrong'), 'no apology')
  const again = await Promise.all(
    Array.from({ length: 20 }, async (_, n) => {
      for (let tries = 0; ; tries++) {
        const answer = await own.chat(`u${n}`, `m${n}`, { message_id: `m${n}` })
        if (answer.status === 200 || tries > 40) return answer
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }),
  )
  for (const [n, { body }] of again.entries())
    t.ok(body.response?.startsWith(`echo m${n} `), `m${n}: ${body.response?.slice(0, 40)}`)
  t.ok(await until(() => isReady(own)), 'and again when it can')
})

t.test(
  'a sessions folder that cannot be written: tried again, and answered when it can',
  { skip: process.getuid?.() === 0 ? 'root writes everywhere' : false },
  async (t) => {
    const folder = testdir(t, {})
    const own = await startBot(YAML, { folder, log: silent, api: { reply: () => 'fine' } })
    t.teardown(() => own.stop())
    await own.chat('u', 'first')
    const sessions = join(folder, '.openclaw/agents/main/sessions')
    chmodSync(sessions, 0o500)
    const asked = own.chat('other', 'second')
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    chmodSync(sessions, 0o700)
    t.equal((await asked).body.response, 'fine')
  },
)

t.test('a state folder that is moved away is noticed, and nothing more is taken in', async (t) => {
  const folder = testdir(t, {})
  const own = await startBot(YAML, { folder, log: silent, api: { reply: () => 'fine' } })
  t.teardown(() => own.stop())
  t.equal((await own.chat('u', 'first')).status, 200)
  renameSync(join(folder, '.openclaw'), join(folder, 'elsewhere'))
  t.ok(await until(async () => !(await isReady(own))), 'readiness says so')
  t.equal((await own.chat('u', 'second')).status, 503)
  t.ok(/is gone/.test((await own.claw.engine.status()).storage ?? ''))
  renameSync(join(folder, 'elsewhere'), join(folder, '.openclaw'))
  t.ok(await until(() => isReady(own)), 'and again when it was put back')
  t.equal((await own.chat('u', 'third')).status, 200)
})
