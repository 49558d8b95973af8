// The bench's command line: parts chosen, measured one by one, printed as Markdown; JSON and plots where asked for.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { packageRoot } from '../src/resources.ts'
import { commit, machine, watchOthers } from './machine.ts'
import { channels } from './parts/channels.ts'
import { compaction } from './parts/compaction.ts'
import { heartbeats, intake, memory, permission, router } from './parts/inside.ts'
import { install } from './parts/install.ts'
import { sessions, soak, transcript } from './parts/long.ts'
import { prompt } from './parts/prompt.ts'
import { reload } from './parts/reload.ts'
import { commands, ready } from './parts/start.ts'
import { testing } from './parts/testing.ts'
import { stream, throughput, tool, turns } from './parts/turns.ts'
import { measurePeer } from './peer.ts'
import { fileNameOf, isBusy, type MeasuredPart, markdownOf } from './report.ts'
import type { Part } from './result.ts'
import { stopAll } from './sides.ts'
import { plotOf } from './svg.ts'

const PARTS: readonly Part[] = [
  install,
  commands,
  ready,
  turns,
  throughput,
  stream,
  tool,
  transcript,
  compaction,
  sessions,
  soak,
  reload,
  prompt,
  router,
  intake,
  permission,
  memory,
  heartbeats,
  testing,
  channels,
]

const USAGE = `npm run bench -- [options]
  --quick          fewer repeats and smaller sizes, under 3 minutes
  --part a,b       only these: ${PARTS.map((part) => part.name).join(', ')}
  --json FILE      all samples
  --markdown FILE  the table, also printed
  --plots FOLDER   a plot of each growth
  --patience N     measure a part up to N times more while others keep the machine busy
  --peer FOLDER    the harness of the closest peer, installed as its README says
`

async function measure(part: Part, quick: boolean, root: string): Promise<MeasuredPart> {
  const folder = await mkdtemp(join(root, `${part.name}-`))
  const others = watchOthers()
  const start = performance.now()
  const result = await part.run({ quick, folder, own: others.add })
  return {
    name: part.name,
    about: part.about,
    ...result,
    seconds: (performance.now() - start) / 1000,
    foreignCores: others.foreignCores(),
  }
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      part: { type: 'string' },
      json: { type: 'string' },
      markdown: { type: 'string' },
      plots: { type: 'string' },
      patience: { type: 'string', default: '0' },
      peer: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(USAGE)
    return 0
  }
  const names = values.part?.split(',')
  const unknown = names?.find((name) => !PARTS.some((part) => part.name === name))
  if (unknown !== undefined) {
    process.stderr.write(`There is no part "${unknown}".\n${USAGE}`)
    return 64
  }
  const chosen = PARTS.filter((part) => names === undefined || names.includes(part.name))
  const before = machine()
  const root = await mkdtemp(join(tmpdir(), 'claw-bench-'))
  const measured: MeasuredPart[] = []
  let failed = 0
  try {
    for (const part of chosen) {
      process.stderr.write(`${part.name} … `)
      try {
        let one = await measure(part, values.quick, root)
        // A part that others disturbed is measured again, and the quietest time counts.
        for (let again = Number(values.patience); again > 0 && isBusy(one); again--) {
          process.stderr.write('others were busy, again … ')
          const next = await measure(part, values.quick, root)
          if ((next.foreignCores ?? 0) < (one.foreignCores ?? 0)) one = next
        }
        measured.push(one)
        process.stderr.write(`${one.seconds.toFixed(1)} s\n`)
      } catch (error) {
        failed++
        await stopAll()
        process.stderr.write(`failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
      }
    }
    if (values.peer !== undefined) process.stdout.write(`${await measurePeer(values.peer, measured)}\n`)
  } finally {
    await rm(root, { recursive: true, force: true })
  }
  const at = commit(packageRoot())
  const text = markdownOf(measured, before, at)
  process.stdout.write(`${text}\n`)
  if (values.markdown !== undefined) await writeFile(values.markdown, `${text}\n`)
  if (values.json !== undefined)
    await writeFile(values.json, `${JSON.stringify({ machine: before, commit: at, parts: measured }, null, 1)}\n`)
  if (values.plots !== undefined) {
    await mkdir(values.plots, { recursive: true })
    for (const growth of measured.flatMap((part) => part.growth ?? []))
      await writeFile(join(values.plots, fileNameOf(growth)), plotOf(growth))
  }
  return failed === 0 ? 0 : 1
}

// A part that failed may have left processes of its own behind; they end with this one.
const code = await main()
process.exit(code)
