import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import type { ShellPolicy, Verdict } from '../../../src/permissions/port.ts'
import { judgeCommand } from '../../../src/permissions/shell/verdict.ts'
import { policy } from '../../permissions/shell/helpers.ts'
import { testdir } from '../../support/testdir.ts'
import { cases, shown } from './cases.ts'

interface Case {
  readonly id: string
  readonly command: string
  readonly allow: readonly string[]
  readonly deny?: readonly string[]
  readonly mode?: ShellPolicy['mode']
  readonly expect: 'run' | 'ask' | 'refuse'
  readonly why: string
  readonly contested?: boolean
  readonly category?: string
  /** What stands in the folder, in words. */
  readonly setup?: string
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
    '029',
  ].map((number) => `run-contested-${number}`),
)

const policyOf = ({ allow, deny = [], mode = 'ask' }: Case, cwd = '/workspace'): ShellPolicy => policy({ mode, allow, deny, cwd })

const all = cases<Case>('commands.jsonl')

/** Files of a workspace; a text that begins with `->` is a link. */
type Files = Readonly<Record<string, string>>

const SECRETS = {
  id_rsa: 'k',
  'server.pem': 'k',
  credentials: 'k',
  'key4.db': 'k',
  '.env': 'k',
  'sub/.env': 'k',
  '.ssh/id_rsa': 'k',
}
const BARE = {
  HEAD: 'ref: refs/heads/main',
  config: '[core]\nbare = false\nworktree = .\nfsmonitor = id>PWNED\n',
  'objects/k': '',
  'refs/k': '',
}

/** What the prose of a category says about the files that stand there. */
const STAGES: Readonly<Record<string, Files | ((one: Case) => Files)>> = {
  'posix-class': SECRETS,
  'class-quoted-bracket': SECRETS,
  'posix-class-grant': SECRETS,
  'posix-class-engine': {},
  'posix-class-link': { axb: '->/etc/hostname' },
  'quoted-class': { xay: '->/etc/hostname' },
  'dash-link': { '-l': '->/etc/hostname' },
  'git-folder-is-workspace': BARE,
  'git-push-own-hook': Object.fromEntries(Object.entries(BARE).map(([name, text]) => [`e/${name}`, text])),
  'glob-becomes-subcommand': ({ setup }) => ({ [setup?.replace('a file named ', '') ?? 'x']: '' }),
  'glob-becomes-denied': { push: '' },
  'deny-evaded': { victim: '', Makefile: 'all:\n' },
  'engine-by-folder': {
    'exec-approvals.json': '{}',
    'openclaw.yaml': '',
    'evil/exec-approvals.json': '{}',
    'evil/SOUL.md': '',
  },
}

/** A case in a folder as its prose says; in the workspace of an earlier version, which lay in the state folder. */
function judgeStaged(one: Case, files: Files, root: string): Verdict {
  const state = join(root, one.id, 'bot/.openclaw')
  const workspace = join(state, 'workspace/main')
  mkdirSync(workspace, { recursive: true })
  writeFileSync(join(state, 'gateway.json'), '{}')
  for (const [name, text] of Object.entries(files)) {
    const path = join(workspace, name)
    mkdirSync(dirname(path), { recursive: true })
    if (text.startsWith('->')) symlinkSync(text.slice(2), path)
    else writeFileSync(path, text)
  }
  const engine = /engine/.test(one.category ?? '')
  return judgeCommand(one.command.replace('STATE', state).replace('WS/', `${workspace}/`), {
    ...policyOf(one, workspace),
    protectedPaths: engine ? [state, join(dirname(state), 'openclaw.yaml'), join(workspace, 'SOUL.md')] : [],
  })
}

function judged(one: Case, root: string): Verdict {
  const files = STAGES[one.category ?? '']
  if (files === undefined) return judgeCommand(one.command, policyOf(one))
  return judgeStaged(one, typeof files === 'function' ? files(one) : files, root)
}

t.test('there are cases', (t) => {
  t.ok(all.length > 400)
  t.end()
})

t.test('firm cases: nothing that should ask runs, nothing that should run asks', (t) => {
  const root = testdir(t, {})
  for (const one of all) {
    if (one.contested === true) continue
    const verdict = judged(one, root)
    t.equal(verdict.decision, one.expect, `${one.id} ${shown(one.command)}: ${one.why}; said: ${verdict.reason}`)
  }
  t.end()
})

t.test('contested cases are decided as written down', (t) => {
  for (const one of all) {
    if (one.contested !== true) continue
    const decided = WE_ASK.has(one.id) ? 'ask' : one.expect
    t.equal(judgeCommand(one.command, policyOf(one)).decision, decided, `${one.id} ${shown(one.command)}`)
  }
  t.end()
})

t.test('the same commands through remembered grants', (t) => {
  for (const one of all) {
    if (one.contested === true || STAGES[one.category ?? ''] !== undefined) continue
    const verdict = judgeCommand(one.command, {
      ...policyOf({ ...one, allow: [] }),
      remembered: { allowed: one.allow, denied: [] },
    })
    t.equal(verdict.decision, one.expect, one.id)
  }
  t.end()
})

t.test('what should ask asks also where no file stands', (t) => {
  // These are about folders: without them nothing is wrong.
  const needFolders = new Set(['git-folder-is-workspace', 'git-push-own-hook', 'engine-by-folder'])
  for (const one of all) {
    if (one.contested === true || one.expect === 'run' || needFolders.has(one.category ?? '')) continue
    t.not(judgeCommand(one.command, policyOf(one)).decision, 'run', `${one.id} ${shown(one.command)}`)
  }
  t.end()
})

t.test('every command that asks is refused once a deny rule names it', (t) => {
  for (const { id, command } of all) {
    if (command.trim() === '' || command.trim().startsWith('#')) continue
    const verdict = judgeCommand(command, policy({ allow: ['git *'], deny: ['*'] }))
    t.equal(verdict.decision, 'refuse', id)
  }
  t.end()
})
