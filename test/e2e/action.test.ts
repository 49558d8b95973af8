// The GitHub Action and the pre-commit hooks that ship, run over a real repository as GitHub and pre-commit would run them.

import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { packageRoot } from '../../src/resources.ts'
import { CLAW } from '../support/process.ts'
import { testdir } from '../support/testdir.ts'

interface Step {
  readonly name: string
  readonly if?: string
  readonly shell: string
  readonly env: Readonly<Record<string, string>>
  readonly run: string
}
interface Action {
  readonly inputs: Readonly<Record<string, { readonly default: string }>>
  readonly runs: { readonly using: string; readonly steps: readonly Step[] }
}
interface Hook {
  readonly id: string
  readonly entry: string
  readonly files: string
  readonly pass_filenames?: boolean
}
interface Outcome {
  readonly code: number
  readonly out: string
}

const shipped = async <T>(name: string): Promise<T> => parse(await readFile(join(packageRoot(), name), 'utf8')) as T

function run(file: string, args: readonly string[], cwd: string, env: Record<string, string> = {}): Promise<Outcome> {
  const whole = { PATH: process.env['PATH'] ?? '', HOME: cwd, ...env }
  return new Promise((resolve) => {
    execFile(file, args, { cwd, env: whole }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out: out + err }),
    )
  })
}

const GOOD = `agents: { main: { soul: SOUL.md }, other: { soul: Kind. } }
channels: { http: { allowFrom: [me] } }
routing: { defaultAgent: main, rules: [{ prefix: /other, agentId: other }] }
tests:
  - { name: it answers, message: { channelId: http, userId: me, content: hi }, expect: { agentId: main } }
`
const BAD = 'agents:\n  main: { sole: SOUL.md }\n'

/** A repository with two configurations, all committed. */
async function repository(t: Test): Promise<string> {
  const folder = testdir(t, { 'openclaw.yaml': GOOD, 'SOUL.md': 'Terse.\n', sub: { 'bad bot.yaml': BAD, 'notes.txt': 'x' } })
  for (const args of [
    ['init', '-q'],
    ['add', '.'],
    ['-c', 'user.name=a', '-c', 'user.email=a@example.org', 'commit', '-qm', 'first'],
  ]) {
    const { code, out } = await run('git', args, folder)
    if (code !== 0) throw new Error(out)
  }
  return folder
}

t.test('the action', async (t) => {
  const action = await shipped<Action>('action.yml')
  const folder = await repository(t)

  /** Steps until one fails, in the shell that GitHub starts, with inputs where expressions name them. */
  async function act(given: Record<string, string>): Promise<Outcome & { outputs: string }> {
    const inputs: Record<string, string> = { claw: CLAW, ...given }
    for (const [name, { default: value }] of Object.entries(action.inputs)) inputs[name] ??= value
    const filled = (text: string): string =>
      text.replace(/\$\{\{ inputs\.([\w-]+) \}\}/g, (_, name: string) => inputs[name] as string)
    const outputs = join(folder, '.git/outputs')
    await writeFile(outputs, '')
    let out = ''
    for (const step of action.runs.steps) {
      const wanted = /^\$\{\{ inputs\.(\w+) == '(\w+)' \}\}$/.exec(step.if ?? '')
      if (step.if !== undefined && wanted === null) throw new Error(`unknown condition ${step.if}`)
      if (wanted !== null && inputs[wanted[1] as string] !== wanted[2]) continue
      const env = Object.fromEntries(Object.entries(step.env).map(([name, text]) => [name, filled(text)]))
      const script = join(folder, '.git/step.sh')
      await writeFile(script, step.run)
      t.notMatch(step.run, /\$\{\{/, 'nothing that others write becomes code')
      const done = await run(step.shell, ['--noprofile', '--norc', '-eo', 'pipefail', script], folder, {
        ...env,
        GITHUB_OUTPUT: outputs,
      })
      out += done.out
      if (done.code !== 0) return { code: done.code, out, outputs: await readFile(outputs, 'utf8') }
    }
    return { code: 0, out, outputs: await readFile(outputs, 'utf8') }
  }

  t.equal(action.runs.using, 'composite')
  const fine = await act({})
  t.equal(fine.code, 0, fine.out)
  t.match(fine.out, /1 passed/)
  t.match(fine.outputs, /^valid=true$/m)

  const bad = await act({ files: 'openclaw.yaml\n\n  \nsub/bad bot.yaml\n', sarif: 'claw.sarif' })
  t.equal(bad.code, 1)
  t.match(bad.out, /^::error file=sub\/bad bot\.yaml,line=2,endLine=2,col=11,.*CLAW101/m)
  t.match(bad.outputs, /^valid=false$/m)
  const sarif = JSON.parse(await readFile(join(folder, 'claw.sarif'), 'utf8'))
  t.match(sarif, { version: '2.1.0', runs: [{ results: [{ ruleId: 'CLAW101', level: 'error' }] }] })
  t.match(sarif.runs[0].results[0].locations[0].physicalLocation.artifactLocation.uri, /^sub\/bad(%20| )bot\.yaml$/)

  t.equal((await act({ threshold: '100' })).code, 1, 'a rule is not tested')
  t.equal((await act({ threshold: '100', test: 'false' })).code, 0)
  await writeFile(
    join(folder, 'openclaw.yaml'),
    `${GOOD}# nobody is kept out\n`.replace('{ allowFrom: [me] }', '{}').replace('SOUL.md }', 'SOUL.md, tools: [bash] }'),
  )
  t.equal((await act({ test: 'false' })).code, 0, 'a warning')
  t.equal((await act({ test: 'false', strict: 'true' })).code, 3)
  t.equal((await act({ files: '; touch owned' })).code, 66)
  t.equal((await run('git', ['status', '--short', '--', 'owned'], folder)).out, '')
})

t.test('the hooks', async (t) => {
  const hooks = await shipped<readonly Hook[]>('.pre-commit-hooks.yaml')
  const folder = await repository(t)
  const bin = join(folder, '.git/bin')
  await mkdir(bin)
  // In npx's place, as the package stands on no registry here: it takes what the hook says and runs the claw built from it.
  const npx = `#!/bin/sh\n[ "$1 $2 $3 $4" = "--yes --package claw-engine claw" ] || exit 99\nshift 4\nexec "${CLAW}" "$@"\n`
  await writeFile(join(bin, 'npx'), npx, { mode: 0o755 })
  const path = `${bin}:${dirname(process.execPath)}:${process.env['PATH']}`

  /** As pre-commit does it: the changed files that the hook wants, if any; what changes a file fails. */
  async function commit(id: string, args: readonly string[] = []): Promise<Outcome> {
    const hook = hooks.find((one) => one.id === id)
    if (hook === undefined) throw new Error(`no hook ${id}`)
    await run('git', ['add', '-A'], folder)
    const staged = (await run('git', ['diff', '--cached', '--name-only', '-z'], folder)).out.split('\0')
    const files = staged.filter((name) => name !== '' && new RegExp(hook.files).test(name))
    if (files.length === 0) return { code: 0, out: 'skipped' }
    const [entry = '', ...more] = hook.entry.split(' ')
    const all = [...more, ...args, ...(hook.pass_filenames === false ? [] : files)]
    const done = await run('/usr/bin/env', [entry, ...all], folder, { PATH: path })
    const changed = (await run('git', ['diff', '--name-only'], folder)).out
    return { code: done.code === 0 && changed !== '' ? 1 : done.code, out: done.out + changed }
  }

  t.equal((await commit('claw-validate')).out, 'skipped', 'nothing changed')
  await writeFile(join(folder, 'SOUL.md'), 'Kinder.\n')
  t.match(await commit('claw-validate'), { code: 0, out: /openclaw\.yaml: valid/ })
  t.equal((await commit('claw-fmt')).out, 'skipped', 'no configuration changed')
  t.match(await commit('claw-test'), { code: 0, out: /1 passed/ })
  t.match(await commit('claw-validate', ['-c', 'sub/bad bot.yaml']), { code: 1, out: /CLAW101/ })
  await writeFile(join(folder, 'openclaw.yaml'), `${GOOD}owners:   [ "http:me" ] # me\n`)
  t.match(await commit('claw-fmt'), { code: 1, out: /openclaw\.yaml/ })
  t.match(await readFile(join(folder, 'openclaw.yaml'), 'utf8'), /^owners: \[ ?"http:me" ?\] # me$/m)
  t.equal((await commit('claw-fmt')).code, 0, 'the second time there is nothing to do')
})
