import fc from 'fast-check'
import t from 'tap'
import { parseCommand } from '../../../src/permissions/shell/parse.ts'
import { judgeCommand } from '../../../src/permissions/shell/verdict.ts'
import { LIMITS } from '../../../src/permissions/shell/words.ts'
import { fullParse } from './full-parser.ts'
import { ALLOWED, APPROVED, policy, seeded, UNAPPROVED } from './helpers.ts'

const granted = policy({ allow: ALLOWED })
const decide = (command: string): string => judgeCommand(command, granted).decision

const SEPARATORS = [';', ' ; ', '&&', ' && ', ' || ', '|', ' | ', '\n', ' ;\n', ' &&\n', ' |\n\n']
const separator = fc.constantFrom(...SEPARATORS)
const approved = fc.constantFrom(...APPROVED)
const unapproved = fc.constantFrom(...UNAPPROVED)

t.test('the pieces are what they are called', (t) => {
  for (const command of APPROVED) t.equal(decide(command), 'run', command)
  for (const command of UNAPPROVED) t.equal(decide(command), 'ask', command)
  t.end()
})

t.test('approved commands joined run', (t) => {
  fc.assert(
    fc.property(approved, fc.array(fc.tuple(separator, approved), { maxLength: 8 }), (first, rest) => {
      return decide(first + rest.map(([joint, command]) => joint + command).join('')) === 'run'
    }),
    { numRuns: 500 },
  )
  t.end()
})

t.test('anything unapproved joined to approved commands asks', (t) => {
  const mixed = fc.tuple(fc.array(approved, { maxLength: 6 }), unapproved, fc.array(approved, { maxLength: 6 }), separator)
  fc.assert(
    fc.property(mixed, ([before, bad, after, joint]) => decide([...before, bad, ...after].join(joint)) === 'ask'),
    { numRuns: 1000 },
  )
  t.end()
})

t.test('an approved command inside a construct the grammar leaves out asks', (t) => {
  const wrap = fc.constantFrom<(text: string) => string>(
    (x) => `(${x})`,
    (x) => `{ ${x}; }`,
    (x) => `! ${x}`,
    (x) => `time ${x}`,
    (x) => `if ${x}; then pwd; fi`,
    (x) => `while ${x}; do pwd; done`,
    (x) => `for i in a; do ${x}; done`,
    (x) => `f() { ${x}; }`,
    (x) => `echo $(${x})`,
    (x) => `echo \`${x}\``,
    (x) => `cat <(${x})`,
    (x) => `${x} &`,
    (x) => `A=b ${x}`,
    (x) => `${x} > file`,
    (x) => `${x} <<EOF\nx\nEOF`,
    (x) => `${x} |& pwd`,
    (x) => `coproc ${x}`,
    (x) => `[[ -f x ]] && ${x}`,
    (x) => `env ${x}`,
    (x) => `eval ${x}`,
  )
  fc.assert(
    fc.property(wrap, approved, (inside, command) => decide(inside(command)) === 'ask'),
    { numRuns: 500 },
  )
  t.end()
})

/**
 * The full parser takes the 2 of `"a"2>&1` or `a2>&1` for a descriptor and the # of `"a"#` for a comment; bash itself, as we do,
 * for the end of the word.
 */
const READ_OTHERWISE = /[^\s;&|<>][0-9]+[<>]|["'\\][^ ]?#/

t.test('what runs is what a full bash parser sees too', (t) => {
  const piece = fc.constantFrom(
    ...APPROVED,
    ...UNAPPROVED,
    ...SEPARATORS,
    '"',
    "'",
    '\\',
    ' ',
    '$',
    '`',
    '#',
    '{',
    '}',
    '(',
    ')',
    '<',
    '>',
    '&',
    '~',
    '*',
    '=',
    '2>&1',
    '>/dev/null',
    '</dev/null',
    'a',
    '\t',
  )
  let understood = 0
  fc.assert(
    fc.property(
      fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join('')),
      (text) => {
        const ours = parseCommand(text)
        if (!ours.ok || READ_OTHERWISE.test(text)) return true
        const full = fullParse(text)
        if (!full.ok) throw new Error(`${JSON.stringify(text)} holds more than we saw: ${full.why}`)
        understood++
        const words = ours.commands.map((one) => one.words.map((word) => word.text))
        if (JSON.stringify(words) !== JSON.stringify(full.commands))
          throw new Error(`${JSON.stringify(text)}: ${JSON.stringify(words)} against ${JSON.stringify(full.commands)}`)
        return true
      },
    ),
    { numRuns: 3000 },
  )
  t.ok(understood > 300, `${understood} texts were understood by both`)
  t.end()
})

t.test('random text never crashes the checker, in any mode', (t) => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.string({ unit: 'grapheme', maxLength: 200 }),
    fc.anything(),
  )
  fc.assert(
    fc.property(text, fc.constantFrom('ask', 'record', 'ignore'), (command, mode) => {
      const verdict = judgeCommand(command, policy({ mode: mode as 'ask', allow: ALLOWED, deny: ['git push *'] }))
      return ['run', 'ask', 'refuse'].includes(verdict.decision) && verdict.reason.length > 0
    }),
    { numRuns: 3000 },
  )
  t.end()
})

t.test('long text is held against deny rules and hard denies in steps that grow with its length alone', (t) => {
  // Quadratic in length, each of these would take minutes.
  const deny = ['git push *', 'a b *', '* -x', 'g*t x -rf --force']
  for (const piece of ['a ', 'git ', 'git -x ', '-x ', '/ ', '[', '*?', 'a,b=c:', '"a"'])
    for (const mode of ['ask', 'ignore'] as const)
      for (const command of [piece.repeat(250_000 / piece.length), `sh -c '${piece.repeat(8000 / piece.length)}' x`])
        t.match(judgeCommand(command, policy({ mode, sandbox: 'off', deny })).decision, /^(run|ask|refuse)$/)
  t.equal(judgeCommand('a '.repeat(150_000), policy({ mode: 'ask', deny })).decision, 'ask')
  t.equal(judgeCommand('a '.repeat(150_000), policy({ mode: 'ignore', sandbox: 'off' })).decision, 'refuse')
  t.end()
})

t.test('hostile nesting and size end within the bound', (t) => {
  const long = 'x'.repeat(LIMITS.characters)
  for (const unit of [
    '(',
    '{ ',
    '$(',
    '"$(',
    '`',
    "'",
    '"',
    '\\',
    '[[',
    'if ',
    '<(',
    'echo ',
    '; ',
    '#',
    '*',
    '~/',
    '$',
    '&&',
    '\n',
    '{a,b}',
    '[a-z]*',
    './../',
  ]) {
    for (const text of [unit.repeat(100), unit.repeat(4000), `echo ${unit.repeat(2000)}`, `git ${unit.repeat(1500)}`])
      t.ok(['ask', 'run'].includes(decide(text)), unit)
  }
  t.equal(decide(`echo ${long}`), 'ask', 'too long')
  t.equal(decide(`ls ${'a*'.repeat(3000)}`), 'run', 'many stars')
  t.end()
})

t.test('100,000 joined, nested and mangled commands: no crash, nothing unapproved runs', (t) => {
  const next = seeded(20260101)
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(next() * items.length)] as Item
  const quotes = [(x: string) => `'${x.replaceAll("'", '')}'`, (x: string) => `"${x.replaceAll(/["$`\\]/g, '')}"`]
  const names = new Set([...APPROVED.map((one) => one.split(' ')[0] as string)])
  const counts = { run: 0, ask: 0, refuse: 0 }
  const sample: string[] = []
  for (let i = 0; i < 100_000; i++) {
    const kind = i % 4
    let text: string
    let mustAsk = false
    if (kind === 0) {
      text = Array.from({ length: 1 + Math.floor(next() * 4) }, () => pick(APPROVED)).join(pick(SEPARATORS))
    } else if (kind === 1) {
      text = [pick(APPROVED), pick(UNAPPROVED), pick(APPROVED)].sort(() => next() - 0.5).join(pick(SEPARATORS))
      mustAsk = true
    } else if (kind === 2) {
      text = `echo ${pick(quotes)(pick(UNAPPROVED))}${pick(SEPARATORS)}${pick(APPROVED)}`
    } else {
      const source = `${pick(APPROVED)}${pick(SEPARATORS)}${pick(UNAPPROVED)}`
      const at = Math.floor(next() * source.length)
      const cut = Math.floor(next() * 3)
      text =
        source.slice(0, at) +
        pick(['"', "'", '\\', '$', '`', '#', ';', '\n', '', ' ', '&', '|', '(', '{', '\u00a0', '\r']) +
        source.slice(at + cut)
    }
    const verdict = judgeCommand(text, granted)
    counts[verdict.decision]++
    if (mustAsk && verdict.decision !== 'ask') t.fail(JSON.stringify(text))
    if (verdict.decision === 'run') {
      for (const part of verdict.parts ?? [])
        if (!names.has(part.words[0] as string)) t.fail(`${JSON.stringify(text)} runs ${part.words[0]}`)
      if (verdict.parts === undefined) t.fail(`${JSON.stringify(text)} runs without parts`)
      if (kind === 3 && sample.length < 3000) sample.push(text)
    }
  }
  for (const text of sample) {
    const full = fullParse(text)
    if (!full.ok || full.commands.some((words) => !names.has(words[0] as string)))
      t.fail(`${JSON.stringify(text)} is more than it seems`)
  }
  t.ok(counts.run > 25_000 && counts.ask > 25_000 && sample.length > 100, JSON.stringify({ ...counts, sample: sample.length }))
  t.end()
})
