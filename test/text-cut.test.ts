import fc from 'fast-check'
import t from 'tap'
import { boundaryAfter, boundaryBefore, headOf, partsOf, shortened, tailOf, wellFormed } from '../src/text-cut.ts'

const CHARACTERS = [
  'a',
  ' ',
  '\r\n',
  'é',
  'e\u0301',
  'n\u0303\u0330',
  '👍',
  '👍🏽',
  '👨‍👩‍👧‍👦',
  '🏳️‍🌈',
  '🇫🇷',
  '🇩🇪',
  '한',
  '각',
  'क्षि',
  '中',
  '\u200d',
  '❤️',
  '\ufeff',
  '𝒜',
]
const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
const text = fc.array(fc.constantFrom(...CHARACTERS), { maxLength: 60 }).map((list) => list.join(''))
const boundariesOf = (whole: string): ReadonlySet<number> => {
  const set = new Set([whole.length])
  for (const { index } of segmenter.segment(whole)) set.add(index)
  return set
}

t.test('a cut is never made inside a character, and takes as much as fits', (t) => {
  fc.assert(
    fc.property(text, fc.nat(300), (whole, max) => {
      const boundaries = boundariesOf(whole)
      const fits = Math.max(0, ...[...boundaries].filter((at) => at <= max))
      const rest = Math.min(whole.length, ...[...boundaries].filter((at) => whole.length - at <= max))
      return headOf(whole, max) === whole.slice(0, fits) && tailOf(whole, max) === whole.slice(rest)
    }),
    { numRuns: 2000 },
  )
  t.end()
})

t.test('parts make the whole, none too long, none empty, no character in two', (t) => {
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 40 }), (whole, size) => {
      const parts = partsOf(whole, size)
      const boundaries = boundariesOf(whole)
      const longest = Math.max(1, ...[...segmenter.segment(whole)].map(({ segment }) => segment.length))
      let at = 0
      for (const part of parts) {
        if (part === '' || !(part as string & { isWellFormed(): boolean }).isWellFormed()) return false
        if (part.length > Math.max(size, 2)) return false
        at += part.length
        if (size >= longest && !boundaries.has(at)) return false
      }
      return parts.join('') === whole
    }),
    { numRuns: 2000 },
  )
  t.end()
})

t.test('a character without an end is cut between code points', (t) => {
  const endless = `a${'\u0301'.repeat(5000)}`
  t.equal(partsOf(endless, 1000).join(''), endless)
  t.ok(partsOf(endless, 1000).length <= 20)
  const flags = '🇫🇷'.repeat(2000)
  t.ok(headOf(flags, 4001).length > 3500)
  t.end()
})

t.test('ends, marks and halves', (t) => {
  t.equal(headOf('abc', 0), '')
  t.equal(headOf('abc', 9), 'abc')
  t.equal(tailOf('ab👍', 1), '')
  t.equal(shortened('abcdef', 4), 'abc…')
  t.equal(shortened('abcd', 4), 'abcd')
  t.equal(shortened('ab👍cd', 4), 'ab…')
  t.equal(boundaryBefore('a👍b', 2), 1)
  t.equal(boundaryAfter('a👍b', 2), 3)
  t.equal(wellFormed('a\ud83d b'), 'a\ufffd b')
  t.end()
})
