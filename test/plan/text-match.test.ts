import fc from 'fast-check'
import t from 'tap'
import { analysePlain, fold, plainPatterns } from '../../src/plan/plain-pattern.ts'
import { cutPrefix, hasPrefix, loadPatterns } from '../../src/plan/text-match.ts'

t.test('a prefix stands alone or before a blank, and is cut with its blanks', async (t) => {
  const cases: readonly [text: string, prefix: string, left: string | null][] = [
    ['/research sushi', '/research', 'sushi'],
    ['/research', '/research', ''],
    ['/research   sushi bar ', '/research', 'sushi bar '],
    ['/research\n\tsushi', '/research', 'sushi'],
    ['/research\u00a0sushi', '/research', 'sushi'],
    ['/researching', '/research', null],
    ['/Research x', '/research', null],
    [' /research x', '/research', null],
    ['hey bot do', 'hey bot', 'do'],
    ['hey bot do', 'hey ', 'bot do'],
    ['heyho', 'hey ', null],
    ['', '/x', null],
  ]
  for (const [text, prefix, left] of cases) {
    t.equal(hasPrefix(text, prefix), left !== null, `${JSON.stringify(text)} ~ ${prefix}`)
    if (left !== null) t.equal(cutPrefix(text, prefix), left)
  }
})

t.test('plain patterns need no parser', async (t) => {
  t.same(analysePlain('^!admin')?.plain, { text: '!admin', start: true, end: false })
  t.same(analysePlain('a\\.b$')?.plain, { text: 'a.b', start: false, end: true })
  t.same(analysePlain('Straße')?.literals, ['straße'])
  for (const source of ['a.b', '(?i)a', 'a|b', '\\d', '', '^', '$', 'a\\b', '[a]', 'a*', 'a$b'])
    t.equal(analysePlain(source), null, source)
  t.throws(() => plainPatterns.analyse('a+'), /loadPatterns/)
  t.ok(plainPatterns.compile('^a$')('a'))
  t.notOk(plainPatterns.compile('^a$')('a\n'))
  t.equal((await loadPatterns(['abc', '^x'])) === plainPatterns, true)
})

t.test('plain patterns mean what the regular expression means', async () => {
  const source = fc.string({ maxLength: 6, unit: fc.constantFrom('a', 'b', '^', '$', '\\', '.', '!', '\n') })
  const text = fc.string({ maxLength: 6, unit: fc.constantFrom('a', 'b', '^', '.', '!', '\n', '\\') })
  fc.assert(
    fc.property(source, text, (pattern, value) => {
      if (analysePlain(pattern) === null) return true
      return plainPatterns.compile(pattern)(value) === new RegExp(pattern).test(value)
    }),
    { numRuns: 2000 },
  )
})

t.test('fold is what case does not tell apart', async (t) => {
  t.equal(fold('AbZ\u017f\u212aÉ'), 'abzskÉ')
  for (const letter of 'abcdefghijklmnopqrstuvwxyz') {
    const regexp = new RegExp(letter, 'iu')
    for (let code = 0; code < 0x3000; code++) {
      const character = String.fromCharCode(code)
      if (regexp.test(character) !== (fold(character) === letter)) t.fail(`${letter} and U+${code.toString(16)}`)
    }
  }
})
