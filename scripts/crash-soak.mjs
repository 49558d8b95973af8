// Kills of the real process for as long as asked, figures out: node scripts/crash-soak.mjs [KILLS] [ROUND] [BUILT FOLDER] [grows],
// after a build. With `grows`, replies on Telegram grow in place.
// Rounds begin with a fresh folder, so that sessions stay within a size the check can read.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const [kills = '1000', round = '50', built = 'dist', grows] = process.argv.slice(2)
const { crash } = await import(pathToFileURL(resolve(built, 'test/support/crash.js')).href)
const sum = { kills: 0 }
let problems = 0
while (sum.kills < Number(kills)) {
  const cwd = await mkdtemp(join(tmpdir(), 'claw-crash-'))
  const figures = await crash(cwd, Math.min(Number(round), Number(kills) - sum.kills), Number(round) * 2000 + 20_000, {
    grows: grows === 'grows',
  })
  for (const [key, value] of Object.entries(figures)) if (typeof value === 'number') sum[key] = (sum[key] ?? 0) + value
  problems += figures.problems.length
  for (const problem of figures.problems.slice(0, 10)) console.log(problem)
  console.log(JSON.stringify({ ...sum, problems }))
  if (figures.problems.length === 0) await rm(cwd, { recursive: true, force: true })
  else console.log(`kept ${cwd}`)
  if (figures.kills === 0) break
}
process.exitCode = problems === 0 ? 0 : 1
