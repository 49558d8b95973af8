import { spawn } from 'node:child_process'
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { parseCommand } from '../../../src/permissions/shell/parse.ts'
import { judgeCommand } from '../../../src/permissions/shell/verdict.ts'
import { cases } from '../../conformance/permissions/cases.ts'
import { testdir } from '../../support/testdir.ts'
import { ALLOWED, APPROVED, policy, seeded } from './helpers.ts'

interface Case {
  readonly command: string
  readonly allow: string[]
}

const NAMES =
  `ls cat head tail wc date whoami which git npm node python3 make docker kubectl curl tar find grep sort uniq rg jq sed awk pytest
  mkdir rm sh bash sudo env xargs gitk npx id tee cp mv touch cargo go gh wget zip`.split(/\s+/)

/** What runs, runs in real bash: stubs write down what was started, and with which words. */
t.test('every command that runs starts only what was judged, with those words, and changes no file', async (t) => {
  const base = testdir(t, { bin: {}, work: { 'notes.txt': '', 'a.md': '' }, log: '' })
  const bin = join(base, 'bin')
  const log = join(base, 'log')
  // One line a start, words in hexadecimal so that any character survives; appends of one line don't mix.
  const stub = `#!/bin/bash
line="\${0##*/}"
for word in "$@"; do line+=" "; for ((i = 0; i < \${#word}; i++)); do printf -v hex '%04x' "'\${word:i:1}"; line+=$hex; done; line+="."; done
printf '%s\\n' "$line" >> '${log}'
exit 0
`
  for (const name of NAMES) {
    await writeFile(join(bin, name), stub)
    await chmod(join(bin, name), 0o755)
  }
  const next = seeded(7)
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(next() * items.length)] as Item
  const made: Case[] = Array.from({ length: 60 }, () => ({
    command: Array.from({ length: 3 }, () => pick(APPROVED)).join(pick([' ; ', ' && ', '\n', ' | ', ' || '])),
    allow: ALLOWED,
  }))
  let ran = 0
  for (const { command, allow } of [...cases<Case>('commands.jsonl'), ...made]) {
    if (judgeCommand(command, policy({ allow })).decision !== 'run') continue
    ran++
    await writeFile(log, '')
    const errors = await bash(command, join(base, 'work'), bin)
    t.notMatch(errors, /command not found|No such file or directory: |syntax error/, JSON.stringify(command))
    const parsed = parseCommand(command)
    if (!parsed.ok) throw new Error('judged to run, yet not parsed')
    const expected = parsed.commands.map((one) => one.words.map((word) => word.text))
    const patterns = parsed.commands.map((one) => one.words.some((word) => word.pattern))
    const started = (await readFile(log, 'utf8'))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [name = '', ...words] = line.split(' ')
        return [
          name,
          ...words.map((word) => word.replace('.', '').replace(/.{4}/g, (hex) => String.fromCharCode(Number.parseInt(hex, 16)))),
        ]
      })
    for (const words of started) {
      const known = expected.some((one, index) =>
        patterns[index] === true ? one[0] === words[0] : JSON.stringify(one) === JSON.stringify(words),
      )
      t.ok(known, `${JSON.stringify(command)} started ${JSON.stringify(words)}`)
    }
    t.same((await readdir(join(base, 'work'))).sort(), ['a.md', 'notes.txt'], 'no file appeared')
  }
  t.ok(ran > 150, `${ran} commands ran`)
})

function bash(command: string, cwd: string, path: string): Promise<string> {
  return new Promise((done, fail) => {
    const child = spawn('/bin/bash', ['--noprofile', '--norc', '-p', '-c', command], {
      cwd,
      env: { PATH: path, LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let errors = ''
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString()
    })
    child.once('error', fail)
    child.once('close', () => done(errors))
  })
}
