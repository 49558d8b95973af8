import t from 'tap'
import type { Channel, ReplyTarget } from '../../src/channels/port.ts'
import { Hub } from '../../src/engine/hub.ts'
import { ReplyProgress } from '../../src/engine/outbound/reply-progress.ts'
import { silentLogger, systemRandom } from '../../src/ports.ts'
import { createMemoryStorage } from '../../src/storage/memory/storage.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { makePlan } from '../support/make-plan.ts'

function world() {
  const clock = createFakeClock()
  const shown: string[] = []
  const channel: Channel = {
    start: async () => {},
    stop: async () => {},
    send: async () => ({ messageIds: [] }),
    typing: (target) => void shown.push(target.userId ?? ''),
  }
  const channels = { live: new Map([['c', channel]]) }
  const hub = new Hub(silentLogger)
  const storage = createMemoryStorage({ stateDir: '', clock, random: systemRandom, log: silentLogger })
  const progress = new ReplyProgress(channels, { expectStream() {} }, { clock, storage }, hub)
  const plan = makePlan({})
  return {
    clock,
    shown,
    begin: (session: string, target: ReplyTarget) =>
      progress.begin(plan, { key: 'k', prefix: '', session, resumed: false }, target),
    ended(sessionKey: string): void {
      hub.emit({ type: 'turn_end', sessionKey, agentId: 'a', run: 'r', messageIds: [], text: '', isError: false, durationMs: 0 })
    },
  }
}

t.test('a quick answer needs no sign', async (t) => {
  const { clock, shown, begin, ended } = world()
  begin('s', { channelId: 'c', userId: 'u' })
  await clock.advance(200)
  ended('s')
  await clock.advance(60_000)
  t.same(shown, [])
  t.equal(clock.pending(), 0)
})

t.test('a long one shows it until the turn ends, and that of its own session alone', async (t) => {
  const { clock, shown, begin, ended } = world()
  begin('s', { channelId: 'c', userId: 'u' })
  begin('other', { channelId: 'c', userId: 'v' })
  ended('other')
  await clock.advance(10_000)
  t.same(shown, ['u', 'u', 'u'])
  ended('s')
  await clock.advance(60_000)
  t.equal(shown.length, 3)
  t.equal(clock.pending(), 0)
})

t.test('a turn that never ends, or whose channel is away, does no harm', async (t) => {
  const { clock, shown, begin } = world()
  begin('s', { channelId: 'away', userId: 'u' })
  await clock.advance(2 * 3_600_000)
  t.same(shown, [])
  t.equal(clock.pending(), 0)
})
