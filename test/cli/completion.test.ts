import { execFileSync, spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { VERBS } from '../../src/cli/verbs.ts'
import { packageRoot, packageVersion } from '../../src/resources.ts'
import { runCli } from '../support/run-cli.ts'
import { testdir } from '../support/testdir.ts'

/** What bash offers for a line that is being typed. */
function offered(script: string, ...words: readonly string[]): readonly string[] {
  const line = words.map((word) => `'${word}'`).join(' ')
  const ask = `compopt() { :; }\n${script}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}; _claw; printf '%s\\n' "\${COMPREPLY[@]}"`
  return execFileSync('bash', ['-c', ask], { encoding: 'utf8' }).trim().split('\n')
}

t.test('bash offers verbs, actions, options and their values', async (t) => {
  const { code, out } = await runCli(testdir(t, {}), 'completion', 'bash')
  t.equal(code, 0)
  t.same(offered(out, 'claw', 'val'), ['validate'])
  t.equal(offered(out, 'claw', '').length, VERBS.length)
  t.same(offered(out, 'claw', 'people', 're'), ['remove'])
  t.same(offered(out, 'claw', 'run', '--log-level', 'd'), ['debug'])
  t.same(offered(out, 'claw', 'validate', '--format', 's'), ['sarif'])
  t.same(offered(out, 'claw', 'completion', 'z'), ['zsh'])
  for (const { name } of VERBS) t.ok(offered(out, 'claw', name, '--').includes('--config'), name)
})

t.test('each script is one its shell can read', async (t) => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { out } = await runCli(testdir(t, {}), 'completion', shell)
    for (const { name } of VERBS) t.ok(out.includes(name), `${shell}: ${name}`)
    if (spawnSync(shell, ['-c', 'true']).error !== undefined) {
      t.comment(`NOT CHECKED: ${shell} is not installed here`)
      continue
    }
    const { status, stderr } = spawnSync(shell, ['-n'], { input: out, encoding: 'utf8' })
    t.equal(status, 0, stderr)
  }
  const none = await runCli(testdir(t, {}), 'completion', 'powershell')
  t.equal(none.code, 64)
  t.match(none.err, /bash, zsh, fish/)
})

t.test('the man page is that of the verbs', async (t) => {
  const { manPage, EXIT_CODES } = (await import(join(packageRoot(), 'scripts/man-page.mjs'))) as {
    manPage: (...args: unknown[]) => string
    EXIT_CODES: unknown
  }
  const page = await readFile(join(packageRoot(), 'man/claw.1'), 'utf8')
  t.equal(page, manPage(VERBS, EXIT_CODES, packageVersion()), 'node scripts/man-page.mjs writes it')
  if (spawnSync('man', ['--version']).error !== undefined) return t.comment('NOT CHECKED: man is not installed here')
  const { stderr } = spawnSync('man', ['--warnings', '-E', 'UTF-8', '-l', '-Tutf8', '-Z', join(packageRoot(), 'man/claw.1')], {
    encoding: 'utf8',
  })
  t.equal(stderr, '')
})
