// A Messages API that answers at once, as a process of its own so that its cost is nobody's turn. Prints its port.
// POST /v1/messages streams one text; GET /count says how many calls came and the bytes of the last body; a user text that
// holds TOOL is answered with a call of read_file first; one that holds CLOCK with the time at which the first piece left.
import { createServer } from 'node:http'

let calls = 0
let bytes = 0
const event = (type, data) => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`
const start = (id) =>
  event('message_start', {
    message: {
      id,
      type: 'message',
      role: 'assistant',
      model: 'm',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: 10, output_tokens: 1 },
    },
  })
const end = (reason) =>
  event('content_block_stop', { index: 0 }) +
  event('message_delta', { delta: { stop_reason: reason, stop_sequence: null }, usage: { output_tokens: 3 } }) +
  event('message_stop', {})
const textStart = event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } })
const textPiece = (text) => event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } })

const server = createServer((request, response) => {
  if (request.method === 'GET') {
    response.end(JSON.stringify({ calls, bytes }))
    return
  }
  const parts = []
  request.on('data', (part) => parts.push(part))
  request.on('end', () => {
    const body = Buffer.concat(parts)
    calls++
    bytes = body.length
    const id = `msg_${calls}`
    // The last message stands at the end of the body; reading the tail keeps the fake's own cost flat.
    const tail = body.subarray(-400).toString()
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
    if (tail.includes('TOOL') && !tail.includes('tool_result')) {
      const block = { type: 'tool_use', id: `toolu_${calls}`, name: 'read_file', input: {} }
      response.end(
        start(id) +
          event('content_block_start', { index: 0, content_block: block }) +
          event('content_block_delta', { index: 0, delta: { type: 'input_json_delta', partial_json: '{"path":"note.txt"}' } }) +
          end('tool_use'),
      )
      return
    }
    if (tail.includes('CLOCK')) {
      response.write(start(id) + textStart)
      setTimeout(() => {
        response.write(textPiece(`${process.hrtime.bigint()} `))
        setTimeout(() => response.end(textPiece('pong') + end('end_turn')), 3)
      }, 3)
      return
    }
    response.end(start(id) + textStart + textPiece('pong') + end('end_turn'))
  })
})
server.keepAliveTimeout = 120_000
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
