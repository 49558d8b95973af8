import t from 'tap'
import { imageHeader } from '../../src/models/image-header.ts'
import { fitMedia } from '../../src/models/media-fit.ts'
import { MESSAGES_LIMITS } from '../../src/models/media-limits.ts'
import type { ContentBlock, MediaBlock, ModelMessage, ModelRequest } from '../../src/models/port.ts'
import { decoded, pdf, png, TINY_PNG } from '../support/pictures.ts'

const image = (bytes: Buffer, mediaType = 'image/png'): MediaBlock => ({
  type: 'image',
  source: { type: 'base64', media_type: mediaType, data: bytes.toString('base64') },
})
const document = (bytes: Buffer, title = 'a.pdf'): MediaBlock => ({
  type: 'document',
  title,
  source: { type: 'base64', media_type: 'application/pdf', data: bytes.toString('base64') },
})
const request = (...messages: ModelMessage[]): ModelRequest => ({
  model: 'm',
  system: '',
  tools: [],
  messages,
  maxTokens: 1,
  signal: new AbortController().signal,
})
const user = (...content: MediaBlock[]): ModelMessage => ({ role: 'user', content })
const sentOf = async (...messages: ModelMessage[]) => {
  const { request: sent, leftOut } = await fitMedia(request(...messages), MESSAGES_LIMITS)
  return { content: sent.messages.flatMap(({ content }) => (typeof content === 'string' ? [] : content)), leftOut, sent }
}

t.test('a request without media, and one within the limits, stays the same object', async (t) => {
  const plain = request({ role: 'user', content: 'hi' })
  t.equal((await fitMedia(plain, MESSAGES_LIMITS)).request, plain)
  const small = request(user(image(png(4, 4)), document(pdf())))
  t.equal((await fitMedia(small, MESSAGES_LIMITS)).request, small)
})

t.test('what no service takes becomes a note that says why, in its place', async (t) => {
  for (const [block, why] of [
    [image(Buffer.from('no picture')), /no picture of a kind/],
    [image(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"></svg>'), 'image/svg+xml'), /no picture of a kind/],
    [image(Buffer.concat([png(3, 3).subarray(0, 16), Buffer.alloc(5_000_000, 255)])), /pixels/],
    [document(Buffer.from('hello')), /no PDF/],
    [document(pdf(1, { encrypted: true })), /protected by a password/],
    [document(pdf(101)), /has 101 pages, and 100 are taken/],
  ] as const) {
    const { content, leftOut } = await sentOf(user(image(png(2, 2)), block))
    t.equal(content.length, 2)
    t.match(content[1], { type: 'text', text: why })
    t.strictSame(
      leftOut.map(({ place }) => place),
      [{ message: 0, block: 1 }],
    )
  }
})

t.test('a type that the bytes deny is put right, and odd base64 is written again', async (t) => {
  const { content } = await sentOf(user(image(png(2, 2), 'image/jpeg')))
  t.match(content[0], { source: { media_type: 'image/png' } })
  const folded: MediaBlock = {
    type: 'image',
    source: { type: 'base64', media_type: 'image/png', data: `${TINY_PNG.slice(0, 40)}\n${TINY_PNG.slice(40)}` },
  }
  t.match((await sentOf(user(folded))).content[0], { source: { data: TINY_PNG } })
})

t.test('pictures over the limits are scaled, in results of tools too; what is kept is the same at each call', async (t) => {
  const wide = image(png(8200, 3))
  const heavy = image(png(1500, 1000, 3))
  const messages: ModelMessage[] = [
    user(wide),
    { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'look', input: {} }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: [{ type: 'text', text: 'here' }, heavy] }] },
  ]
  const { content, leftOut, sent } = await sentOf(...messages)
  t.strictSame(leftOut, [])
  const blocks = content.flatMap((block): readonly ContentBlock[] =>
    block.type === 'tool_result' && typeof block.content !== 'string' ? block.content : [block],
  )
  const seen = blocks.flatMap((block) =>
    block.type === 'image' ? [decoded(Buffer.from((block as MediaBlock).source.data, 'base64'))] : [],
  )
  t.equal(seen.length, 2)
  for (const one of seen) t.ok(one !== null && one.width <= 8000, JSON.stringify(one))
  t.ok(JSON.stringify(content).length < 5.3 * 1024 * 1024)
  const again = await fitMedia(request(...messages), MESSAGES_LIMITS)
  t.equal(again.request.messages[0], sent.messages[0])
  t.equal(again.request.messages[1], messages[1])
})

t.test('beyond twenty pictures each may be smaller only; beyond a hundred the oldest go', async (t) => {
  const many = await sentOf(user(...Array.from({ length: 21 }, (_, n) => image(png(n === 0 ? 2100 : 3, 3)))))
  t.equal(imageHeader(Buffer.from((many.content[0] as MediaBlock).source.data, 'base64'))?.width, 2000)
  const { content, leftOut } = await sentOf(user(...Array.from({ length: 103 }, () => image(png(2, 2)))))
  t.strictSame(
    content.slice(0, 4).map(({ type }) => type),
    ['text', 'text', 'text', 'image'],
  )
  t.equal(leftOut.length, 3)
})

t.test('a request that would be too many bytes leaves out the oldest', async (t) => {
  const large = (): MediaBlock => image(Buffer.concat([png(2, 2), Buffer.alloc(3_900_000)]))
  const { content, leftOut } = await sentOf(
    user(large(), large(), large(), large()),
    { role: 'assistant', content: 'ok' },
    user(large(), large(), large()),
  )
  t.ok(JSON.stringify(content).length < MESSAGES_LIMITS.requestBytes)
  t.strictSame(
    leftOut.map(({ place }) => [place.message, place.block]),
    [
      [0, 0],
      [0, 1],
    ],
  )
  t.match(leftOut[0], { why: /too much for one request/ })
})

t.test('headers of all four types are read', async (t) => {
  t.strictSame(imageHeader(png(7, 9)), { mediaType: 'image/png', width: 7, height: 9 })
  t.strictSame(imageHeader(Buffer.from('GIF89a\x07\x00\x09\x00\x00\x00', 'latin1')), {
    mediaType: 'image/gif',
    width: 7,
    height: 9,
  })
  const jpeg = Buffer.from('ffd8ffe00004000affc0000b080009000701011100ffd9', 'hex')
  t.strictSame(imageHeader(jpeg), { mediaType: 'image/jpeg', width: 7, height: 9 })
  const webp = (kind: string, rest: string): Buffer =>
    Buffer.concat([Buffer.from(`RIFF\0\0\0\0WEBP${kind}`, 'latin1'), Buffer.from(rest, 'hex')])
  t.strictSame(imageHeader(webp('VP8X', '0a00000000000000060000080000')), { mediaType: 'image/webp', width: 7, height: 9 })
  t.strictSame(imageHeader(webp('VP8L', '0a0000002f0600020000000000000000')), { mediaType: 'image/webp', width: 7, height: 9 })
  t.strictSame(imageHeader(webp('VP8 ', '0a0000000000009d012a070009000000')), { mediaType: 'image/webp', width: 7, height: 9 })
  for (const hex of ['', '52494646', '424d0000']) t.equal(imageHeader(Buffer.from(hex, 'hex')), null)
  for (const hex of ['89504e47', 'ffd8ffe0', 'ffd8ffd9000000000000000000', '474946383961'])
    t.match(imageHeader(Buffer.from(hex, 'hex')), { width: 0, height: 0 }, 'whether it is whole is the service’s to say')
})
