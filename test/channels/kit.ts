// Prints channel × promise by running the conformance kit, and writes it to docs/channels/matrix.md.
// `npm run build && node dist/test/channels/kit.js [--write]`; exit 1 when a promise is broken.

import { writeFile } from 'node:fs/promises'
import { availableParallelism, loadavg } from 'node:os'
import { join } from 'node:path'
import { type KitDriver, type KitOutcome, matrixMarkdown, type PromiseId, tryKit } from '../../src/channels/kit/index.ts'
import { packageRoot } from '../../src/resources.ts'
import { kitDrivers } from './drivers.ts'
import { measure } from './measure.ts'

const rows: { driver: KitDriver; results: Readonly<Record<PromiseId, KitOutcome>> }[] = []
const figures: string[] = []
let broken = 0
const absent: string[] = []
for (const driver of await kitDrivers()) {
  const why = driver.absent?.() ?? null
  if (why !== null) {
    absent.push(`${driver.name}: ${why}.`)
    continue
  }
  const results = await tryKit(driver)
  rows.push({ driver, results })
  for (const [id, outcome] of Object.entries(results))
    if ('ok' in outcome && !outcome.ok) {
      broken++
      process.stderr.write(`${driver.name}: ${id}: ${outcome.error}\n`)
    }
  const { perSecond, medianMs } = await measure(driver)
  figures.push(`| ${driver.name} | ${perSecond} | ${medianMs.toFixed(1)} |`)
}
const [load = 0] = loadavg()
const text = `# What each channel promises

Made by running the conformance kit against a fake of each platform (a real server for IRC), with the real client library over
real sockets: \`npm run build && node dist/test/channels/kit.js --write\`. ✓ held, with a number
where the platform sets a limit; ✗ broken; – not possible there, with the reason.

${matrixMarkdown(rows)}
${absent.map((words) => `Not run this time: ${words}\n`).join('')}
Messages taken in per second (the fake, the platform's client and the adapter share one core), and the median time from a message
said to the message at the engine's door, in milliseconds. What the whole bot adds to a platform's own client library, and how it
bears 200 messages a second, is measured by \`npm run bench -- --part channels\`. Here: ${availableParallelism()} cores, on which ${load.toFixed(1)} processes wanted
to run at the time.

| channel | messages a second | median ms |
| --- | --- | --- |
${figures.join('\n')}
`
process.stdout.write(text)
if (process.argv.includes('--write')) await writeFile(join(packageRoot(), 'docs/channels/matrix.md'), text)
process.exit(broken > 0 ? 1 : 0)
