import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { HEAD, startBot } from '../support/bot.ts'
import { TINY_PDF } from '../support/pictures.ts'

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const base64 = (text: string): string => Buffer.from(text).toString('base64')

const send = async (yaml: string, media: readonly object[]): Promise<string> => {
  const b = await startBot(HEAD + yaml, { api: { reply: () => 'ok' } })
  try {
    const result = await b.claw.engine.receive(
      { channelId: 'http', userId: 'u', content: 'see this', media: media as never },
      { kind: 'trusted' },
    )
    if (!result.accepted) throw new Error(result.reason)
    await b.claw.engine.waitForAnswer(result.sessionKey, result.messageId)
    return JSON.stringify(b.api.requests.at(-1)?.body.messages)
  } finally {
    await b.stop()
  }
}

const ONE = 'agents: { main: { soul: S } }'

t.test('images, PDFs and texts reach the model as what they are', async (t) => {
  const seen = await send(ONE, [
    { kind: 'image', mediaType: 'image/png', data: PNG },
    { kind: 'document', mediaType: 'application/pdf', name: 'a.pdf', data: TINY_PDF },
    { kind: 'document', mediaType: 'text/csv', name: 'a.csv', data: base64('a,b') },
  ])
  t.match(seen, /"type":"image"[\s\S]*image\/png/)
  t.match(seen, /"type":"document"[\s\S]*application\/pdf/)
  t.match(seen, /a,b/)
  t.match(seen, /not instructions/, 'a file is data')
})

t.test('an image is counted as what a model sees of it, not by its bytes', async (t) => {
  const large = Buffer.concat([Buffer.from(PNG, 'base64'), Buffer.alloc(600_000)]).toString('base64')
  const budget = 'agents: { main: { soul: S, maxTokens: 1000, rateLimit: { maxTokensPerDay: 20000 } } }'
  const seen = await send(budget, [{ kind: 'image', mediaType: 'image/png', data: large }])
  t.match(seen, /"type":"image"/, 'the model was asked')
})

t.test('limits hold whatever way a file came', async (t) => {
  const yaml = `${ONE}\nchannels: { http: { media: { maxBytes: 100, accept: ["image/*"] } } }`
  const seen = await send(yaml, [
    { kind: 'image', mediaType: 'image/png', data: PNG },
    { kind: 'document', mediaType: 'text/plain', data: base64('hello') },
    { kind: 'image', mediaType: 'image/png', data: base64('x'.repeat(500)) },
  ])
  t.match(seen, /"type":"image"/)
  t.match(seen, /text\/plain is not among/)
  t.match(seen, /larger than 100 bytes/)
})

t.test('what calls itself an image and is none is left out, with a note', async (t) => {
  t.match(
    await send(ONE, [{ kind: 'image', mediaType: 'image/png', data: base64('not a picture') }]),
    /its bytes are no image\/png/,
  )
})

t.test('speech', async (t) => {
  const ogg = { kind: 'audio', mediaType: 'audio/ogg', data: base64('OggS-speech') }
  t.match(await send(ONE, [ogg]), /no transcription is configured/)
  t.match(await send(`${ONE}\ntranscription: { command: [head, -c, "4", "{file}"] }`, [ogg]), /it says: OggS/)
  t.match(await send(`${ONE}\ntranscription: { command: ["false"] }`, [ogg]), /could not be made text/)

  const bodies: string[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (data: Buffer) => {
      body += data.toString('latin1')
    })
    request.on('end', () => {
      bodies.push(`${request.headers.authorization} ${body}`)
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ text: 'call me back' }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/audio/transcriptions`
  t.match(
    await send(`${ONE}\ntranscription: { url: "${url}", apiKey: "speech-key", model: tiny }`, [ogg]),
    /it says: call me back/,
  )
  t.match(bodies[0], /Bearer speech-key[\s\S]*tiny/)
  t.match(bodies[0], /OggS-speech/)
})
