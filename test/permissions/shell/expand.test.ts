import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { Expansion } from '../../../src/permissions/shell/expand.ts'
import { parseCommand } from '../../../src/permissions/shell/parse.ts'
import { NotUnderstood } from '../../../src/permissions/shell/words.ts'
import { testdir } from '../../support/testdir.ts'

const SEED = Number(process.env['CLAW_SEED'] ?? 20261130)
/** Nightly runs take more. */
const TREES = Number(process.env['CLAW_TREES'] ?? 40)
const WORDS_A_TREE = 100

/** What a program would get for a word, or why it is not known. */
function ours(text: string, cwd: string, home: string): readonly string[] | string {
  const parsed = parseCommand(`echo ${text}`)
  if (!parsed.ok) return parsed.reason
  if (parsed.commands.length !== 1 || (parsed.commands[0]?.redirections.length ?? 0) > 0) return 'more than words'
  const expansion = new Expansion(home)
  try {
    return parsed.commands[0]?.words.slice(1).flatMap((word) => expansion.words(word, cwd).map((one) => one.text)) ?? []
  } catch (error) {
    if (error instanceof NotUnderstood) return error.message
    throw error
  }
}

/** The same from bash, started as commands are. */
function inBash(texts: readonly string[], cwd: string, home: string): readonly (readonly string[])[] {
  const script = texts.map((text) => `w() { printf '%s\\0' "$#" "$@"; }; w ${text}\n`).join('')
  const output = execFileSync('/bin/bash', ['--noprofile', '--norc', '-p', '-c', script], {
    cwd,
    env: { PATH: '/usr/bin:/bin', HOME: home, LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' },
    maxBuffer: 1 << 28,
  })
  const fields = output.toString('utf8').split('\0')
  const words: string[][] = []
  for (let at = 0; at < fields.length - 1; ) {
    const count = Number(fields[at])
    words.push(fields.slice(at + 1, at + 1 + count))
    at += 1 + count
  }
  return words
}

const name = fc
  .array(fc.constantFrom('a', 'b', 'B', 'z', '1', '.', '-', '_', ' ', '[', ']', '*', '?', '!', '^', '\\', 'é', '~', ':', '😀'), {
    minLength: 1,
    maxLength: 4,
  })
  .map((letters) => letters.join(''))
  .filter((one) => one !== '.' && one !== '..')

type Kind = 'file' | 'folder' | 'link' | 'broken' | 'loop'
const tree = fc.array(
  fc.tuple(
    fc.array(name, { minLength: 1, maxLength: 3 }),
    fc.constantFrom<Kind>('file', 'file', 'file', 'folder', 'link', 'broken', 'loop'),
  ),
  { minLength: 1, maxLength: 14 },
)

const PIECES = [
  ...['*', '*', '?', '?', '[', ']', '[a-z]', '[!a]', '[^b]', '[]a]', '[a-]', '[[:alpha:]]', '[[:upper:]1]', '[![:digit:]]'],
  ...[
    "[a'-'z]",
    "['!'a]",
    '[a\\]]',
    '["]"b]',
    "[[':'alpha:]]",
    '[[=a=]]',
    '[z-a]',
    '[[:foo:]]',
    '[.]',
    '[a/b]',
    '[*?]',
    '[\\!a]',
  ],
  ...[
    'a',
    'b',
    'B',
    'z',
    '1',
    '.',
    '.',
    '-',
    '_',
    '/',
    '/',
    '!',
    '^',
    ':',
    'é',
    '😀',
    '~',
    '\\a',
    '\\*',
    '\\[',
    '\\]',
    '\\\\',
    '\\ ',
  ],
  ...["'*'", '"?"', "''", '""', "' '", "'a'", '"[a]"', '../', './', '~/', '=', '{a}', '**', '@', '+'],
]
/** Not `/`: what lies there changes while it is looked at. */
const anyWord = fc
  .array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 6 })
  .map((pieces) => pieces.join(''))
  .filter((text) => !text.startsWith('/'))

/** How a word may say one character of a name that stands in the tree. */
const forms = (character: string): readonly string[] => {
  const literal = `'${character}'`
  return [
    literal,
    literal,
    `\\${character}`,
    '?',
    '*',
    `[${literal}x]`,
    `["x"-${literal}${literal}]`,
    '[[:alpha:][:punct:]]',
    '[!/]',
  ]
}

/** A word that is likely to meet a path of a tree: each of its characters said in one way or another. */
const aimedWord = (paths: readonly string[]): fc.Arbitrary<string> =>
  fc
    .constantFrom(...paths)
    .chain((path) =>
      fc.tuple(
        ...[...path].map((character) =>
          character === '/' ? fc.constantFrom('/') : fc.constantFrom(character, ...forms(character)),
        ),
      ),
    )
    .map((said) => said.join('').replace(/[ ()|&;<>`$"#]|^~/g, (found) => (found === '"' ? found : `'${found}'`)))

const treeWithWords = tree.chain((made) =>
  fc.tuple(
    fc.constant(made),
    fc.array(fc.oneof(anyWord, aimedWord(made.map(([path]) => path.join('/')))), {
      minLength: WORDS_A_TREE,
      maxLength: WORDS_A_TREE,
    }),
  ),
)

t.test('words expand as bash expands them, or are not understood', (t) => {
  t.setTimeout(TREES * 1000)
  let number = 0
  const counts = { understood: 0, met: 0, asked: 0 }
  const home = testdir(t, {})
  fc.assert(
    fc.property(treeWithWords, ([made, texts]) => {
      const cwd = join(home, `tree${number++}`)
      mkdirSync(cwd)
      for (const [path, kind] of made) plant(join(cwd, ...path), kind)
      const known = texts.map((text) => ({ text, words: ours(text, cwd, home) }))
      const understood = known.filter((one): one is { text: string; words: string[] } => typeof one.words !== 'string')
      counts.asked += known.length - understood.length
      const real = inBash(
        understood.map((one) => one.text),
        cwd,
        home,
      )
      for (const [index, { text, words }] of understood.entries()) {
        counts.understood++
        if (words.length > 1 || (/[*?[]/.test(text) && words[0] !== undefined && !/[*?[]/.test(words[0]))) counts.met++
        if (JSON.stringify(words) !== JSON.stringify(real[index]))
          throw new Error(`${JSON.stringify(text)}: ${JSON.stringify(words)} against bash ${JSON.stringify(real[index])}`)
      }
    }),
    { numRuns: TREES, seed: SEED, endOnFailure: true, includeErrorInReport: true },
  )
  t.comment(JSON.stringify(counts))
  t.ok(counts.understood > counts.asked && counts.met > counts.understood / 50, JSON.stringify(counts))
  t.end()
})

function plant(path: string, kind: Kind): void {
  try {
    mkdirSync(kind === 'folder' ? path : dirname(path), { recursive: true })
    if (kind === 'file') writeFileSync(path, '')
    else if (kind === 'link') symlinkSync('..', path)
    else if (kind === 'broken') symlinkSync('nowhere', path)
    else if (kind === 'loop') symlinkSync('.', path)
  } catch {
    // A name was taken as a file before.
  }
}

t.test('hostile patterns and folders end within a bound of steps', (t) => {
  const cwd = testdir(t, {})
  for (let index = 0; index < 500; index++) writeFileSync(join(cwd, `${'a'.repeat(240)}${index}`), '')
  t.match(ours(`*${'a'.repeat(120)}b*`, cwd, cwd), /too many steps/)
  t.match(ours(`*${'[a]'.repeat(100)}b*`, cwd, cwd), /too many steps/)
  t.same(ours(`${'*a'.repeat(400)}b`, cwd, cwd), [`${'*a'.repeat(400)}b`])
  t.same(ours('*9999', cwd, cwd), ['*9999'])
  for (let index = 0; index < 520; index++) mkdirSync(join(cwd, `folder${index}`))
  t.match(ours('*/*', cwd, cwd), /too many/)
  t.end()
})

t.test('a listing is kept until its folder changes', (t) => {
  const cwd = testdir(t, { 'a.md': '', sub: {} })
  for (let index = 0; index < 300; index++) {
    writeFileSync(join(cwd, `new${index}.md`), '')
    t.same(ours('*.md', cwd, cwd), inBash(['*.md'], cwd, cwd)[0]?.slice(0), `after ${index}`)
    if (index % 3 === 0) {
      rmSync(join(cwd, `new${index}.md`))
      symlinkSync('/etc/hostname', join(cwd, `new${index}.md`))
    }
    if (index > 20) break
  }
  t.end()
})
