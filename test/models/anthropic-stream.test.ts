import t from 'tap'
import { createMessageReader, type StreamEvent } from '../../src/models/anthropic-stream.ts'

function read(events: readonly StreamEvent[], onText?: (text: string) => void) {
  const reader = createMessageReader(onText)
  for (const event of events) reader.take(event)
  return reader.result('asked')
}
const call = (index: number, ...pieces: string[]): StreamEvent[] => [
  { type: 'content_block_start', index, content_block: { type: 'tool_use', id: `t${index}`, name: 'bash', input: {} } },
  ...pieces.map((partial_json) => ({ type: 'content_block_delta', index, delta: { type: 'input_json_delta', partial_json } })),
  { type: 'content_block_stop', index },
]
const end = (stop_reason: string): StreamEvent[] => [{ type: 'message_delta', delta: { stop_reason } }, { type: 'message_stop' }]

t.test('an input cut off by the limit stays a text, so that half a command never runs', async (t) => {
  const result = read([...call(0, '{"command":"rm -rf bui'), ...end('max_tokens')])
  t.match(result.content, [{ type: 'tool_use', input: '{"command":"rm -rf bui' }])
  t.equal(result.stopReason, 'max_tokens')
})

t.test('inputs of several calls, in pieces and without any', async (t) => {
  const result = read([...call(0, '', '{"a"', ':1}'), ...call(1), ...call(2, ''), ...end('tool_use')])
  t.match(result.content, [{ input: { a: 1 } }, { input: {} }, { input: {} }])
})

t.test('what the last count says replaces the first', async (t) => {
  const start = { model: 'm', usage: { input_tokens: 5, output_tokens: 1, cache_read_input_tokens: 7 } }
  const result = read([
    { type: 'message_start', message: start },
    {
      type: 'message_delta',
      delta: { stop_reason: 'end_turn' },
      usage: { output_tokens: 20, input_tokens: null, cache_creation_input_tokens: 3 },
    },
    { type: 'message_stop' },
  ])
  t.strictSame(result, {
    content: [],
    stopReason: 'end_turn',
    usage: { input: 5, output: 20, cacheRead: 7, cacheWrite: 3 },
    model: 'm',
  })
})

t.test('texts, citations, and kinds that are new', async (t) => {
  const heard: string[] = []
  const result = read(
    [
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: 'A' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'b' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'citations_delta', citation: { n: 1 } } },
      { type: 'content_block_delta', index: 0, delta: { type: 'newly_invented_delta' } },
      { type: 'newly_invented_event' },
      { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
      ...end('end_turn'),
    ],
    (text) => heard.push(text),
  )
  t.strictSame(result.content, [{ type: 'text', text: 'Ab', citations: [{ n: 1 }] }], 'empty texts are left out')
  t.strictSame(heard, ['A', 'b'])
  t.equal(result.model, 'asked')
})

t.test('an end that never came', async (t) => {
  t.throws(() => read([]), /cut off/)
  t.throws(() => read(call(0, '{}')), /cut off/)
  t.equal(read([{ type: 'message_delta', delta: { stop_reason: 'end_turn' } }]).stopReason, 'end_turn', 'a reason is end enough')
})

t.test('a whole message in place of a stream', async (t) => {
  const heard: string[] = []
  const result = read(
    [
      {
        type: 'message',
        model: 'm',
        content: [
          { type: 'text', text: 'hi' },
          { type: 'tool_use', id: 'a', name: 'bash', input: { command: 'ls' } },
        ],
        stop_reason: 'tool_use',
        usage: { input_tokens: 3, output_tokens: 2 },
      },
    ],
    (text) => heard.push(text),
  )
  t.strictSame(result, {
    content: [
      { type: 'text', text: 'hi' },
      { type: 'tool_use', id: 'a', name: 'bash', input: { command: 'ls' } },
    ],
    stopReason: 'tool_use',
    usage: { input: 3, output: 2, cacheRead: 0, cacheWrite: 0 },
    model: 'm',
  })
  t.strictSame(heard, ['hi'])
})
