import fc from 'fast-check'
import t from 'tap'
import { createKnownSecrets, createRedactor, redactDeep } from '../../src/permissions/redact.ts'

const SECRET = 'sk-ant-"quoted"/\\+=&äöü 0123456789'

t.test('a secret goes in every common spelling', async (t) => {
  const redact = createRedactor([SECRET, 'short'])
  const bytes = Buffer.from(SECRET)
  for (const [how, text] of Object.entries({
    plain: SECRET,
    json: JSON.stringify({ a: [SECRET] }),
    url: `https://x/?k=${encodeURIComponent(SECRET)}&b=1`,
    hex: `x${bytes.toString('hex')}`,
  })) {
    t.match(redact(text), '***', how)
    t.notMatch(redact(text), /0123456789|30313233/, how)
  }
  for (const before of ['', 'a', 'ab', 'abc']) {
    for (const code of ['base64', 'base64url'] as const) {
      const text = Buffer.from(`${before}${SECRET}and more`).toString(code)
      const left = Buffer.from(redact(text).split('***')[0] ?? '', code).toString()
      t.notMatch(left, 'sk-ant', `${code} after "${before}"`)
      t.not(redact(text), text)
    }
  }
  t.equal(redact('a short text stays'), 'a short text stays')
})

t.test('what was known once goes on being blotted out', async (t) => {
  const secrets = createKnownSecrets()
  t.equal(secrets.redact('old-secret'), 'old-secret')
  secrets.know(['old-secret'])
  secrets.know(['new-secret'])
  t.equal(secrets.redact('old-secret new-secret'), '*** ***')
})

t.test('in pieces as in one: nothing of a secret comes out, and nothing else is lost', async () => {
  const secrets = createKnownSecrets()
  secrets.know(['hunter2-hunter2', 'hunter3x', 'aaaaaaab'])
  const part = fc.constantFrom('hunter2-hunter2', 'hunter2-', 'hunter3', 'hunter3x', 'aaaaaaab', 'aaaa', 'b', ' ', 'text')
  fc.assert(
    fc.property(fc.array(part), fc.array(fc.nat({ max: 5 })), (parts, cuts) => {
      const text = parts.join('')
      let seen = ''
      const stream = secrets.stream((piece) => {
        seen += piece
      })
      let at = 0
      for (const cut of cuts) {
        stream.push(text.slice(at, at + cut))
        at += cut
      }
      stream.push(text.slice(at))
      stream.end()
      return seen === secrets.redact(text)
    }),
  )
})

t.test('a stream holds back no more than it must', async (t) => {
  const secrets = createKnownSecrets()
  secrets.know(['token-abcdef'])
  const pieces: string[] = []
  const stream = secrets.stream((piece) => pieces.push(piece))
  for (const piece of ['The to', 'ken-a', 'bc is not it. to', 'ken-abc']) stream.push(piece)
  t.strictSame(pieces, ['The ', 'token-abc is not it. '])
  stream.restart()
  stream.push('def')
  stream.end()
  t.strictSame(pieces.slice(2), ['def'])
})

t.test('in data: texts, keys, and numbers that are a secret', async (t) => {
  const redact = createRedactor(['123456', 'secret-key'])
  t.strictSame(redactDeep({ a: ['x 123456', 123456, 1234567, null, true], 'secret-key': { b: 'secret-key' } }, redact), {
    a: ['x ***', '***', 1234567, null, true],
    '***': { b: '***' },
  })
})
