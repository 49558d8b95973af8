import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { createApprovalsFile } from '../../src/permissions/approvals-file.ts'
import { testdir } from '../support/testdir.ts'

t.test('both forms, comments, and edits while it runs', async (t) => {
  const file = join(testdir(t, {}), 'state', 'exec-approvals.json')
  const approvals = createApprovalsFile(file)
  t.same(await approvals.rememberedFor('main'), { allowed: [], denied: [] })
  await approvals.remember('main', ['make test'])
  await Promise.all([approvals.remember('main', ['npm ci']), approvals.remember('other', ['ls *'])])
  t.equal((await stat(file)).mode & 0o777, 0o600)
  t.same(await approvals.rememberedFor('main'), { allowed: ['make test', 'npm ci'], denied: [] })
  t.same(await approvals.rememberedFor('third'), { allowed: [], denied: [] }, 'an agent sees its own only')
  await writeFile(
    file,
    '{\n  "allowed": ["git *", // all of git\n  ],\n "denied": ["rm *"], "agents": {"main": {"denied": ["x"]}} }',
  )
  t.same(await approvals.rememberedFor('main'), { allowed: ['git *'], denied: ['rm *', 'x'] }, 'the bare form is everyone’s')
  await approvals.remember('main', ['make'])
  const kept = JSON.parse(await readFile(file, 'utf8'))
  t.same(kept, { allowed: ['git *'], denied: ['rm *'], agents: { main: { allowed: ['make'], denied: ['x'] } } })
})

t.test('a damaged file grants nothing, says why, and is never overwritten', async (t) => {
  for (const text of ['{', '[]', 'null', '{"allowed": "git *"}', '{"agents": []}', '{"agents": {"main": {"denied": [5]}}}']) {
    const file = join(testdir(t, { 'a.json': text }), 'a.json')
    const approvals = createApprovalsFile(file)
    const { allowed, problem } = await approvals.rememberedFor('main')
    t.same(allowed, [], text)
    t.match(problem, /can't be read: .*[^.]\. Until/s, text)
    await t.rejects(approvals.remember('main', ['x']))
    t.equal(await readFile(file, 'utf8'), text)
    await writeFile(file, '{"allowed": ["git *"], "fixed": true}')
    t.same(await approvals.rememberedFor('main'), { allowed: ['git *'], denied: [] })
  }
})

t.test('names of agents are only names', async (t) => {
  const file = join(
    testdir(t, { 'a.json': '{"agents": {"__proto__": {"allowed": ["rm *"]}, "constructor": {"allowed": ["x"]}}}' }),
    'a.json',
  )
  const approvals = createApprovalsFile(file)
  t.same((await approvals.rememberedFor('main')).allowed, [])
  t.same((await approvals.rememberedFor('constructor')).allowed, ['x'])
  t.same((await approvals.rememberedFor('toString')).allowed, [])
})
