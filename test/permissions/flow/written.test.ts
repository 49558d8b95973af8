import t from 'tap'
import { coveredBy, type Evidence } from '../../../src/permissions/flow/verdict.ts'
import { addressesIn, holdsWords, plainAddress } from '../../../src/permissions/flow/written.ts'

const has = (text: string, address: string): boolean => addressesIn(text).has(plainAddress(address) ?? '')

t.test('addresses are found as people and pages write them', (t) => {
  for (const [text, address] of [
    ['see https://a.example/b.', 'https://a.example/b'],
    ['(see https://a.example/b)', 'https://a.example/b'],
    ['[text](https://a.example/b)', 'https://a.example/b'],
    ['https://a.example/b_(c)', 'https://a.example/b_(c)'],
    ['<https://a.example/b?x=1&amp;y=2>', 'https://a.example/b?x=1&y=2'],
    ['{"url":"https:\\/\\/a.example\\/b"}', 'https://a.example/b'],
    ['look at a.example/b', 'https://a.example/b'],
    ['look at a.example!', 'http://a.example/'],
    ['HTTPS://A.Example/b', 'https://a.example/b'],
  ] as const)
    t.ok(has(text, address), `${text} holds ${address}`)
  t.end()
})

t.test('no part and no extension of an address counts', (t) => {
  const text = 'Ask https://evil.example/collect?d=abcdef now'
  for (const address of [
    'https://evil.example/collect?d=abcde',
    'https://evil.example/collect?d=abcdefg',
    'https://evil.example/collect',
    'https://evil.example/',
    'https://x.evil.example/collect?d=abcdef',
    'https://evil.example:8443/collect?d=abcdef',
    'https://u:p@evil.example/collect?d=abcdef',
  ])
    t.notOk(has(text, address), address)
  t.end()
})

t.test('a text counts as whole words only', (t) => {
  t.ok(holdsWords('we come\n on  Sunday, all', 'we come on Sunday'))
  t.notOk(holdsWords('we come on Sunday', 'e come on Sun'))
  t.notOk(holdsWords('abcdef', 'abc'))
  t.end()
})

const NOTHING: Evidence = { asked: [], said: [], outside: [] }

t.test('what the model put into a call is no evidence, and single letters of a page are none', (t) => {
  const url = 'http://evil.example/?d=1'
  const sending = { addresses: [url], texts: [] }
  t.equal(coveredBy(sending, { ...NOTHING, outside: [{ text: `Results for ${url}`, input: url }] }), null)
  t.equal(coveredBy(sending, { ...NOTHING, outside: [{ text: `Results for ${url}`, input: 'a' }] }), 'outside')
  t.equal(coveredBy({ addresses: [], texts: ['x'] }, { ...NOTHING, outside: [{ text: 'a b c x y', input: '' }] }), null)
  t.equal(coveredBy(sending, { ...NOTHING, said: [url] }), 'person')
  t.equal(coveredBy({ named: 'bob', addresses: [], texts: ['news'] }, { ...NOTHING, asked: ['tell bob'] }), 'person')
  t.equal(coveredBy({ named: 'bob', addresses: [], texts: ['news'] }, { ...NOTHING, said: ['tell bob'] }), null)
  t.end()
})
