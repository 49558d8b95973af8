// Rows that the process stored itself are claimed from memory: the outcome is what the table alone would give.

import t, { type Test } from 'tap'
import type { Claim, Storage } from '../../src/storage/ports.ts'
import { answered, inboxRow, openStorage } from '../support/storage-world.ts'
import { testdir } from '../support/testdir.ts'

async function open(t: Test): Promise<Storage> {
  const storage = await openStorage(testdir(t))
  t.teardown(() => storage.close())
  return storage
}

const idsOf = (claim: Claim | null): readonly string[] | undefined => claim?.rows.map((row) => row.messageId)

/** As when a turn throws: its session is tried again, by the queue. */
async function failOnce({ queue, inbox }: Storage, session: string): Promise<Claim> {
  const claimed: Claim[] = []
  let tried = (): void => {}
  const again = new Promise<void>((resolve) => {
    tried = resolve
  })
  await queue.start(
    async () => {
      const claim = await inbox.claimNext(session)
      if (claim !== null) claimed.push(claim)
      if (claimed.length === 1) throw new Error('the disk')
      tried()
      await new Promise(() => {})
      return 'noop'
    },
    { realtime: 1, scheduled: 1, background: 1 },
  )
  await queue.enqueue({ session, agentId: 'main', lane: 'realtime' })
  const alive = setInterval(() => {}, 1000)
  await again
  clearInterval(alive)
  return claimed[1] as Claim
}

t.test('a run that was left comes before rows that were stored after it', async (t) => {
  const storage = await open(t)
  const { inbox } = storage
  await inbox.post(inboxRow('s', 'm1'), 'k1')
  const left = await failOnce(storage, 's')
  t.strictSame([idsOf(left), left.resumed], [['m1'], true])
  await inbox.post(inboxRow('s', 'm2'), 'k2')
  t.equal(await inbox.claimNext('s'), null, 'it is held')
  await inbox.finish(left, answered(left, 'late'))
  t.strictSame(idsOf(await inbox.claimNext('s')), ['m2'])
})

t.test('a message has no answer until its run ended', async (t) => {
  const { inbox } = await open(t)
  await inbox.post(inboxRow('s', 'm1'), 'k1')
  await inbox.post(inboxRow('t', 'm1'), 'k2')
  const claim = await inbox.claimNext('s')
  t.equal(await inbox.answer('s', 'm1'), null)
  if (claim !== null) await inbox.finish(claim, answered(claim, 'yes'))
  t.equal((await inbox.answer('s', 'm1'))?.response, 'yes')
  t.equal(await inbox.answer('t', 'm1'), null, 'that of another session')
})

t.test('more rows than are kept in memory, and a repeat among them', async (t) => {
  const { inbox } = await open(t)
  const count = 1_200
  await Promise.all(Array.from({ length: count }, (_, n) => inbox.post(inboxRow(`s${n % 400}`, `m${n}`), `k${n}`)))
  t.equal((await inbox.post(inboxRow('s1', 'm1'), 'k1')).duplicate, true)
  const order: string[] = []
  for (let session = 0; session < 400; session++) {
    for (let claim = await inbox.claimNext(`s${session}`); claim !== null; claim = await inbox.claimNext(`s${session}`)) {
      order.push(...(idsOf(claim) ?? []))
      await inbox.finish(claim, answered(claim, 'ok'))
    }
  }
  t.equal(order.length, count)
  t.strictSame(order.slice(0, 6), ['m0', 'm400', 'm800', 'm1', 'm401', 'm801'])
  t.strictSame(await inbox.pending(), [])
})
