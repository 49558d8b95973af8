// Faults of storage and network under load, for as long as asked, figures out as the table of docs/reliability.md:
// node scripts/fault-soak.mjs [WINDOWS a fault] [SEED] [BUILT FOLDER], after `npx tsc` or a build with CLAW_PLAIN_BUILD=1.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const [windows = '20', seed = '1', built = 'dist'] = process.argv.slice(2)
const load = (path) => import(pathToFileURL(resolve(built, 'test/support', path)).href)
const { crash } = await load('crash.js')
const { FAULTS } = await load('faults.js')
const RATES = { network: 0.05 }

console.log('| fault | windows | HTTP messages | Telegram messages | commands | end unknown, and said | problems |')
console.log('| --- | --- | --- | --- | --- | --- | --- |')
for (const [kind, { what }] of Object.entries(FAULTS)) {
  const cwd = await mkdtemp(join(tmpdir(), 'claw-fault-'))
  const fault = { kind, seed: Number(seed), rate: RATES[kind] ?? 0.5 }
  const f = await crash(cwd, Number(windows), Number(windows) * 2_000 + 40_000, { fault })
  console.log(`| ${what} | ${f.kills} | ${f.http} | ${f.telegram} | ${f.commands} | ${f.unknown} | ${f.problems.length} |`)
  for (const problem of f.problems.slice(0, 10)) console.error(problem)
  if (f.problems.length === 0) await rm(cwd, { recursive: true, force: true })
  else process.exitCode = 1
}
