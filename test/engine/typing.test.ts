import t from 'tap'
import type { EngineEvent } from '../../src/agent/events.ts'
import type { Channel } from '../../src/channels/port.ts'
import { createTypingIndicators } from '../../src/engine/outbound/typing-indicators.ts'
import { createFakeClock } from '../support/fake-clock.ts'

function world() {
  const clock = createFakeClock()
  const shown: string[] = []
  const listeners: ((event: EngineEvent) => void)[] = []
  const channel: Pick<Channel, 'typing'> = { typing: (target) => void shown.push(target.userId ?? '') }
  const signs = createTypingIndicators({
    channels: { get: (id) => (id === 'away' ? undefined : (channel as Channel)) },
    clock,
    on: (listener) => listeners.push(listener),
  })
  const ended = (sessionKey: string): void => {
    const event = { type: 'turn_end', sessionKey } as EngineEvent
    for (const listener of listeners) listener(event)
  }
  return { clock, shown, signs, ended }
}

t.test('a quick answer needs no sign', async (t) => {
  const { clock, shown, signs, ended } = world()
  signs.begin('s', { channelId: 'c', userId: 'u' })
  await clock.advance(200)
  ended('s')
  await clock.advance(60_000)
  t.same(shown, [])
  t.equal(clock.pending(), 0)
})

t.test('a long one shows it until the turn ends, and that of its own session alone', async (t) => {
  const { clock, shown, signs, ended } = world()
  signs.begin('s', { channelId: 'c', userId: 'u' })
  signs.begin('other', { channelId: 'c', userId: 'v' })
  ended('other')
  await clock.advance(10_000)
  t.same(shown, ['u', 'u', 'u'])
  ended('s')
  await clock.advance(60_000)
  t.equal(shown.length, 3)
  t.equal(clock.pending(), 0)
})

t.test('a turn that never ends, or whose channel is away, does no harm', async (t) => {
  const { clock, shown, signs } = world()
  signs.begin('s', { channelId: 'away', userId: 'u' })
  await clock.advance(2 * 3_600_000)
  t.same(shown, [])
  t.equal(clock.pending(), 0)
})
