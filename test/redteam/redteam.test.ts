import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { tablesOf } from '../../src/permissions/shell/tables/index.ts'
import { testdir } from '../support/testdir.ts'
import { attemptSeed, runFamilies } from './harness.ts'
import { optionsOf, usagesOf } from './listed.ts'
import { manuals, optionalIn } from './programs.ts'
import { Random } from './random.ts'
import { CASES, familiesIn } from './run.ts'
import { type CommandAttempt, ShellArena } from './shell-arena.ts'

t.test('a short run of every family: nothing falls', async (t) => {
  const families = familiesIn(testdir(t))
  t.teardown(() => Promise.all(families.map((family) => family.close?.())))
  const { falls, attempts, counts } = await runFamilies(families, { seed: 20_261_130, goesOn: (made) => made < 680 })
  t.same(
    falls.map(({ family, what, attempt }) => ({ family, what, attempt })),
    [],
  )
  t.equal(attempts, 680)
  const ran = Object.values(counts).reduce((sum, decided) => sum + (decided['run'] ?? 0), 0)
  t.ok(ran > 30, `${ran} commands ran and were watched`)
})

t.test('what fell once is asked about now', async (t) => {
  const arena = new ShellArena(testdir(t))
  const files = existsSync(CASES) ? readdirSync(CASES).filter((name) => name.endsWith('.jsonl')) : []
  for (const file of files)
    for (const line of readFileSync(join(CASES, file), 'utf8').split('\n')) {
      if (line === '') continue
      const { attempt, family } = JSON.parse(line) as { attempt: CommandAttempt; family: string }
      if (typeof attempt.command !== 'string') continue
      const { fell } = await arena.attempt(attempt)
      t.equal(fell, undefined, `${family}: ${JSON.stringify(attempt)}`)
    }
  t.pass(`${files.length} files`)
})

t.test('the watch sees what it is there for', async (t) => {
  const arena = new ShellArena(testdir(t))
  t.equal(await arena.watch('sort notes.txt', ['sort']), undefined)
  t.equal(await arena.watch('cp notes.txt copy.txt; rm -r docs', ['cp', 'rm']), undefined, 'the workspace may be changed')
  t.equal(await arena.watch('cat docs/guide.md', ['cat']), undefined, 'and is made again')
  t.match(await arena.watch('./evil.sh', []), /a program of the workspace ran/)
  t.match(await arena.watch('git -c protocol.file.allow=always push ./e HEAD:main', ['git']), /a program of the workspace ran/)
  t.match(await arena.watch('sort -o ../outside/x notes.txt', ['sort']), /it wrote outside\/x, outside the workspace/)
  t.match(await arena.watch('rm out-dir/plain.txt', ['rm']), /it removed outside\/plain.txt/)
  t.match(await arena.watch('cat env-link', ['cat']), /it printed a secret/)
  t.match(await arena.watch('gzip -c .env > /dev/null', ['gzip']), /it read .*\.env|it printed/)
  t.match(await arena.watch('awk \'BEGIN{system("id")}\'', ['awk']), /it started `id`/)
})

t.test('the same seed makes the same attempts', async (t) => {
  const families = familiesIn(testdir(t))
  t.teardown(() => Promise.all(families.map((family) => family.close?.())))
  for (const [index, family] of families.entries()) {
    const make = async (): Promise<unknown> => await family.make(new Random(attemptSeed(7, index)))
    t.same(await make(), await make(), family.name)
  }
})

t.test('where an installed tool says that a value is optional, the list takes it in the same word only', (t) => {
  let compared = 0
  for (const [command, text] of manuals()) {
    const [tool = '', sub = ''] = command.split(' ')
    const optional = optionalIn(text)
    const table = tablesOf().find(({ tools }) => tools.includes(tool))
    for (const usage of table === undefined ? [] : usagesOf(table)) {
      if ((usage.command[0] ?? '') !== sub) continue
      for (const [name, { value }] of optionsOf(usage)) {
        if (!optional.has(name)) continue
        compared++
        t.equal(value, undefined, `${command} ${name}`)
      }
    }
  }
  t.ok(compared > 20, `${compared} options`)
  t.end()
})
