import fc from 'fast-check'
import t from 'tap'
import { fingerprint } from '../../src/plan/fingerprint.ts'
import { Secret } from '../../src/plan/plan.ts'

t.test('order of keys and of Map entries, and undefined, do not count', async (t) => {
  t.equal(fingerprint({ a: 1, b: [2, { c: 3, d: 4 }] }), fingerprint({ b: [2, { d: 4, c: 3 }], a: 1, e: undefined }))
  const one = new Map([
    ['x', { a: 1 }],
    ['y', { a: 2 }],
  ])
  t.equal(fingerprint(one), fingerprint(new Map([...one].reverse())))
  t.equal(fingerprint(new Set([1, 2])), fingerprint(new Set([2, 1])))
})

t.test('what means something else differs', async (t) => {
  const values = [
    null,
    undefined,
    0,
    '0',
    1,
    true,
    'true',
    '',
    [],
    {},
    [0],
    ['0'],
    [[]],
    [null],
    { a: 1 },
    { a: '1' },
    { a: null },
    new Map(),
    new Map([['a', 1]]),
    new Set(),
    new Set(['a']),
    [1, 2],
    [2, 1],
    new Secret('a'),
    new Secret('b'),
    new Secret(''),
    'a',
    '***',
    new Date(0),
    /a/,
    /a/i,
  ]
  const seen = new Map(values.map((value) => [fingerprint(value), value]))
  t.equal(seen.size, values.length)
})

t.test('secrets: by value, and never in sight', async (t) => {
  t.equal(fingerprint({ token: new Secret('abc') }), fingerprint({ token: new Secret('abc') }))
  t.not(fingerprint({ token: new Secret('abc') }), fingerprint({ token: new Secret('abd') }))
  t.match(fingerprint(new Secret('abc')), /^[0-9a-f]{32}$/)
})

t.test('equal JSON, equal fingerprint, and the other way round', async () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      const sort = (_: string, value: unknown): unknown =>
        typeof value === 'object' && value !== null && !Array.isArray(value)
          ? Object.fromEntries(Object.entries(value).sort(([x], [y]) => (x < y ? -1 : 1)))
          : value
      return (JSON.stringify(a, sort) === JSON.stringify(b, sort)) === (fingerprint(a) === fingerprint(b))
    }),
  )
})
