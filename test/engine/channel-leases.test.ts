// A channel that several engines have in their plans is held by one of them at a time.

import t, { type Test } from 'tap'
import type { Channel, ChannelDefinition } from '../../src/channels/port.ts'
import { ChannelManager } from '../../src/engine/outbound/channel-manager.ts'
import { createKnownSecrets } from '../../src/permissions/redact.ts'
import { silentLogger, systemRandom } from '../../src/ports.ts'
import type { Registry } from '../../src/registry.ts'
import { createMemoryState, createMemoryStorage } from '../../src/storage/memory/storage.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { makePlan } from '../support/make-plan.ts'

const PLAN = makePlan({ channels: { chat: { type: 'line', enabled: true } } })

const TRAITS = { groups: false, threads: false, edits: false, buttons: false, media: false, idempotentSend: false, maxChars: 100 }

function cluster() {
  const clock = createFakeClock()
  const world = { stateDir: '', clock, random: systemRandom, log: silentLogger }
  const state = createMemoryState(world)
  /** Who is connected, by name. */
  const connected: string[] = []

  async function engine(name: string, stopFails = false) {
    const storage = createMemoryStorage(world, state)
    const channel: Channel = {
      start: async () => void connected.push(name),
      async stop() {
        connected.splice(connected.indexOf(name), 1)
        if (stopFails) throw new Error('the platform did not answer')
      },
      send: async () => ({ messageIds: [] }),
    }
    const line: ChannelDefinition = { type: 'line', traits: TRAITS, load: async () => () => channel }
    const registry: Registry = { channels: [line], providers: [], tools: [] }
    const secrets = createKnownSecrets()
    const manager = new ChannelManager({ ...world, registryOf: () => registry, secrets, storage, emit() {} })
    await manager.start(PLAN, { receive: async () => ({ accepted: true }), answerApproval: async () => '' })
    return { manager, storage }
  }
  return { clock, connected, engine }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const detailOf = ({ manager }: { manager: ChannelManager }) => manager.states()[0]?.detail

t.test('the second engine waits, and takes over when the first stops', async (t: Test) => {
  const { clock, connected, engine } = cluster()
  const first = await engine('first')
  const second = await engine('second')
  t.strictSame(connected, ['first'])
  t.match(detailOf(second), /Another engine holds/)
  await clock.advance(60_000)
  t.strictSame(connected, ['first'])
  await first.manager.stop()
  t.strictSame(connected, [])
  await clock.advance(5_000)
  await settled()
  t.strictSame(connected, ['second'])
  await second.manager.stop()
  t.equal(clock.pending(), 0, 'nobody waits any more')
})

t.test('an engine whose lease ended lets go of the connection', async (t: Test) => {
  const { clock, connected, engine } = cluster()
  const first = await engine('first')
  const second = await engine('second')
  await first.storage.close()
  await settled()
  t.strictSame(connected, [])
  t.match(detailOf(first), /Another engine holds/)
  await clock.advance(5_000)
  await settled()
  t.strictSame(connected, ['second'])
  await first.manager.stop()
  await second.manager.stop()
  t.equal(clock.pending(), 0)
})

t.test('one that waits for a channel that was taken out of its plan asks no more', async (t: Test) => {
  const { clock, connected, engine } = cluster()
  const first = await engine('first')
  const second = await engine('second')
  await second.manager.apply(makePlan({ channels: {} }))
  await first.manager.stop()
  await clock.advance(60_000)
  t.strictSame(connected, [])
  t.equal(clock.pending(), 0)
})

const withFingerprint = (fingerprint: string) => makePlan({ channels: { chat: { type: 'line', enabled: true, fingerprint } } })

t.test('a channel whose stop fails still gives its lease back', async (t: Test) => {
  const { clock, connected, engine } = cluster()
  const first = await engine('first', true)
  await first.manager.apply(withFingerprint('changed'))
  t.strictSame(connected, ['first'], 'it holds the channel again')
  t.equal(detailOf(first), undefined)
  await first.manager.stop()
  t.equal(clock.pending(), 0)
})

t.test('a reload while one waits, or while a lease ends: one connection, of the new plan', async (t: Test) => {
  const { clock, connected, engine } = cluster()
  const first = await engine('first')
  const second = await engine('second')
  await second.manager.apply(withFingerprint('changed'))
  t.equal(clock.pending(), 1, 'one wait')
  const reload = first.manager.apply(withFingerprint('changed'))
  await first.storage.close()
  await reload
  await settled()
  t.strictSame(connected, [])
  await clock.advance(5_000)
  await settled()
  t.equal(connected.length, 1)
  await first.manager.stop()
  await second.manager.stop()
  t.strictSame(connected, [])
  t.equal(clock.pending(), 0)
})
