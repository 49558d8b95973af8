// What services say of a request they refuse, and where that is in the request as it was made.

import t from 'tap'
import { locateInMessages } from '../../src/models/anthropic.ts'
import { locateInChat, toChatRequest } from '../../src/models/openai-request.ts'
import type { ContentBlock, ModelMessage, ModelRequest } from '../../src/models/port.ts'
import { refusalIn } from '../../src/models/refusal.ts'
import { legalName, withOwnNames } from '../../src/models/tool-names.ts'
import { wellFormedJson } from '../../src/text-cut.ts'
import { TINY_PNG } from '../support/pictures.ts'

t.test('places, in each service’s way of writing them', async (t) => {
  for (const [message, place] of [
    ['messages.0.content.1.image.source.base64: image exceeds 5 MB maximum', { message: 0, part: 1 }],
    [
      '400 {"type":"error","error":{"message":"messages.14.content.3.tool_result.content.2.image: x"}}',
      { message: 14, part: 3, inner: 2 },
    ],
    ["Invalid type for 'messages[3].content[1].image_url.url': expected", { message: 3, part: 1 }],
    ["Invalid 'messages[2].tool_calls[1].function.name': string does not match", { message: 2, call: 1 }],
    ['Failed to deserialize the JSON body: messages[1]: unknown variant `image_url`', { message: 1 }],
    ["'messages.1' : for 'role:user' ... ('messages.1.content' : value must be a string)", { message: 1 }],
    ['messages.3.user.content.1.image_url: Input should be', { message: 3, part: 1 }],
  ] as const) {
    const { about, places } = refusalIn({ message })
    t.equal(about, 'content')
    t.strictSame(places[0], place, message)
  }
  t.strictSame(refusalIn({ message: 'x', param: 'messages[3].content[1]' }).places, [{ message: 3, part: 1 }])
  t.strictSame(refusalIn({ message: 'tools.2.custom.input_schema: JSON schema is invalid' }).tools, [2])
  t.strictSame(refusalIn({ message: "Invalid schema for function 'x'", param: 'tools[0].function.parameters' }).tools, [0])
})

t.test('whether another content would help', async (t) => {
  for (const [message, about, param] of [
    ['max_tokens: 100000 > 64000, which is the maximum allowed number of output tokens', 'settings'],
    ["Unsupported parameter: 'max_tokens' is not supported with this model.", 'settings', 'max_tokens'],
    ["Unsupported value: 'temperature' does not support 0.2 with this model.", 'settings', 'temperature'],
    ['stream_options: Extra inputs are not permitted', 'settings'],
    ['registry.ollama.ai/library/tiny does not support tools', 'settings'],
    ['Could not process image', 'content'],
    ['m is not a multimodal model', 'unknown'],
    ['this model is missing data required for image input', 'content'],
    ['The response was filtered due to the prompt triggering the content management policy', 'content', 'prompt'],
    ['The request body is not valid JSON: no low surrogate in string', 'content'],
    ['The `reasoning_content` in the thinking mode must be passed back to the API.', 'content'],
    ['Bad Request', 'unknown'],
  ] as const)
    t.equal(refusalIn({ message, param }).about, about, message)
})

const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: TINY_PNG } } as const
const call = (id: string): ContentBlock => ({ type: 'tool_use', id, name: 'look', input: {} })
const messages: ModelMessage[] = [
  { role: 'user', content: [{ type: 'text', text: '' }, { type: 'text', text: 'hi' }, image] },
  {
    role: 'assistant',
    content: [{ type: 'thinking', thinking: 'unsigned' }, { type: 'text', text: 'Looking.' }, call('a'), call('b')],
  },
  {
    role: 'user',
    content: [
      { type: 'tool_result', tool_use_id: 'a', content: [{ type: 'text', text: ' ' }, { type: 'text', text: 'seen' }, image] },
      { type: 'tool_result', tool_use_id: 'b', content: 'no' },
      { type: 'text', text: 'and?' },
    ],
  },
]
const request: ModelRequest = { model: 'm', system: 'S', tools: [], messages, maxTokens: 9, signal: new AbortController().signal }

t.test('a place in the Messages API’s body is found in the request', async (t) => {
  t.strictSame(locateInMessages(request, { message: 0, part: 1 }), { message: 0, block: 2, inner: undefined })
  t.strictSame(locateInMessages(request, { message: 1, part: 2 }), { message: 1, block: 3, inner: undefined })
  t.strictSame(locateInMessages(request, { message: 2, part: 0, inner: 1 }), { message: 2, block: 0, inner: 2 })
  t.equal(locateInMessages(request, { message: 9 }), null)
})

t.test('a place in a chat’s body is found in the request', async (t) => {
  const body = toChatRequest(request, { limit: 'max_tokens', without: new Set() }, 'api/m') as { messages: { role: string }[] }
  t.strictSame(
    body.messages.map(({ role }) => role),
    ['system', 'user', 'assistant', 'tool', 'tool', 'user'],
  )
  t.strictSame(locateInChat(request, { message: 1, part: 1 }), { message: 0, block: 2 })
  t.strictSame(locateInChat(request, { message: 2, call: 1 }), { message: 1, block: 3 })
  t.strictSame(locateInChat(request, { message: 3 }), { message: 2, block: 0 })
  t.strictSame(locateInChat(request, { message: 5, part: 0 }), { message: 2, block: 0, inner: 2 })
  t.strictSame(locateInChat(request, { message: 1 }), { message: 0 })
  t.equal(locateInChat(request, { message: 9 }), null)
  t.equal(locateInChat(request, { message: 0 }), null, 'the system text is no message of the conversation')
})

t.test('names that services refuse are made legal, apart, and read back', async (t) => {
  const names = ['look', 'github.get_issue', 'github/get_issue', 'ä', 'ö', '9lives', 'x'.repeat(100), 'x'.repeat(101), '', 'a b']
  const legal = names.map(legalName)
  for (const name of legal) t.ok(/^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$/.test(name), name)
  t.equal(new Set(legal).size, names.length)
  t.equal(legal[0], 'look')
  const tools = names.map((name) => ({ name, description: '', input_schema: {} }))
  const usage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }
  const content = legal.map((name, n): ContentBlock => ({ type: 'tool_use', id: `${n}`, name, input: {} }))
  const named = withOwnNames({ content, stopReason: 'tool_use', usage, model: 'm' }, tools)
  t.strictSame(
    named.content.map((block) => block.type === 'tool_use' && block.name),
    names,
  )
})

t.test('halves of characters are replaced in JSON, and nothing else', async (t) => {
  for (const [text, expected] of [
    ['\ud83d', '\ufffd'],
    ['a\udc4d\ud83d', 'a\ufffd\ufffd'],
    ['👍', '👍'],
    ['\\ud83d', '\\ud83d'],
    ['\\\ud83d', '\\\ufffd'],
    ['\\\\ud83d\ud83d', '\\\\ud83d\ufffd'],
  ] as const)
    t.strictSame(JSON.parse(wellFormedJson({ text })), { text: expected })
})
