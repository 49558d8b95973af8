// A channel's state, where its connection and its calls both know of it.

import t from 'tap'
import type { ChannelState } from '../../src/channels/port.ts'
import { createStanding } from '../../src/channels/standing.ts'

function trial(connection?: ChannelState) {
  const states: ChannelState[] = []
  return { states, standing: createStanding({ setState: (state) => states.push(state) }, connection) }
}
const refused: ChannelState = { state: 'failed', detail: 'refused' }

t.test('a refusal shows until a call is taken, then the connection as it is', async (t) => {
  const { states, standing } = trial()
  standing.set({ state: 'connected' })
  standing.taken()
  standing.refused('refused')
  standing.taken()
  standing.taken()
  t.same(states, [{ state: 'connected' }, refused, { state: 'connected' }])
})

t.test('a connection that failed for good stays so, whatever a call may do', async (t) => {
  const { states, standing } = trial()
  const gone: ChannelState = { state: 'failed', detail: 'gone' }
  standing.refused('refused')
  standing.set(gone)
  standing.taken()
  t.same(states, [refused, gone])
})

t.test('a channel of calls alone is connected when one is taken', async (t) => {
  const { states, standing } = trial({ state: 'connected' })
  standing.refused('refused')
  standing.taken()
  t.same(states, [refused, { state: 'connected' }])
})
