import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { contextLine } from '../../src/agent/user-entry.ts'
import type { ModelMessage, ModelResult } from '../../src/models/port.ts'
import { createScriptedProvider } from '../../src/models/scripted.ts'
import { systemClock } from '../../src/ports.ts'
import { packageRoot } from '../../src/resources.ts'
import { asData } from '../../src/tools/run.ts'
import { createFakeClock } from '../support/fake-clock.ts'

const spoken = {
  session: 's',
  agentId: 'main',
  lane: 'realtime',
  messageId: 'm',
  content: 'hello',
  message: { channelId: 'http', userId: 'u', displayName: 'Ada', content: 'hello' },
  kind: 'message',
  receivedAt: 0,
  seq: 1,
  attempts: 0,
} as const

const provider = (text?: string, clock = systemClock) =>
  createScriptedProvider({ id: 'demo', ...(text === undefined ? {} : { script: { path: 'demo.yaml', text } }) }, { clock })

const request = (messages: readonly ModelMessage[], signal = new AbortController().signal) => ({
  model: 'demo',
  system: 'You are terse.',
  tools: [],
  messages,
  maxTokens: 100,
  signal,
})
const say = (...texts: string[]): ModelMessage[] =>
  texts.map((content, i) => ({ role: i % 2 === 0 ? ('user' as const) : ('assistant' as const), content }))
const textOf = (result: ModelResult) =>
  result.content.map((block) => (block.type === 'text' ? block.text : `[${block.type}]`)).join('')

t.test('the built-in script echoes and says what it is', async (t) => {
  const result = await provider().call(request(say('good day')))
  t.match(textOf(result), /You said: good day/)
  t.match(textOf(result), /scripted demo.*ANTHROPIC_API_KEY/)
  t.equal(result.stopReason, 'end_turn')
  t.equal(textOf(await provider().call(request(say('a', 'b', 'c')))), 'You said: c', 'the explanation is given once')
  t.ok(provider().hasCredentials())
})

t.test('first match wins; captures are filled in', async (t) => {
  const script = `
replies:
  - { match: 'my name is (?<who>\\w+) (\\w+)?', text: 'Hi $<who>, $1, [$3], $$5, $x' }
  - { match: 'name', text: second }
  - { match: '2+2?', text: four }
default: { text: 'Pardon: $0' }
`
  const model = provider(script)
  t.equal(textOf(await model.call(request(say('my name is Ada ')))), 'Hi Ada, Ada, [], $5, $x')
  t.equal(textOf(await model.call(request(say('name?')))), 'second')
  t.equal(textOf(await model.call(request(say('what is 2+2?')))), 'four', 'a plain text matches itself')
  t.equal(textOf(await model.call(request(say('zzz')))), 'Pardon: zzz')
})

t.test('tool calls, then their results', async (t) => {
  const script = `
replies:
  - match: 'read (\\S+) and (\\S+)'
    text: One moment.
    tool_calls:
      - { name: read_file, input: { path: $1, nested: { list: ['$2'] } } }
      - { name: bash, input: { command: 'cat $2' } }
  - { tool: bash, match: 'total (\\d+)', text: 'bash counted $1' }
  - { tool: read_file, text: 'file: $0' }
`
  const model = provider(script)
  const asked = say('read a and b')
  const first = await model.call(request(asked))
  t.equal(first.stopReason, 'tool_use')
  t.match(first.content, [
    { type: 'text', text: 'One moment.' },
    { type: 'tool_use', name: 'read_file', input: { path: 'a', nested: { list: ['b'] } } },
    { type: 'tool_use', name: 'bash', input: { command: 'cat b' } },
  ])
  const ids = first.content.flatMap((block) => (block.type === 'tool_use' ? [block.id] : []))
  t.equal(new Set(ids).size, 2)
  const results = (a: string, b: string): ModelMessage[] => [
    ...asked,
    { role: 'assistant', content: first.content },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: ids[0] ?? '', content: a },
        { type: 'tool_result', tool_use_id: ids[1] ?? '', content: [{ type: 'text', text: b }], is_error: false },
      ],
    },
  ]
  t.equal(textOf(await model.call(request(results('x', 'total 12')))), 'bash counted 12')
  t.equal(textOf(await model.call(request(results('x', 'nothing')))), 'file: x')
  const marked = asData('bash', 'total 7\nbytes', 'salt')
  t.equal(textOf(await model.call(request(results(asData('read_file', 'x', 'salt'), marked)))), 'bash counted 7')
  const whole = provider("replies: [{ tool: bash, text: 'It said: $0' }]")
  t.equal(textOf(await whole.call(request(results('x', marked)))), 'It said: total 7\nbytes', 'without the marks of data')
  const bare = provider('replies: [{ match: read, tool_calls: [{ name: bash }] }]')
  t.equal(textOf(await bare.call(request(results('x', 'y')))), 'read_file, bash answered:\nx\ny', 'no endless loop of calls')
})

t.test('ids stay unique when a conversation got shorter', async (t) => {
  const model = provider('replies: [{ tool_calls: [{ name: bash }] }]')
  const first = await model.call(request(say('go')))
  const id = first.content[0]?.type === 'tool_use' ? first.content[0].id : ''
  const again = await model.call(
    request([
      { role: 'assistant', content: [{ type: 'tool_use', id: id.replace('_1_', '_2_'), name: 'bash', input: {} }] },
      ...say('go'),
    ]),
  )
  t.not(again.content[0]?.type === 'tool_use' ? again.content[0].id : '', id.replace('_1_', '_2_'))
})

t.test('once is worked out from the conversation', async (t) => {
  const model = provider(`
replies:
  - { match: hi, text: first, once: true }
  - { match: hi, error: overloaded, once: true }
  - { match: hi, text: later }
`)
  t.equal(textOf(await model.call(request(say('hi')))), 'first')
  t.equal(textOf(await model.call(request(say('hi')))), 'first', 'asking again gives the same again')
  await t.rejects(model.call(request(say('hi', 'first', 'hi'))), { name: 'ModelError', kind: 'overloaded' })
  t.equal(textOf(await model.call(request([...say('hi', 'first', 'hi'), ...say('hi')]))), 'later')
})

t.test('streaming: pieces add up to the text', async (t) => {
  const model = provider(
    'replies: [{ match: n, text: "  ä👩‍🚀 words  and\\n\\nlines ", chunk: 2 }, { text: "one two  three\\n" }]',
  )
  for (const [ask, text] of [
    ['n', '  ä👩‍🚀 words  and\n\nlines '],
    ['x', 'one two  three\n'],
  ] as const) {
    const pieces: string[] = []
    const result = await model.call(request(say(ask)), (piece) => pieces.push(piece))
    t.equal(pieces.join(''), text)
    t.ok(pieces.length > 2)
    t.equal(textOf(result), text)
  }
})

t.test('errors, delays and aborts', async (t) => {
  const clock = createFakeClock()
  const model = provider(
    'replies: [{ match: slow, text: late, delayMs: 1000 }, { error: { kind: rate_limit, message: wait, retryAfterMs: 7 } }]',
    clock,
  )
  await t.rejects(model.call(request(say('x'))), { name: 'ModelError', kind: 'rate_limit', message: 'wait', retryAfterMs: 7 })
  let done = false
  const slow = model.call(request(say('slow'))).then(() => {
    done = true
  })
  await clock.advance(999)
  t.notOk(done)
  await clock.advance(1)
  await slow
  t.ok(done)
  const controller = new AbortController()
  const stopped = model.call(request(say('slow'), controller.signal))
  controller.abort()
  await t.rejects(stopped, { name: 'ModelError', kind: 'aborted' })
  t.equal(clock.pending(), 0, 'no timer is left')
  await t.rejects(model.call(request(say('slow'), controller.signal)), { name: 'ModelError', kind: 'aborted' })
})

t.test('a broken script says where', async (t) => {
  await t.rejects(provider('replies:\n  - txt: 1\n').call(request(say('x'))), { kind: 'invalid', message: /^demo\.yaml:2:5: / })
})

t.test('the same conversation costs the same', async (t) => {
  const [a, b] = await Promise.all([provider().call(request(say('x'))), provider().call(request(say('x')))])
  t.strictSame(a, b)
  t.ok((a?.usage.input ?? 0) > 0 && (a?.usage.output ?? 0) > 0)
})

t.test('the demo script works', async (t) => {
  const model = provider(readFileSync(join(packageRoot(), 'examples/demo.script.yaml'), 'utf8'))
  t.match(textOf(await model.call(request(say('Hello!')))), /scripted demo/)
  t.match((await model.call(request(say('remember that I like tea')))).content, [
    { name: 'save_memory', input: { key: 'demo-note', content: 'I like tea' } },
  ])
  t.match(textOf(await model.call(request(say('quux')))), /You said: quux[\s\S]*ANTHROPIC_API_KEY/)
})

t.test('a script answers to the message, not to the line that says when and where it was written', async (t) => {
  const model = provider('replies: [{ match: "^hello$", text: Hi }]')
  const line = contextLine({ context: 'on', reset: { timezone: 'UTC' } }, [spoken])
  t.match(line, /Context/)
  t.equal(textOf(await model.call(request(say(`${line}\nhello`)))), 'Hi')
  const blocks = [{ type: 'text' as const, text: `${line}\nhello` }]
  t.equal(textOf(await model.call(request([{ role: 'user', content: blocks }]))), 'Hi')
})
