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
