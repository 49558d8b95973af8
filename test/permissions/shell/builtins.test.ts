import { execFileSync } from 'node:child_process'
import t from 'tap'
import { judgeCommand } from '../../../src/permissions/shell/verdict.ts'
import { policy } from './helpers.ts'

const HARMLESS = ['echo', 'printf', 'pwd', 'true', 'false', 'type', 'kill', 'test']

t.test('every builtin of bash itself is either harmless or never granted', (t) => {
  const names = execFileSync('/bin/bash', ['-c', 'compgen -b'], { encoding: 'utf8' }).trim().split('\n')
  t.ok(names.length > 50)
  for (const name of names) {
    const { decision } = judgeCommand(`${name} x`, policy({ allow: [`${name} *`], programs: { find: () => undefined } }))
    t.equal(decision, HARMLESS.includes(name) ? 'run' : 'ask', name)
  }
  t.end()
})

t.test('what a harmless builtin may not do, not even by an exact grant', (t) => {
  for (const command of [
    'printf -v PATH x',
    'printf -vx y',
    "printf '%n' PATH",
    "printf 'a%5n' PATH",
    'printf -- %ln PATH',
    "printf '%%%n' PATH",
    "test -v 'a[$(id)]'",
    'test ! -R x',
  ])
    for (const allow of [['printf *', 'test *'], [command]])
      t.equal(judgeCommand(command, policy({ allow })).decision, 'ask', command)
  for (const command of ["printf '%s\\n' a", "printf '%%n'", "printf '%s and %d\\n' a 1", 'test -f a', 'test a = b'])
    t.equal(judgeCommand(command, policy({ allow: ['printf *', 'test *'] })).decision, 'run', command)
  t.end()
})
