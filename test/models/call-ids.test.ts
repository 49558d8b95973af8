import t from 'tap'
import { withOwnIds } from '../../src/models/call-ids.ts'
import type { ToolUseBlock } from '../../src/models/port.ts'

const call = (id: string, more: Partial<ToolUseBlock> = {}): ToolUseBlock => ({
  type: 'tool_use',
  id,
  name: 'save',
  input: {},
  ...more,
})
const idsOf = (ids: readonly string[]): readonly string[] => withOwnIds(ids.map((id) => call(id))).map((block) => block.id)

t.test('each call of an answer has an id of its own, whatever was sent', async (t) => {
  const pieces = ['', 'a', 'a_2', 'call:1', 'call/1', '\u00e9', 'x'.repeat(80), `${'x'.repeat(80)}y`]
  for (let seed = 0; seed < 2000; seed++) {
    const sent = [seed, seed >> 3, seed >> 6, seed >> 9].map((at) => pieces[at % pieces.length] ?? '')
    const ids = idsOf(sent)
    if (new Set(ids).size !== ids.length) t.fail(`${sent} became ${ids}`)
    if (!ids.every((id) => /^[a-zA-Z0-9_-]{1,70}$/.test(id))) t.fail(`${sent} became ${ids}`)
  }
  t.same(idsOf(['a', 'b', 'a', 'a_2', 'a']), ['a', 'b', 'a_2', 'a_2_2', 'a_3'])
})

t.test('what is right stays the very same, and a service gets its own form back', async (t) => {
  const blocks = [{ type: 'text' as const, text: 'x' }, call('a'), call('b')]
  t.equal(withOwnIds(blocks), blocks)
  const [odd] = withOwnIds([call('call:1', { fields: { extra: 1 } })])
  t.same(odd, call('call_1', { fields: { extra: 1, id: 'call:1' } }))
  const [, second] = withOwnIds([call('a'), call('a')])
  t.same(second, call('a_2'), 'the id of another call is not sent back as its own')
})
