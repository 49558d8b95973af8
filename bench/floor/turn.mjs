// A turn in bare Node: HTTP in, the message stored, a streamed model call out, the answer stored, HTTP out. Two durable writes
// a turn, grouped by setImmediate, and two transcript lines; no rules, no rights, no limits, no tools.
// Arguments: port, the model's port, an empty folder.
import { openSync, writeSync } from 'node:fs'
import { Agent, request as call, createServer } from 'node:http'
import { join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'

const [port, model, folder] = process.argv.slice(2)
const db = new DatabaseSync(join(folder, 'state.db'))
db.exec(
  'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE inbox (seq INTEGER PRIMARY KEY, body TEXT, answer TEXT)',
)
const insert = db.prepare('INSERT INTO inbox (body) VALUES (?)')
const update = db.prepare('UPDATE inbox SET answer = ? WHERE seq = ?')
let jobs = []
const write = (work) =>
  new Promise((resolve) => {
    jobs.push({ work, resolve })
    if (jobs.length > 1) return
    setImmediate(() => {
      const group = jobs
      jobs = []
      db.exec('BEGIN')
      const values = group.map((job) => job.work())
      db.exec('COMMIT')
      for (const [i, job] of group.entries()) job.resolve(values[i])
    })
  })

const sessions = new Map()
function sessionOf(user) {
  let session = sessions.get(user)
  if (session === undefined) {
    session = { messages: [], file: openSync(join(folder, `${encodeURIComponent(user)}.jsonl`), 'a') }
    sessions.set(user, session)
  }
  return session
}

const agent = new Agent({ keepAlive: true })
/** Reads the stream as it comes and hands each piece of text on. */
function ask(messages, onText) {
  const body = JSON.stringify({ model: 'm', max_tokens: 4096, stream: true, system: 'You are terse.', messages })
  return new Promise((resolve, reject) => {
    const request = call(
      {
        host: '127.0.0.1',
        port: model,
        path: '/v1/messages',
        method: 'POST',
        agent,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      },
      (response) => {
        let rest = ''
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (piece) => {
          rest += piece
          for (let at = rest.indexOf('\n\n'); at !== -1; at = rest.indexOf('\n\n')) {
            const data = JSON.parse(rest.slice(rest.indexOf('data: ') + 6, at))
            rest = rest.slice(at + 2)
            if (data.type !== 'content_block_delta') continue
            text += data.delta.text
            onText(data.delta.text)
          }
        })
        response.on('end', () => resolve(text))
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}

createServer((request, response) => {
  if (request.method === 'GET') {
    response.end('{"ready":true}')
    return
  }
  let raw = ''
  request.setEncoding('utf8')
  request.on('data', (piece) => {
    raw += piece
  })
  request.on('end', async () => {
    const { user_id: user, message } = JSON.parse(raw)
    const streams = request.headers.accept === 'text/event-stream'
    const seq = await write(() => Number(insert.run(raw).lastInsertRowid))
    const session = sessionOf(user)
    const asked = { role: 'user', content: message }
    session.messages.push(asked)
    writeSync(session.file, `${JSON.stringify({ ...asked, id: seq, timestamp: new Date().toISOString() })}\n`)
    if (streams) response.writeHead(200, { 'content-type': 'text/event-stream' })
    const text = await ask(session.messages, (piece) => {
      if (streams) response.write(`event: agent_response_chunk\ndata: ${JSON.stringify({ data: { chunk: piece } })}\n\n`)
    })
    const answer = { role: 'assistant', content: text }
    session.messages.push(answer)
    writeSync(session.file, `${JSON.stringify({ ...answer, id: `${seq}a`, timestamp: new Date().toISOString() })}\n`)
    await write(() => update.run(text, seq))
    if (streams) response.end()
    else {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ agent: 'main', response: text, session_key: user, message_id: seq }))
    }
  })
}).listen(Number(port), '127.0.0.1')
