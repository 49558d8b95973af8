import fc from 'fast-check'
import t from 'tap'
import { fold } from '../../src/plan/plain-pattern.ts'
import { loadPatterns } from '../../src/plan/text-match.ts'

t.test('what is accepted and what is refused', async (t) => {
  const good = [
    '^!admin',
    '(?i)hello',
    'a.*b',
    '\\bfoo\\b',
    '\\!x',
    '[a-z]+\\d{2,4}',
    '(a|b)+',
    '\\p{L}+',
    '[^\\s]',
    'é|😀',
    '^$',
    'a{2}',
    '(?<n>a)b',
  ]
  const bad: readonly [source: string, reason: RegExp][] = [
    ['(a)\\1', /backreference/],
    ['(?<x>a)\\k<x>', /backreference/],
    ['a(?=b)', /lookahead/],
    ['a(?!b)', /lookahead/],
    ['(?<=a)b', /lookbehind/],
    ['((?<!a)b)+', /lookbehind/],
    ['(a', /not a regular expression/],
    ['[b-a]', /not a regular expression/],
    ['a**', /not a regular expression/],
    ['a{5000}', /linear time/],
    ['((a{100}){100}){100}', /linear time/],
  ]
  const patterns = await loadPatterns([...good, ...bad.map(([source]) => source)])
  for (const source of good) t.ok(patterns.analyse(source).ok, source)
  for (const [source, reason] of bad) {
    const analysis = patterns.analyse(source)
    t.notOk(analysis.ok, source)
    t.match(analysis.reason, reason, source)
    t.throws(() => patterns.compile(source))
  }
})

t.test('which patterns are proven linear for a backtracking engine', async (t) => {
  const linear = [
    '(?i)hello',
    '^a.*b',
    '^foo\\s+bar',
    '\\bfoo(bar|baz)?\\b',
    'foo.*',
    'deploy (prod|test)',
    '^(?:/a|/b) .*$',
    'x[0-9]{1,3}y',
    '^a+',
  ]
  const not = [
    'a.*b',
    'a+b',
    '(a+)+$',
    '^(a|a)*$',
    '^a*a*b',
    '^.*a.*b',
    '(x+x+)+y',
    '(a|b)*c',
    '^(a?){30}a{30}',
    '^\\s*\\w+\\s*=',
    '(?:a|b){1,20}c',
  ]
  const patterns = await loadPatterns([...linear, ...not])
  for (const source of linear) t.ok(patterns.analyse(source).linear, source)
  for (const source of not) t.notOk(patterns.analyse(source).linear, source)
})

t.test('required literals', async (t) => {
  const cases: readonly [source: string, literals: readonly string[]][] = [
    ['deploy (prod|test)', ['deploy prod', 'deploy test']],
    ['(?i)HELLO', ['hello']],
    ['a.*longer', ['longer']],
    ['(foo|ba[rz])x', ['foox', 'barx', 'bazx']],
    ['(?:foo)+', ['foo']],
    ['x?y', ['xy', 'y']],
    ['\\d+', []],
    ['a*', []],
    ['foo|\\d', []],
    ['(?i)é', []],
    ['(?i)éab', ['ab']],
    ['\\bTicket-\\d+', ['ticket-']],
  ]
  const patterns = await loadPatterns(cases.map(([source]) => source))
  for (const [source, literals] of cases) t.same([...patterns.analyse(source).literals].sort(), [...literals].sort(), source)
})

t.test('hostile patterns stay fast on hostile texts', async (t) => {
  const sources = ['(a+)+$', '^(a|a)*$', '(a|aa)+b', '^(a?){20}a{20}', '(.*)*x', 'a.*b.*c.*d', '(x+x+)+y']
  const patterns = await loadPatterns(sources)
  const text = `${'a'.repeat(2000)}x`.repeat(2)
  for (const source of sources) t.type(patterns.compile(source)(text), 'boolean', source)
})

/** Patterns of a small grammar, so that both engines meet every construct. */
const pattern: fc.Arbitrary<string> = fc.letrec<{ node: string; atom: string }>((tie) => ({
  atom: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(
      'a',
      'b',
      'A',
      'k',
      '.',
      '\\d',
      '\\w',
      '\\s',
      '\\S',
      '[ab]',
      '[^a]',
      '[\\W_]',
      '\\b',
      '\\B',
      '^',
      '$',
      'é',
      '\\-',
      '\\.',
      '[a-c]',
      '\u212a',
    ),
    tie('node').map((node) => `(${node})`),
  ),
  node: fc
    .array(fc.tuple(tie('atom'), fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,2}', '*?')), {
      minLength: 1,
      maxLength: 4,
    })
    .chain((items) =>
      fc
        .constantFrom('', '|')
        .map((join) => items.map(([atom, count]) => (/^(\^|\$|\\b|\\B)$/.test(atom) ? atom : atom + count)).join(join)),
    ),
})).node

const anyPattern = fc.tuple(fc.constantFrom('', '(?i)'), pattern).map(([flag, body]) => flag + body)
const text = fc.string({
  maxLength: 6,
  unit: fc.constantFrom(
    'a',
    'b',
    'A',
    'B',
    'c',
    'k',
    'K',
    '\u212a',
    '1',
    ' ',
    '\n',
    '\u00a0',
    '-',
    '.',
    'é',
    'É',
    '_',
    '\u017f',
    '😀',
  ),
})

t.test('both engines mean what JavaScript means, and literals are required', async () => {
  const samples = fc.sample(anyPattern, { numRuns: 250, seed: 7 })
  const texts = fc.sample(text, { numRuns: 60, seed: 8 })
  const patterns = await loadPatterns(['(a+)+$', ...samples])
  for (const source of samples) {
    const analysis = patterns.analyse(source)
    if (!analysis.ok) throw new Error(`${source} ${analysis.reason}`)
    const body = source.replace(/^\(\?i\)/, '').replaceAll('\\-', '-')
    const meant = new RegExp(body, source.startsWith('(?i)') ? 'iu' : 'u')
    const test = patterns.compile(source)
    for (const value of texts) {
      // JavaScript's case folding widens word characters by these two; the automaton's doesn't.
      if (/^\(\?i\).*\\[bw]/is.test(source) && /[\u212a\u017f]/.test(value)) continue
      const wanted = meant.test(value)
      if (test(value) !== wanted)
        throw new Error(`${source} on ${JSON.stringify(value)}: wanted ${wanted} (linear ${analysis.linear})`)
      const { literals } = analysis
      if (wanted && literals.length > 0 && !literals.some((literal) => fold(value).includes(literal))) {
        throw new Error(`${source} matches ${JSON.stringify(value)} without ${literals.join(', ')}`)
      }
    }
  }
})
