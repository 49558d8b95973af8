import fc from 'fast-check'
import t from 'tap'
import { clampText, splitRendered, splitText } from '../../../src/channels/text/split.ts'
import { cutAt } from '../../../src/text-cut.ts'

t.test('short texts stay as they are, empty ones are nothing', async (t) => {
  t.same(splitText('hello', 10), ['hello'])
  t.same(splitText(' \n\n ', 10), [])
})

t.test('paragraphs first, then lines, sentences, words', async (t) => {
  t.same(splitText('one two\n\nthree four', 12), ['one two', 'three four'])
  t.same(splitText('aaaa bbbb\ncccc dddd', 12), ['aaaa bbbb', 'cccc dddd'])
  t.same(splitText('First one. Second one goes on', 16), ['First one.', 'Second one goes', 'on'])
  t.same(splitText('abcdefghij', 4), ['abcd', 'efgh', 'ij'])
})

t.test('code blocks stay whole where they fit', async (t) => {
  const code = '```js\nlet a = 1\nlet b = 2\n```'
  t.same(splitText(`intro words here\n\n${code}\n\nend`, 40), ['intro words here', `${code}\n\nend`])
})

t.test('a longer block is closed and opened again', async (t) => {
  const parts = splitText(`~~~py\n${Array.from({ length: 9 }, (_, i) => `line ${i}`).join('\n')}\n~~~`, 40)
  t.ok(parts.length > 1)
  for (const part of parts) t.match(part, /^~~~py\n[\s\S]*\n~~~$/)
})

t.test('a block that never ends is closed', async (t) => {
  const parts = splitText(`text\n\n\`\`\`\n${'x\n'.repeat(30)}`, 30)
  for (const part of parts) t.equal((part.match(/```/g) ?? []).length % 2, 0, part)
})

t.test('no cut in the middle of what is seen as one character', async (t) => {
  const family = '👩‍👩‍👧‍👦'
  t.equal(cutAt(`a${family}b`, 5), 1)
  for (const part of splitText(family.repeat(20), 30)) t.equal(part.length % family.length, 0)
})

t.test('after rendering each part fits', async (t) => {
  const parts = splitRendered('<'.repeat(100), 60, (s) => s.replace(/</g, '&lt;'))
  t.ok(parts.every((part) => part.rendered.length <= 60))
  t.equal(parts.map((part) => part.source).join(''), '<'.repeat(100))
})

t.test('clamp', async (t) => {
  t.same(clampText('abc', 2, 2), { text: 'abc', cut: false })
  t.same(clampText('abcde', 2, 2), { text: 'abcd', cut: true })
})

t.test('always: parts fit, are not blank, and hold every word in order', async () => {
  const word = fc.stringMatching(/^[a-zé👍.]{1,12}$/u)
  const text = fc
    .array(fc.tuple(word, fc.constantFrom(' ', '\n', '\n\n', '. ')), { maxLength: 80 })
    .map((pairs) => pairs.flat().join(''))
  fc.assert(
    fc.property(text, fc.integer({ min: 20, max: 200 }), (source, max) => {
      const parts = splitText(source, max)
      const flat = (s: string): string => s.replace(/\s+/g, '')
      return parts.every((part) => part.length <= max && part.trim() !== '') && flat(parts.join('')) === flat(source)
    }),
    { numRuns: 200 },
  )
})
