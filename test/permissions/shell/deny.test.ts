import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import type { ShellPolicy } from '../../../src/permissions/port.ts'
import { judgeCommand } from '../../../src/permissions/shell/verdict.ts'
import { testdir } from '../../support/testdir.ts'
import { policy } from './helpers.ts'

const SEED = Number(process.env['CLAW_SEED'] ?? 20261130)
const DENY = ['git push *', 'rm *']

/** What is denied, as a person writes it down to slip past a rule. */
const DENIED = [
  ...['git push', 'git  push origin main', '/usr/bin/git push', "g''it push", '\\git push', 'git "push"', 'git pus[h]', 'git p*'],
  ...['git -C . push', 'git --no-pager push --force', 'rm -f victim', '/bin/rm victim', 'r\\m victim', "'rm' -f victim"],
]
/** The same without quotes and patterns, to stand inside the text of a program. */
const PLAIN_DENIED = ['git push', 'git  push origin', '/usr/bin/git push', 'rm -f victim', '/bin/rm victim']

/** Commands that run the command they are given as words. */
const LAUNCH: readonly ((command: string) => string)[] = [
  (x) => `nice ${x}`,
  (x) => `nice -n 5 ${x}`,
  (x) => `timeout -k 5 10 ${x}`,
  (x) => `env ${x}`,
  (x) => `nohup ${x}`,
  (x) => `stdbuf -o0 ${x}`,
  (x) => `setsid ${x}`,
  (x) => `sudo -u someone ${x}`,
  (x) => `xargs ${x}`,
  (x) => `find . -exec ${x} \\;`,
  (x) => `parallel ${x} ::: a`,
  (x) => `watch ${x}`,
  (x) => `strace -f ${x}`,
  (x) => `npm exec -- ${x}`,
  (x) => `npx ${x}`,
  (x) => `docker run image ${x}`,
  (x) => `git submodule foreach ${x}`,
]
/** Commands that run a text. */
const RUN_TEXT: readonly ((text: string) => string)[] = [
  (x) => `sh -c '${x}'`,
  (x) => `bash -ec "${x}"`,
  (x) => `awk 'BEGIN{system("${x}")}'`,
  (x) => `sed -n '1e ${x}' victim`,
  (x) => `find . -exec sh -c '${x}' \\;`,
  (x) => `git -c 'alias.x=!${x}' x`,
  (x) => `git rebase -x '${x}' HEAD~1`,
  (x) => `make --eval='$(shell ${x})' all`,
  (x) => `tar cf /dev/null '--checkpoint-action=exec=${x}' victim`,
  (x) => `python3 -c 'import os; os.system("${x}")'`,
  (x) => `perl -e 'system("${x}")'`,
  (x) => `ssh host '${x}'`,
  (x) => `xargs sh -c '${x}'`,
  (x) => `watch '${x}'`,
  (x) => `rsync -e '${x}' a b`,
  (x) => `vim -c '!${x}' victim`,
]
const PLACES: readonly ((command: string) => string)[] = [
  (x) => x,
  (x) => `ls; ${x}`,
  (x) => `ls && ${x} || ls`,
  (x) => `${x} | cat`,
  (x) => `(${x})`,
  (x) => `{ ${x}; }`,
  (x) => `${x} &`,
  (x) => `echo $(${x})`,
  (x) => `A=b ${x}`,
  (x) => `${x} 2>/dev/null`,
]

const denied: fc.Arbitrary<string> = fc
  .tuple(
    fc.oneof(
      fc.constantFrom(...DENIED),
      fc.tuple(fc.constantFrom(...RUN_TEXT), fc.constantFrom(...PLAIN_DENIED)).map(([wrap, text]) => wrap(text)),
    ),
    fc.array(fc.constantFrom(...LAUNCH), { maxLength: 2 }),
    fc.constantFrom(...PLACES),
  )
  .map(([command, wraps, place]) => place(wraps.reduce((inner, wrap) => wrap(inner), command)))

function workspace(t: Parameters<typeof testdir>[0]): string {
  const folder = testdir(t, {})
  mkdirSync(join(folder, 'sub'))
  for (const name of ['victim', 'push', 'x.sh']) writeFileSync(join(folder, name), '')
  return folder
}

t.test('what is denied is refused, however it is written and whichever program would start it', (t) => {
  const cwd = workspace(t)
  const modes = fc.constantFrom<Partial<ShellPolicy>>(
    { mode: 'ask', allow: ['git *', 'find *'] },
    { mode: 'record' },
    { mode: 'ignore' },
  )
  const refusals = { deny: 0, other: 0 }
  fc.assert(
    fc.property(denied, modes, (command, more) => {
      const verdict = judgeCommand(command, policy({ cwd, deny: DENY, ...more }))
      if (verdict.decision !== 'refuse') throw new Error(`${more.mode}: ${command} → ${verdict.decision}: ${verdict.reason}`)
      if (verdict.by === 'deny') refusals.deny++
      else refusals.other++
    }),
    { numRuns: 3000, seed: SEED },
  )
  t.ok(refusals.deny > refusals.other * 10, JSON.stringify(refusals))
  t.end()
})

t.test('what cannot be taken apart runs under record and ignore only in a sandbox, where there are deny rules', (t) => {
  const cwd = workspace(t)
  for (const command of [
    './x.sh',
    'bash x.sh',
    'cat x.sh | sh',
    'python3 x.py',
    'node x.js',
    'make all',
    'npm test',
    'npm run build',
    'perl -e 1',
    'awk \'BEGIN{system("r" "m victim")}\'',
    'echo victim | xargs env',
    'find . -exec {} \\;',
    'git -c core.pager=./x.sh log',
    'env -S "x" y',
    'vim victim',
    'ssh host',
    'cd sub; ls',
    'X=1 ls',
  ])
    for (const mode of ['record', 'ignore'] as const) {
      const decide = (more: Partial<ShellPolicy>): string => judgeCommand(command, policy({ cwd, mode, ...more })).decision
      t.equal(decide({ deny: DENY }), 'refuse', command)
      if (!/^cd|^X=/.test(command)) {
        t.equal(decide({}), 'run', `${command} without rules`)
        t.equal(decide({ deny: DENY, sandboxed: true }), 'run', `${command} in a sandbox`)
        t.equal(decide({ deny: DENY, sandbox: 'off' }), 'run', `${command} where the owner wrote off`)
      }
    }
  t.end()
})

t.test('the rest runs', (t) => {
  const cwd = workspace(t)
  for (const command of [
    'ls -la',
    'git status',
    'git commit -m "git push later, and rm the old file"',
    'echo git push',
    'grep -rn "rm -f" sub',
    'nice ls',
    'timeout 5 git log',
    'env ls',
    "sh -c 'ls sub'",
    "bash -c 'git status && ls'",
    "find . -name 'x*'",
    'find . -exec ls {} \\;',
    'xargs ls',
    "awk '{print $1}' victim",
    'cd sub && ls',
    'mkdir -p out && cp victim out/',
    'some-installed-tool --with words',
  ])
    for (const mode of ['record', 'ignore'] as const)
      t.match(judgeCommand(command, policy({ cwd, mode, deny: DENY })), { decision: 'run' }, command)
  t.end()
})
