import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'

import { expandBraces } from '../../src/permissions/braces.ts'
import { judgeTool, type ToolCall } from '../../src/permissions/policy.ts'

import { bash } from '../../src/tools/shell/bash.ts'
import { testdir } from '../support/testdir.ts'

const call = (
  name: string,
  input: unknown,
  more: Partial<ToolCall> & { mode?: 'ask' | 'record' | 'ignore'; allow?: string[]; deny?: string[]; cwd?: string } = {},
): ToolCall => ({
  tool: name === 'bash' ? bash : { name, traits: name === 'send_mail' ? { sends: true, asks: true } : { writes: true } },
  input,
  agent: {
    sandbox: 'auto',
    workspace: [{ path: more.cwd ?? '/workspace', access: 'write' }],
    permissions: {
      mode: more.mode ?? 'ask',
      allow: more.allow ?? [],
      deny: more.deny ?? [],
      approvers: [],
      timeoutMs: 1,
      approvalWaitMs: 1,
      askInSandbox: 'always',
      flow: 'ask',
    },
  },
  remembered: more.remembered ?? { allowed: [], denied: [] },
  sandboxed: false,
  protectedPaths: [],
  cwd: more.cwd ?? '/workspace',
  programs: { find: (name) => `/usr/bin/${name}` },
})

t.test('bash goes by its command', (t) => {
  t.equal(judgeTool(call('bash', { command: 'ls' })).decision, 'run')
  t.equal(judgeTool(call('bash', { command: 'rm x' })).decision, 'ask')
  for (const input of [{}, null, 'ls', { command: ['ls'] }, { command: 5 }])
    t.equal(judgeTool(call('bash', input)).decision, 'ask')
  t.end()
})

t.test('other tools go by their traits', (t) => {
  t.equal(judgeTool(call('write_file', {})).decision, 'run', 'file tools never ask')
  t.match(judgeTool(call('send_mail', {})), { decision: 'ask', grants: ['tool:send_mail'] })
  t.equal(judgeTool(call('send_mail', {}, { mode: 'record' })).decision, 'run')
  t.equal(judgeTool(call('send_mail', {}, { allow: ['tool:send_mail'] })).by, 'allow')
  t.equal(judgeTool(call('send_mail', {}, { allow: ['tool:send_*'] })).by, 'allow')
  t.equal(judgeTool(call('send_mail', {}, { remembered: { allowed: ['tool:send_mail'], denied: [] } })).by, 'remembered-allowed')
  t.equal(judgeTool(call('send_mail', {}, { allow: ['tool:send_mail'], deny: ['tool:send_mail'] })).decision, 'refuse')
  t.equal(judgeTool(call('write_file', {}, { deny: ['tool:write_file'] })).decision, 'refuse')
  t.equal(judgeTool(call('write_file', {}, { remembered: { allowed: [], denied: ['tool:write_*'] } })).by, 'remembered-denied')
  t.equal(
    judgeTool(call('send_mail', {}, { mode: 'ignore', remembered: { allowed: [], denied: [], problem: 'Damaged.' } })).decision,
    'refuse',
  )
  t.equal(judgeTool(call('write_file', {}, { remembered: { allowed: [], denied: [], problem: 'Damaged.' } })).decision, 'run')
  t.end()
})

t.test('a grant is of what it names', (t) => {
  const git = { command: 'git fetch' }
  const list = { command: 'send_mail' }
  t.equal(judgeTool(call('send_mail', {}, { allow: ['send_mail'] })).decision, 'ask', 'a bare text is a command')
  t.equal(judgeTool(call('bash', list, { allow: ['send_mail'] })).decision, 'run')
  t.equal(judgeTool(call('bash', list, { allow: ['command:send_mail'] })).decision, 'run')
  t.equal(judgeTool(call('bash', list, { allow: ['tool:send_mail'] })).decision, 'ask', 'and the other way round')
  t.equal(
    judgeTool(call('bash', git, { allow: ['tool:bash', 'tool:*'] })).decision,
    'ask',
    'a tool that runs commands goes by them',
  )
  t.equal(judgeTool(call('bash', git, { allow: ['git *'], deny: ['tool:bash'] })).by, 'deny')
  t.equal(judgeTool(call('bash', git, { allow: ['git *'], deny: ['bash'] })).decision, 'run', 'the command bash, not the tool')
  t.equal(judgeTool(call('bash', git, { deny: ['command:git *'] })).by, 'deny')
  t.equal(judgeTool(call('write_file', {}, { deny: ['write_file'] })).by, 'deny', 'a bare deny refuses both')
  t.equal(judgeTool(call('write_file', {}, { deny: ['command:write_file'] })).decision, 'run')
  t.end()
})

t.test('entries with braces stand for each of theirs', async (t) => {
  const entries = ['git {fetch,pull}', 'tool:{send,write}_*']
  const expanded = Object.fromEntries(await Promise.all(entries.map(async (one) => [one, await expandBraces(one)] as const)))
  const granted = (name: string, input: unknown): string => {
    const one = call(name, input)
    const permissions = { ...one.agent.permissions, allow: entries, expanded }
    return judgeTool({ ...one, agent: { ...one.agent, permissions } }).by
  }
  t.equal(granted('bash', { command: 'git fetch' }), 'allow')
  t.equal(granted('bash', { command: 'git pull' }), 'allow')
  t.equal(granted('bash', { command: 'git push' }), 'mode')
  t.equal(granted('send_mail', {}), 'allow')
})

t.test('a tool whose own judge fails does not run unasked', (t) => {
  const broken = {
    ...bash,
    judge: () => {
      throw new Error('no')
    },
  }
  t.equal(judgeTool({ ...call('bash', {}), tool: broken }).decision, 'ask')
  t.equal(judgeTool({ ...call('bash', {}, { mode: 'ignore' }), tool: broken }).decision, 'refuse')
  t.end()
})

t.test('just before running, names are followed to where they lead', async (t) => {
  const base = testdir(t, {
    work: { 'a.txt': 'x', keys: {}, '-rf': '', notes: { 'b.md': '' } },
    'a.txt': 'outside',
    out: { 'secret.txt': 's' },
  })
  const cwd = join(base, 'work')
  await symlink(join(base, 'out'), join(cwd, 'link'))
  await symlink('a.txt', join(cwd, 'inner'))
  await mkdir(join(cwd, '.ssh'))
  await symlink('.ssh', join(cwd, 'harmless'))
  await writeFile(join(cwd, 'keys/id_rsa'), 'k')
  const now = async (command: string, mode: 'ask' | 'ignore' = 'ask'): Promise<string> =>
    judgeTool(call('bash', { command }, { cwd, mode })).decision
  for (const command of [
    'cat a.txt',
    'cat inner',
    'ls',
    'ls keys',
    'cat missing.txt',
    'cat notes/*.md',
    'wc -l < a.txt',
    'cat notes/../a.txt',
    'cat < /dev/null',
    'echo link/secret.txt',
  ])
    t.equal(await now(command), 'run', command)
  for (const command of [
    'cat link/secret.txt',
    'ls link',
    'ls harmless',
    'cat link/../a.txt',
    'cat keys/*',
    'cat *',
    'head -n 1 a.txt link/secret.txt',
    'ls | cat link/secret.txt',
    'wc < link/secret.txt',
    'cat */secret.txt',
  ])
    t.equal(await now(command), 'ask', command)
})

t.test('a grant lifts no hard deny: its links and patterns are followed to protected names and the engine’s files', async (t) => {
  const base = testdir(t, {
    work: { 'a.txt': 'x', keys: { id_rsa: 'k' }, plain: { 'b.md': '' }, '.env': 'K=1', 'openclaw.yaml': '' },
    out: { 'secret.txt': 's', '.netrc': 'n' },
  })
  const cwd = join(base, 'work')
  await symlink('.env', join(cwd, 'visible.txt'))
  await symlink(join(base, 'out'), join(cwd, 'link'))
  await symlink(join(base, 'out/.netrc'), join(cwd, 'far'))
  await symlink('openclaw.yaml', join(cwd, 'settings'))
  await symlink('/proc/self/environ', join(cwd, 'env'))
  const allow = ['cat *', 'grep *', 'cp *', 'rm *', 'git *']
  const now = async (command: string, mode: 'ask' | 'record' | 'ignore' = 'ask'): Promise<string> =>
    judgeTool({
      ...call('bash', { command }, { cwd, mode, allow }),
      protectedPaths: [join(cwd, 'openclaw.yaml')],
    }).decision
  for (const command of [
    'cat a.txt',
    'cat link/secret.txt',
    'cat /etc/hosts',
    'grep id_rsa a.txt',
    'grep env a.txt',
    'git commit -m env',
    'rm plain/*',
    'cp a.txt b.txt',
    'echo visible.txt',
    'git log -- missing',
  ])
    t.equal(await now(command), 'run', command)
  for (const command of [
    'cat visible.txt',
    'grep x visible.txt',
    'cp visible.txt b.txt',
    'cat far',
    'cat env',
    'rm keys/*',
    'grep x ./*/*',
    'cat a.txt visible.txt',
    'ls; cat visible.txt',
  ]) {
    t.equal(await now(command), 'ask', command)
    for (const mode of ['record', 'ignore'] as const) t.equal(await now(command, mode), 'refuse', `${mode}: ${command}`)
  }
  for (const mode of ['ask', 'record', 'ignore'] as const) t.equal(await now('cat settings', mode), 'refuse', 'the engine’s own')
})
