import t from 'tap'
import type { Channel } from '../../src/channels/port.ts'
import { Hub } from '../../src/engine/hub.ts'
import { Delivery } from '../../src/engine/outbound/delivery.ts'
import { createKnownSecrets } from '../../src/permissions/redact.ts'
import { silentLogger, systemRandom } from '../../src/ports.ts'
import { createMemoryStorage } from '../../src/storage/memory/storage.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { outboxRow } from '../support/storage-world.ts'

t.test('a reply that comes due while the outbox is being read is not forgotten', async (t) => {
  const fake = createFakeClock(1_000)
  let asked = 0
  // Time goes on between any two looks at the clock, as it does under load.
  const clock = { ...fake, now: () => fake.now() + asked++ }
  const storage = createMemoryStorage({ stateDir: '', clock, random: systemRandom, log: silentLogger })
  const { outbox } = storage
  const sent: string[] = []
  const channel: Channel = {
    start: async () => {},
    stop: async () => {},
    async send({ content }) {
      sent.push(content)
      return { messageIds: [] }
    },
  }
  const world = {
    clock,
    random: systemRandom,
    log: silentLogger,
    secrets: createKnownSecrets(),
    storage,
    emit() {},
  }
  const delivery = new Delivery(world, { live: new Map([['telegram', channel]]) }, new Hub(silentLogger))
  t.teardown(() => delivery.stop())
  for (const ahead of [1, 2, 3, 50]) {
    await outbox.put(outboxRow(`o${ahead}`))
    const { rows } = await outbox.due(Number.MAX_SAFE_INTEGER, 1)
    await outbox.retry(rows[0]?.seq ?? 0, fake.now() + asked + ahead)
    delivery.wake()
    await new Promise((resolve) => setTimeout(resolve, 10))
    await fake.advance(1_000)
    await new Promise((resolve) => setTimeout(resolve, 10))
    t.equal(sent.at(-1), `reply o${ahead}`)
  }
})

t.test('a chat that is slow and has many replies waiting holds up no other', async (t) => {
  const clock = createFakeClock(1_000)
  const { outbox, files, kv } = createMemoryStorage({ stateDir: '', clock, random: systemRandom, log: silentLogger })
  const sent: string[] = []
  const channel: Channel = {
    start: async () => {},
    stop: async () => {},
    async send({ content, userId }) {
      if (userId === 'slow') await new Promise<void>((resolve) => clock.after(3_000, resolve))
      sent.push(content)
      return { messageIds: [] }
    },
  }
  const secrets = createKnownSecrets()
  const world = { clock, random: systemRandom, log: silentLogger, secrets, storage: { outbox, files, kv }, emit() {} }
  const delivery = new Delivery(world, { live: new Map([['telegram', channel]]) }, new Hub(silentLogger))
  t.teardown(() => delivery.stop())
  const put = async (userId: string, content: string): Promise<void> => {
    await outbox.put(outboxRow(content, { content, target: { channelId: 'telegram', userId } }))
    delivery.wake()
  }
  for (let n = 0; n < 1_000; n++) await put('slow', `slow ${n}`)
  const others = Array.from({ length: 19 }, (_, n) => `chat ${n}`)
  for (let round = 0; round < 5; round++) {
    for (const userId of others) await put(userId, `${userId}, ${round}`)
    for (let n = 0; n < 5; n++) await new Promise((resolve) => setImmediate(resolve))
    t.equal(sent.filter((content) => content.endsWith(`, ${round}`)).length, 19, 'all but the slow one, while its first is sent')
  }
  t.notOk(sent.includes('slow 0'))
  await clock.advance(3_000 * 10)
  t.strictSame(
    sent.filter((content) => content.startsWith('slow')),
    Array.from({ length: 10 }, (_, n) => `slow ${n}`),
    'in order',
  )
})
