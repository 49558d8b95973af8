// Reloads of one running bot under load, figures out: node scripts/reload-soak.mjs [RELOADS] [BUILT FOLDER], after a build.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const [reloads = '10000', built = 'dist'] = process.argv.slice(2)
const { soakReloads } = await import(pathToFileURL(resolve(built, 'test/support/reload-soak.js')).href)
const folder = await mkdtemp(join(tmpdir(), 'claw-soak-'))
const { problems, samples, ...figures } = await soakReloads(folder, Number(reloads), (sample) =>
  console.log(JSON.stringify(sample)),
)
for (const problem of problems.slice(0, 20)) console.log(problem)
console.log(JSON.stringify({ ...figures, problems: problems.length }))
if (problems.length === 0) await rm(folder, { recursive: true, force: true })
else console.log(`kept ${folder}`)
process.exitCode = problems.length === 0 ? 0 : 1
