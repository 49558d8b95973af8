import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import type { ShellPolicy, Verdict } from '../../../src/permissions/port.ts'
import { judgeCommand } from '../../../src/permissions/shell/verdict.ts'
import { cases } from '../../conformance/permissions/cases.ts'
import { testdir } from '../../support/testdir.ts'
import { ALLOWED, APPROVED, policy } from './helpers.ts'

const SEED = Number(process.env['CLAW_SEED'] ?? 20261130)
const RUNS = Number(process.env['CLAW_RUNS'] ?? 150)

interface Case {
  readonly id: string
  readonly command: string
  readonly allow: string[]
  readonly deny?: string[]
  readonly mode?: ShellPolicy['mode']
}

const NAMES =
  `ls cat head tail wc date whoami which git npm node python3 make docker kubectl curl tar find grep sort uniq rg jq sed awk pytest
  mkdir rm sh bash sudo env xargs gitk npx id tee cp mv touch cargo go gh wget zip`.split(/\s+/)

/** Programs that write down what they were started as, word by word, and a folder with names of all kinds. */
interface Arena {
  readonly cwd: string
  readonly bin: string
  /** What a text starts when bash runs it, and what it prints. */
  run(text: string): { readonly started: readonly string[]; readonly output: string }
}

function arena(t: Parameters<typeof testdir>[0]): Arena {
  const base = testdir(t, { bin: {}, log: {} })
  const cwd = join(base, 'work')
  const bin = join(base, 'bin')
  const log = join(base, 'log')
  // Words in hexadecimal, so that any character survives; a file a start, so that those of a pipe don't mix.
  const stub = `#!/bin/bash
line="\${0##*/}"
for word in "$@"; do line+=" "; for ((i = 0; i < \${#word}; i++)); do printf -v hex '%x,' "'\${word:i:1}"; line+=$hex; done; line+="."; done
printf '%s' "$line" > "${log}/$$"
exit 0
`
  for (const name of NAMES) {
    writeFileSync(join(bin, name), stub)
    chmodSync(join(bin, name), 0o755)
  }
  mkdirSync(join(cwd, 'src/deep'), { recursive: true })
  mkdirSync(join(cwd, 'build'))
  for (const name of [
    'notes.txt',
    'a.md',
    'B.md',
    'a b.md',
    "it's.txt",
    'é.txt',
    '[x].txt',
    'src/a.ts',
    'src/b.ts',
    'src/deep/c.ts',
    'build/a.o',
  ])
    writeFileSync(join(cwd, name), '')
  for (const name of ['id_rsa', '-n', '.hidden', '.env', 'src/.env']) writeFileSync(join(cwd, name), '')
  symlinkSync('/etc/hostname', join(cwd, 'out.txt'))
  symlinkSync('notes.txt', join(cwd, 'in.txt'))
  const words = (line: string): string => {
    const [name = '', ...rest] = line.split(' ')
    const decoded = rest.map((word) =>
      String.fromCodePoint(...(word.match(/[0-9a-f]+(?=,)/g) ?? []).map((hex) => Number.parseInt(hex, 16))),
    )
    return JSON.stringify([name, ...decoded])
  }
  return {
    cwd,
    bin,
    run(text) {
      for (const name of readdirSync(log)) rmSync(join(log, name))
      const output = execFileSync('/bin/bash', ['--noprofile', '--norc', '-p', '-c', `${text}\nexit 0`], {
        cwd,
        env: { PATH: bin, HOME: '/home/someone', LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' },
        stdio: ['ignore', 'pipe', 'pipe'],
        encoding: 'utf8',
      })
      return {
        started: readdirSync(log)
          .map((name) => words(readFileSync(join(log, name), 'utf8')))
          .sort(),
        output,
      }
    },
  }
}

const treeOf = (folder: string): string[] => (readdirSync(folder, { recursive: true }) as string[]).sort()

/** What runs is what was judged, and means what was written. Says what is wrong, or nothing. */
function differences(command: string, verdict: Verdict, arena: Arena): string | undefined {
  const { script, normalForm = [] } = verdict
  if (script === undefined) return 'it runs without a normal form'
  const before = treeOf(arena.cwd)
  const judged = arena.run(script)
  const allowed = normalForm.map(([program = '', ...args]) => JSON.stringify([basename(program), ...args]))
  for (const one of judged.started) {
    const at = allowed.indexOf(one)
    if (at < 0) return `started ${one}, which is not in ${JSON.stringify(normalForm)}`
    allowed.splice(at, 1)
  }
  const written = arena.run(command)
  if (JSON.stringify(written) !== JSON.stringify(judged))
    return `as written: ${JSON.stringify(written)}; as it runs: ${JSON.stringify(judged)}`
  return JSON.stringify(treeOf(arena.cwd)) === JSON.stringify(before) ? undefined : 'a file appeared or went'
}

const policyIn = ({ cwd, bin }: Arena, more: Partial<ShellPolicy>): ShellPolicy =>
  policy({ cwd, programs: { find: (name) => (existsSync(join(bin, name)) ? join(bin, name) : undefined) }, ...more })

t.test('every case that runs starts only what was judged, with those words, and changes no file', (t) => {
  const place = arena(t)
  let ran = 0
  for (const { id, command, allow, deny = [], mode = 'ask' } of cases<Case>('commands.jsonl')) {
    const verdict = judgeCommand(command, policyIn(place, { allow, deny, mode }))
    if (verdict.decision !== 'run') continue
    ran++
    t.equal(differences(command, verdict, place), undefined, `${id} ${JSON.stringify(command)}`)
  }
  t.ok(ran > 150, `${ran} commands ran`)
  t.end()
})

const ARGUMENTS = [
  ...[
    '*',
    '*.md',
    'src/*.ts',
    'src/*',
    '*/*.ts',
    '*/',
    './*',
    '[ab].md',
    '[!a]*',
    '?.md',
    '*.t?t',
    '[[:upper:]]*',
    'b*/*.o',
    'nothing*',
    '**',
  ],
  ...[
    '~',
    '~/x',
    'a~b',
    '"*"',
    "'src/'*.ts",
    '\\*',
    '"a b.md"',
    "it\\'s.txt",
    'é.*',
    '"[x]".txt',
    '[[]x].txt',
    '[x].txt',
    '-l',
    '--',
    '-n',
    '5',
  ],
  ...[
    'in.txt',
    'out.txt',
    'notes.txt',
    'src/../notes.txt',
    '.e*',
    'id*',
    "''",
    '""',
    'x=y',
    '{a}',
    '$x',
    '~+',
    '#x',
    '@',
    'a\\ b.md',
    '.*',
  ],
]
const simple = fc
  .tuple(
    fc.constantFrom('ls', 'cat', 'echo', 'wc', 'head', 'grep', 'git log', 'git add', 'find', 'printf', 'sort', 'rm', 'which'),
    fc.array(fc.constantFrom(...ARGUMENTS), { maxLength: 4 }),
    fc.constantFrom('', '', '', ' 2>/dev/null', ' </dev/null', ' 2>&1', ' <notes.txt', ' >&2', ' &>/dev/null'),
  )
  .map(([name, args, redirection]) => [name, ...args].join(' ') + redirection)
const joined = fc
  .tuple(
    simple,
    fc.array(
      fc.tuple(fc.constantFrom(' ; ', ' && ', ' || ', ' | ', '\n', ' |\n'), fc.oneof(simple, fc.constantFrom(...APPROVED))),
      { maxLength: 2 },
    ),
  )
  .map(([first, rest]) => first + rest.map(([joiner, command]) => joiner + command).join(''))

t.test('random commands that run mean in their normal form what they mean as written', (t) => {
  const place = arena(t)
  t.setTimeout(RUNS * 2000)
  const counts = { run: 0, ask: 0, refuse: 0 }
  const allow = [...ALLOWED, 'git log *', 'git add *', 'printf *', 'rm *', 'sort *']
  fc.assert(
    fc.property(fc.array(joined, { minLength: 10, maxLength: 10 }), (commands) => {
      for (const command of commands) {
        const verdict = judgeCommand(command, policyIn(place, { allow }))
        counts[verdict.decision]++
        const problem = verdict.decision === 'run' ? differences(command, verdict, place) : undefined
        if (problem !== undefined) throw new Error(`${JSON.stringify(command)}: ${problem}`)
      }
    }),
    { numRuns: RUNS / 10, seed: SEED, endOnFailure: true },
  )
  t.ok(counts.run > RUNS / 10 && counts.ask > 0, JSON.stringify(counts))
  t.end()
})
