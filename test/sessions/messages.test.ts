// Messages built from transcripts: always what a service accepts, and the same beginning from turn to turn.

import fc from 'fast-check'
import t from 'tap'
import type { ContentBlock } from '../../src/models/port.ts'
import { resultName } from '../../src/sessions/marks.ts'
import { messagesOf } from '../../src/sessions/messages.ts'
import type { TranscriptEntry } from '../../src/storage/ports.ts'
import { checkMessages } from '../support/messages-validator.ts'
import { entry } from '../support/storage-world.ts'

const usage = { input: 1, output: 1, cacheRead: 0, cacheWrite: 0 }
const of = (...entries: readonly TranscriptEntry[]) => messagesOf({ entries })
const said = (id: string, content: TranscriptEntry['content'], run = 'r') => entry(id, 'assistant', { content, run, usage })
const call = (id: string): ContentBlock => ({ type: 'tool_use', id, name: 'bash', input: { command: id } })
const result = (id: string, content = `result of ${id}`): ContentBlock => ({ type: 'tool_result', tool_use_id: id, content })

void t.test('a plain conversation', async (t) => {
  t.strictSame(
    of(
      entry('a', 'user', { content: 'hi' }),
      said('b', [{ type: 'text', text: 'hello' }]),
      entry('n', 'system', { kind: 'note' }),
    ),
    [
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: 'hello' },
    ],
  )
  t.strictSame(of(), [])
})

void t.test('neighbours of one role become one message', async (t) => {
  const messages = of(
    entry('a', 'user', { content: 'one' }),
    entry('b', 'user', { content: 'two' }),
    said('c', 'x'),
    said('d', 'y'),
  )
  t.strictSame(messages, [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'one' },
        { type: 'text', text: 'two' },
      ],
    },
    {
      role: 'assistant',
      content: [
        { type: 'text', text: 'x' },
        { type: 'text', text: 'y' },
      ],
    },
  ])
})

void t.test('calls without results get one that says so, and stray results go', async (t) => {
  const messages = of(
    entry('a', 'user', { content: 'go' }),
    said('b', [call('t1'), call('t2')], 'r1'),
    entry('c', 'user', { content: [result('t2')], run: 'r1' }),
    entry('d', 'user', { content: 'still there?', run: 'r2' }),
    said('e', 'yes', 'r2'),
    entry('f', 'user', { content: [result('t1'), { type: 'text', text: 'late' }], run: 'r2' }),
  )
  t.equal(checkMessages(messages), null)
  t.match(messages[2], {
    role: 'user',
    content: [{ tool_use_id: 't1', is_error: true }, { tool_use_id: 't2', content: 'result of t2' }, { text: 'still there?' }],
  })
  t.strictSame(messages.at(-1), { role: 'user', content: 'late' })
})

void t.test('what came between a call and its result stands after it', async (t) => {
  const entries = [
    entry('a', 'user', { content: 'go' }),
    said('b', [call('t1')], 'r1'),
    entry('hb', 'assistant', { content: 'Morning summary', run: 'r9' }),
    entry('c', 'user', { content: [result('t1')], run: 'r1' }),
    entry('d', 'user', { content: 'thanks', run: 'r2' }),
  ]
  const messages = of(...entries)
  t.equal(checkMessages(messages), null)
  t.strictSame(
    messages.map((message) => message.role),
    ['user', 'assistant', 'user', 'assistant', 'user'],
  )
  t.match(messages[2], { content: [{ type: 'tool_result', content: 'result of t1' }] })
  t.equal(messages[3]?.content, 'Morning summary')
})

void t.test('a conversation the agent began', async (t) => {
  const messages = of(entry('hb', 'assistant', { content: 'Good morning' }), entry('a', 'user', { content: 'thanks' }))
  t.equal(checkMessages(messages), null)
  t.strictSame(
    messages.map((message) => message.role),
    ['user', 'assistant', 'user'],
  )
})

void t.test('a summary stands first, for what it does not keep', async (t) => {
  const messages = of(
    said('k', 'kept'),
    entry('s', 'system', { kind: 'summary', content: 'They like tea.', keepFrom: 'k' }),
    entry('u', 'user', { content: 'and?' }),
  )
  t.equal(checkMessages(messages), null)
  t.match(messages[0], { role: 'user', content: /They like tea\./ })
  t.strictSame(messages.slice(1), [
    { role: 'assistant', content: 'kept' },
    { role: 'user', content: 'and?' },
  ])
})

void t.test('a trim shortens the results it names and no other', async (t) => {
  const entries = [
    entry('a', 'user', { content: 'go' }),
    said('b', [call('t1'), call('t2')]),
    entry('c', 'user', { content: [result('t1', 'long '.repeat(500)), result('t2')] }),
    said('d', 'done'),
    entry('e', 'user', { content: 'more' }),
  ]
  const before = of(...entries)
  const after = of(
    ...entries,
    entry('x', 'system', {
      kind: 'trim',
      trimmed: [resultName({ id: 'c' }, { type: 'tool_result', tool_use_id: 't1', content: '' })],
    }),
  )
  t.equal(checkMessages(after), null)
  t.match(after[2], { content: [{ content: /2500 characters/ }, { content: 'result of t2' }] })
  t.strictSame([...after.slice(0, 2), ...after.slice(3)], [...before.slice(0, 2), ...before.slice(3)])
})

void t.test('ids that a service would refuse, or that come twice, are made good on both sides', async (t) => {
  const messages = of(
    entry('a', 'user', { content: 'go' }),
    said('b', [call('t:1')]),
    entry('c', 'user', { content: [result('t:1')] }),
    said('d', [call('t:1')]),
    entry('e', 'user', { content: [result('t:1', 'second')] }),
  )
  t.equal(checkMessages(messages), null)
  t.match(messages[4], { content: [{ tool_use_id: 't_1_2', content: 'second' }] })
})

void t.test('blank texts, unsigned thoughts and misplaced blocks are left out', async (t) => {
  const messages = of(
    entry('a', 'user', { content: [{ type: 'text', text: '' }, { type: 'text', text: 'hi' }, call('x')] }),
    said('b', [
      { type: 'thinking', thinking: 'hm' },
      { type: 'text', text: ' \n' },
    ]),
    said('c', [{ type: 'thinking', thinking: 'hm', signature: 's' }, { type: 'text', text: 'yes' }, result('x')]),
    entry('d', 'user', { content: '  ' }),
    entry('e', 'user', { content: 'ok' }),
  )
  t.equal(checkMessages(messages), null)
  t.strictSame(messages[1], {
    role: 'assistant',
    content: [
      { type: 'thinking', thinking: 'hm', signature: 's' },
      { type: 'text', text: 'yes' },
    ],
  })
  t.equal(messages.length, 3)
})

const text = fc.constantFrom('hi', '', ' ', 'Ü\u2028', 'long '.repeat(50))
const toolId = fc.constantFrom('t1', 't2', 't:3', '')
const block: fc.Arbitrary<ContentBlock> = fc.oneof(
  text.map((words): ContentBlock => ({ type: 'text', text: words })),
  toolId.map((id) => call(id)),
  fc.tuple(toolId, text, fc.boolean()).map(
    ([id, words, isError]): ContentBlock => ({
      type: 'tool_result',
      tool_use_id: id,
      content: words,
      ...(isError ? { is_error: true } : {}),
    }),
  ),
  toolId.map((id): ContentBlock => ({ type: 'tool_result', tool_use_id: id, content: [{ type: 'text', text: '' }] })),
  fc.constant<ContentBlock>({ type: 'thinking', thinking: 'x' }),
  fc.constant<ContentBlock>({ type: 'thinking', thinking: 'x', signature: 'y' }),
  fc.constant<ContentBlock>({ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'aGk=' } }),
)
const history = fc
  .array(
    fc.record({
      role: fc.constantFrom<TranscriptEntry['role']>('user', 'assistant', 'assistant', 'user', 'system'),
      content: fc.oneof(text, fc.array(block, { maxLength: 4 })),
      run: fc.constantFrom('r1', 'r2'),
      called: fc.boolean(),
    }),
    { maxLength: 25 },
  )
  .map((list) =>
    list.map(({ role, content, run, called }, n) =>
      entry(`e${n}`, role, {
        content,
        run,
        ...(role === 'assistant' && called ? { usage } : {}),
        ...(role === 'system' ? { kind: 'note' } : {}),
      }),
    ),
  )

void t.test('whatever stands in a transcript, a service accepts what is built of it', async () => {
  fc.assert(
    fc.property(history, (entries) => checkMessages(of(...entries, entry('now', 'user', { run: 'r3' }))) === null),
    { numRuns: 2000 },
  )
})

void t.test('built bit by bit or at once, the messages are the same', async () => {
  fc.assert(
    fc.property(history, fc.array(fc.nat(24), { maxLength: 6 }), (entries, stops) => {
      for (const stop of stops.toSorted((a, b) => a - b)) messagesOf({ entries: entries.slice(0, stop) })
      const grown = JSON.stringify(messagesOf({ entries }))
      return grown === JSON.stringify(messagesOf({ entries: entries.map((one) => ({ ...one })) }))
    }),
    { numRuns: 2000 },
  )
})

void t.test('a request’s beginning is the same objects from turn to turn', async (t) => {
  const entries: TranscriptEntry[] = []
  let before: readonly unknown[] = []
  for (let turn = 0; turn < 20; turn++) {
    entries.push(entry(`u${turn}`, 'user', { run: `r${turn}` }))
    const first = messagesOf({ entries: [...entries] })
    t.strictSame(
      first
        .slice(0, before.length)
        .map((one, n) => one === before[n])
        .includes(false),
      false,
    )
    entries.push(
      said(`a${turn}`, [{ type: 'text', text: 'let me look' }, call('t1')], `r${turn}`),
      entry(`t${turn}`, 'user', { content: [result('t1')], run: `r${turn}` }),
    )
    const second = messagesOf({ entries: [...entries] })
    t.equal(checkMessages(second), null)
    t.equal(JSON.stringify(second).startsWith(JSON.stringify(first).slice(0, -1)), true)
    entries.push(said(`b${turn}`, 'done', `r${turn}`))
    before = second
  }
})
