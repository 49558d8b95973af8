// An MCP server in one file: a tool that says what time it is. Most servers are made with a library; what they speak is this.

import { createInterface } from 'node:readline'

const answer = (id, result) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`)

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line)
  if (method === 'initialize')
    answer(id, {
      protocolVersion: params.protocolVersion,
      capabilities: { tools: {} },
      serverInfo: { name: 'clock', version: '1.0.0' },
    })
  if (method === 'tools/list')
    answer(id, {
      tools: [{ name: 'now', description: 'The time now, in UTC.', inputSchema: { type: 'object', properties: {} } }],
    })
  if (method === 'tools/call') answer(id, { content: [{ type: 'text', text: new Date().toISOString() }] })
})
