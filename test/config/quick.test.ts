import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { stringify } from 'yaml'
import { parseWithLibrary } from '../../src/config/yaml/library.ts'
import { quickly } from '../../src/config/yaml/quick.ts'
import type { TreeNode } from '../../src/config/yaml/tree.ts'
import { packageRoot } from '../../src/resources.ts'
import { atOnce } from '../../src/slices.ts'

/** Values, written forms and where keys, values, maps and lists begin. */
function bare(node: TreeNode | null): unknown {
  if (node === null) return null
  if (node.kind === 'scalar') return node.value === null ? [null] : [node.value, node.written, node.start]
  if (node.kind === 'list') return { start: node.start, items: node.items.map(bare) }
  return { start: node.start, entries: node.entries.map((entry) => [entry.key, entry.keyStart, entry.keyEnd, bare(entry.value)]) }
}

/** Whether the quick reader took it; fails the test where it differs from the library. */
function agrees(t: Test, text: string): boolean {
  const source = { file: 'x.yaml', text }
  const quick = atOnce(quickly(source))
  if (quick === undefined) return false
  const { root, diagnostics } = parseWithLibrary(source)
  if (diagnostics.length > 0) t.fail('the library refuses what the quick reader took', { text, diagnostics })
  t.same(bare(quick.root), bare(root), text.length > 200 ? 'a long text' : JSON.stringify(text))
  return true
}

t.test('texts that it takes', async (t) => {
  const texts = [
    'a: 1\n',
    "a:\n  b: \"x: y\" # c\n  c: 'it''s'\n",
    'a: [1, "2", {b: c}, [d]]\nb: {c: {d: e}, f: []}\n',
    'a:\n- 1\n- b: 2\n  c: 3\n-\n  d: 4\n',
    'a:\nb: ~\nc: null\nd: ""\n',
    'a: { b: http://x:1/y,\n     c: d }\n',
    'a: |\n  one\n    two\n\n  three\n\nb: |-\n  x\n',
    'a: +49170\nb: 0123\nc: 123456789012345678901\nd: 1.50\n',
    '# only\n\na: x # y\n  # z\nb: a#b\n',
    '- - a\n  - b\n- c\n',
    'a: "\\n\\t\\"\\\\"\n',
    '{ a: b }\n',
    'a: -x\nb: ?x\nc: :x\n',
  ]
  for (const text of texts) t.ok(agrees(t, text), JSON.stringify(text))
})

t.test('texts that it leaves to the library', async (t) => {
  const texts = [
    'a: &x 1\n',
    'a: !!str 1\n',
    'a: >\n  x\n',
    'a: b\n  c\n',
    'a: "b\n  c"\n',
    '<<: {}\n',
    'a: 1\na: 2\n',
    'a: b: c\n',
    '\ta: 1\n',
    'a: [\n',
    '---\na: 1\n',
    'a: *x\n',
    '? a\n',
    'a: {b: ${X}}\n',
  ]
  for (const text of texts) t.equal(atOnce(quickly({ file: 'x', text })), undefined, JSON.stringify(text))
})

t.test('files of the package', async (t) => {
  const examples = join(packageRoot(), 'examples')
  const files = readdirSync(examples, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.yaml'))
  t.ok(files.length > 0)
  for (const name of files) agrees(t, readFileSync(join(examples, name), 'utf8'))
})

const word = fc.stringMatching(/^[a-zA-Z0-9 :#,'"{}[\]|>*&!%@`?~.+_/\\$-]{0,12}$/)
const value = fc.letrec((tie) => ({
  any: fc.oneof({ maxDepth: 4 }, word, fc.integer(), fc.boolean(), fc.constant(null), tie('map'), tie('list')),
  map: fc.dictionary(
    word.filter((key) => key !== '__proto__'),
    tie('any'),
    { maxKeys: 4 },
  ),
  list: fc.array(tie('any'), { maxLength: 4 }),
}))

t.test('any document that the library writes is read the same', async (t) => {
  let taken = 0
  fc.assert(
    fc.property(value.map, fc.boolean(), (document, flow) => {
      if (agrees(t, stringify(document, { lineWidth: 0, ...(flow ? { collectionStyle: 'flow' } : {}) }))) taken++
    }),
    { numRuns: 300, seed: 7 },
  )
  t.ok(taken > 50, `${taken} of 300`)
})

t.test('any text of YAML-like pieces is read the same, or left to the library', async (t) => {
  const piece = fc.constantFrom(
    'a',
    'b: ',
    'c:',
    '- ',
    '\n',
    '\n  ',
    '\n    ',
    ' ',
    '{',
    '}',
    '[',
    ']',
    ', ',
    '"x"',
    "'y'",
    '#',
    ' # z',
    '1',
    '|',
    ': ',
    '-',
    '"',
    "'",
  )
  let taken = 0
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
      if (agrees(t, pieces.join(''))) taken++
    }),
    { numRuns: 3000, seed: 11 },
  )
  t.ok(taken > 100, `${taken} of 3000`)
})
