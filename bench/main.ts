// `npm run bench`: every figure the project states about itself, beside the floor of the same run.
//   -- --quick            fewer rounds, under three minutes
//   -- --part start,turns only these
//   -- --json FILE        the figures as JSON too

import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { busyMark, machine, type Row, ratioOf, reached } from './measure.ts'
import { createContext, type Part } from './part.ts'
import { inner } from './parts/inner.ts'
import { prompt } from './parts/prompt.ts'
import { reload } from './parts/reload.ts'
import { start } from './parts/start.ts'
import { turns } from './parts/turns.ts'

const PARTS: readonly Part[] = [start, turns, reload, prompt, inner]

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, part: { type: 'string' }, json: { type: 'string' } },
})
const wanted = values.part?.split(',') ?? PARTS.map((part) => part.name)
const unknown = wanted.filter((name) => !PARTS.some((part) => part.name === name))
if (unknown.length > 0) {
  console.error(`There is no part ${unknown.join(', ')}; parts: ${PARTS.map((part) => part.name).join(', ')}`)
  process.exit(64)
}

const { context, clean } = createContext(values.quick)
const rows: Row[] = []
console.log(`Machine: ${machine()}\n`)
console.log('| what | ours | min–max | floor | ratio | must reach | |\n| --- | --- | --- | --- | --- | --- | --- |')
try {
  for (const part of PARTS.filter(({ name }) => wanted.includes(name))) {
    const before = await foreignLoad()
    const measured = await part.run(context)
    // Others were at work just before: what stands here is a spread, not a ratio.
    const doubt = before > 0.5 ? `the machine was busy (${before.toFixed(1)} cores)` : undefined
    for (const row of measured) {
      const shown = doubt === undefined ? row : { ...row, doubt }
      rows.push(shown)
      console.log(lineOf(shown))
    }
  }
} finally {
  await clean()
}
if (values.json !== undefined)
  await writeFile(
    values.json,
    `${JSON.stringify({ machine: machine(), at: new Date().toISOString(), rows: rows.map((row) => ({ ...row, ratio: ratioOf(row), reached: reached(row) })) }, null, 2)}\n`,
  )
const missed = rows.filter((row) => reached(row) === false)
console.log(
  `\n${rows.filter((row) => reached(row) === true).length} targets reached, ${missed.length} missed${missed.length > 0 ? `: ${missed.map((row) => row.name).join('; ')}` : ''}`,
)
process.exit(0)

/** Cores busy with something else, seen while this process rests. */
async function foreignLoad(): Promise<number> {
  const busy = busyMark()
  await new Promise((resolve) => setTimeout(resolve, 500))
  return busy()
}

function lineOf(row: Row): string {
  const { ours, floor, unit, target, doubt } = row
  const ratio = ratioOf(row)
  const goal =
    target === undefined
      ? ''
      : target.kind === 'ratio'
        ? `≤ ${target.value}×`
        : `${target.kind === 'most' ? '≤' : '≥'} ${target.value} ${unit}`
  const verdict = reached(row)
  const cells = [
    row.name,
    `${show(ours.median)} ${unit}`,
    `${show(ours.min)}–${show(ours.max)}`,
    floor === undefined ? '' : `${show(floor.median)} ${unit}`,
    ratio === null ? (doubt ?? '') : `${show(ratio)}×`,
    goal,
    verdict === null ? '' : verdict ? 'yes' : '**no**',
  ]
  return `| ${cells.join(' | ')} |`
}

function show(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en')
  return value >= 10 ? value.toFixed(1) : value >= 0.1 ? value.toFixed(2) : value.toFixed(4)
}
