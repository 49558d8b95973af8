import t from 'tap'
import type { ShellPolicy } from '../../../src/permissions/port.ts'
import { judgeCommand } from '../../../src/permissions/shell/verdict.ts'
import { cases, shown } from './cases.ts'

interface Case {
  readonly id: string
  readonly command: string
  readonly allow: string[]
  readonly expect: 'run' | 'ask'
  readonly why: string
  readonly contested?: boolean
}

/** Contested cases in which claw asks although the case would run. Written up in docs/permissions.md. */
const WE_ASK = new Set(
  [
    '001',
    '002',
    '003',
    '004',
    '005',
    '006',
    '008',
    '009',
    '010',
    '011',
    '012',
    '013',
    '014',
    '015',
    '016',
    '017',
    '020',
    '021',
    '022',
    '025',
    '029',
  ].map((number) => `run-contested-${number}`),
)

const policy = (allow: readonly string[]): ShellPolicy => ({
  mode: 'ask',
  allow,
  deny: [],
  remembered: { allowed: [], denied: [] },
  sandboxed: false,
  sandbox: 'auto',
  askInSandbox: 'always',
  protectedPaths: [],
  cwd: '/workspace',
  roots: [{ path: '/workspace', access: 'write' }],
  programs: { find: (name) => `/usr/bin/${name}` },
  home: '/home/someone',
})

const all = cases<Case>('commands.jsonl')

t.test('there are cases', (t) => {
  t.ok(all.length > 400)
  t.end()
})

t.test('firm cases: nothing that should ask runs, nothing that should run asks', (t) => {
  for (const { id, command, allow, expect, why, contested } of all) {
    if (contested === true) continue
    const verdict = judgeCommand(command, policy(allow))
    t.equal(verdict.decision, expect, `${id} ${shown(command)}: ${why}; said: ${verdict.reason}`)
  }
  t.end()
})

t.test('contested cases are decided as written down', (t) => {
  for (const { id, command, allow, expect, contested } of all) {
    if (contested !== true) continue
    const decided = WE_ASK.has(id) ? 'ask' : expect
    t.equal(judgeCommand(command, policy(allow)).decision, decided, `${id} ${shown(command)}`)
  }
  t.end()
})

t.test('the same commands through remembered grants', (t) => {
  for (const { id, command, allow, expect, contested } of all) {
    if (contested === true) continue
    const verdict = judgeCommand(command, { ...policy([]), remembered: { allowed: allow, denied: [] } })
    t.equal(verdict.decision, expect, id)
  }
  t.end()
})

t.test('every command that asks is refused once a deny rule names it', (t) => {
  for (const { id, command } of all) {
    if (command.trim() === '' || command.trim().startsWith('#')) continue
    const verdict = judgeCommand(command, { ...policy(['git *']), deny: ['*'] })
    t.equal(verdict.decision, 'refuse', id)
  }
  t.end()
})
