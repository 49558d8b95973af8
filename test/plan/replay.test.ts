import t from 'tap'
import type { Plan } from '../../src/plan/plan.ts'
import { recordedMessage, replay } from '../../src/plan/replay.ts'
import { createRouter } from '../../src/plan/router.ts'
import { makePlan } from '../support/make-plan.ts'

const plan = (prefix: string): Plan => makePlan({ agents: { main: {}, scout: {} }, rules: [{ agentId: 'scout', prefix }] })
const side = async (of: Plan) => ({ plan: of, router: await createRouter(of) })

const message = (content: string): object => ({ channelId: 'http', userId: 'u', content })

t.test('messages that would go to another agent', async (t) => {
  const lines = [
    JSON.stringify({ type: 'inbound_message', data: message('/a x') }),
    JSON.stringify(message('hello')),
    '',
    JSON.stringify({ type: 'inbound', sessionKey: 's', ...message('/b y') }),
    JSON.stringify({ type: 'agent_response_chunk', data: { chunk: 'x' } }),
    '{"torn',
    JSON.stringify({ role: 'assistant', ...message('/a z') }),
    JSON.stringify({ kind: 'message', message: message('/a w') }),
  ]
  const result = replay(await side(plan('/a')), await side(plan('/b')), lines)
  t.equal(result.messages, 4)
  t.equal(result.skipped, 3)
  t.same(
    result.moved.map(({ line, before, after }) => [line, before.agentId, before.rule, after.agentId, after.rule]),
    [
      [1, 'scout', 0, 'main', null],
      [4, 'main', null, 'scout', 0],
      [8, 'scout', 0, 'main', null],
    ],
  )
})

t.test('what counts as a message', async (t) => {
  t.same(recordedMessage({ channelId: 'telegram', userId: 12, groupId: -100, content: 'x' }), {
    channelId: 'telegram',
    userId: '12',
    groupId: '-100',
    content: 'x',
  })
  for (const other of [null, 'x', 3, [], {}, { channelId: 'x', content: 'y' }, { type: 'refused', ...message('x') }]) {
    t.equal(recordedMessage(other), null, JSON.stringify(other))
  }
})
