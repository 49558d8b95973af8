import { join } from 'node:path'
import t from 'tap'
import { createCrashRecovery } from '../../src/engine/turns/crash-recovery.ts'
import { HEAD, startBot } from '../support/bot.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { lastUserText } from '../support/fake-messages-api.ts'
import { inboxRow, openStorage } from '../support/storage-world.ts'
import { testdir } from '../support/testdir.ts'

const token = (session: string, begun: number) => ({ session, agentId: 'main', lane: 'realtime', begun }) as const

t.test('turns that were begun often go one at a time, the least tried first', async (t) => {
  const queued: string[] = []
  const pending = [token('culprit', 7), token('a', 0), token('b', 3), token('c', 4), token('d', 2)]
  const crashRecovery = createCrashRecovery(createFakeClock(), pending, ({ session }) => queued.push(session))
  crashRecovery.resumePending()
  t.same(queued, ['a', 'd', 'b'])
  crashRecovery.turnEnded('a')
  t.same(queued.slice(3), [], 'another one’s end is not waited for')
  crashRecovery.turnEnded('b')
  t.same(queued.slice(3), ['c'])
  crashRecovery.turnEnded('c')
  t.same(queued.slice(4), ['culprit'])
  crashRecovery.turnEnded('culprit')
  t.equal(queued.length, 5)
})

t.test('one that only takes long does not hold up the others for good', async (t) => {
  const queued: string[] = []
  const clock = createFakeClock()
  const pending = [token('slow', 3), token('b', 4)]
  createCrashRecovery(clock, pending, ({ session }) => queued.push(session)).resumePending()
  await clock.advance(29_000)
  t.same(queued, ['slow'])
  await clock.advance(2_000)
  t.same(queued, ['slow', 'b'])
  await clock.advance(60_000)
  t.equal(clock.pending(), 0)
})

t.test('in a bot: two that were cut off again and again, and one that was not', async (t) => {
  const folder = testdir(t, {})
  const session = (user: string): string => `agent:main:http:${user}`
  for (let start = 0; start < 4; start++) {
    const storage = await openStorage(join(folder, '.openclaw'))
    for (const user of ['u1', 'u2', 'u3']) {
      const row = inboxRow(session(user), user, { content: user })
      if (start === 0) await storage.inbox.post(row, `message:${session(user)}:${user}`)
      if (user !== 'u3' || start === 0) await storage.inbox.claimNext(session(user))
    }
    await storage.close()
  }
  let release: () => void = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const b = await startBot(`${HEAD}agents: { main: { soul: S } }`, {
    folder,
    api: {
      reply: async (request) => {
        if (lastUserText(request) === 'u1') await held
        return `re ${lastUserText(request)}`
      },
    },
  })
  t.teardown(() => b.stop())
  t.equal((await b.claw.engine.waitForAnswer(session('u3'), 'u3')).response, 're u3')
  t.equal((await b.chat('new', 'hello')).body.response, 're hello', 'what comes in now waits for none of them')
  const begun = b.events.flatMap((event) => (event.type === 'turn_start' ? [event.sessionKey] : []))
  t.notOk(begun.includes(session('u2')), 'u1 goes first, and alone')
  release()
  t.equal((await b.claw.engine.waitForAnswer(session('u1'), 'u1')).response, 're u1')
  t.equal((await b.claw.engine.waitForAnswer(session('u2'), 'u2')).response, 're u2')
})
