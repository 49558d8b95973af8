// A channel's state, where its connection and its calls both know of it.

import t from 'tap'
import { createChannelHealth } from '../../src/channels/channel-health.ts'
import type { ChannelState } from '../../src/channels/port.ts'

function trial(connection?: ChannelState) {
  const states: ChannelState[] = []
  return { states, health: createChannelHealth({ setState: (state) => states.push(state) }, connection) }
}
const refused: ChannelState = { state: 'failed', detail: 'refused' }

t.test('a refusal shows until a call is taken, then the connection as it is', async (t) => {
  const { states, health } = trial()
  health.set({ state: 'connected' })
  health.taken()
  health.refused('refused')
  health.taken()
  health.taken()
  t.same(states, [{ state: 'connected' }, refused, { state: 'connected' }])
})

t.test('a connection that failed for good stays so, whatever a call may do', async (t) => {
  const { states, health } = trial()
  const gone: ChannelState = { state: 'failed', detail: 'gone' }
  health.refused('refused')
  health.set(gone)
  health.taken()
  t.same(states, [refused, gone])
})

t.test('a channel of calls alone is connected when one is taken', async (t) => {
  const { states, health } = trial({ state: 'connected' })
  health.refused('refused')
  health.taken()
  t.same(states, [refused, { state: 'connected' }])
})
