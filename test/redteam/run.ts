// The red team as a program: `npm run redteam -- --seed N --minutes M`. What falls is written to a case file, which the tests replay.

import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { packageRoot } from '../../src/resources.ts'
import { GRAMMARS } from './families/index.ts'
import { flowFamily } from './flows/family.ts'
import { type Fall, type Family, type RunResult, runFamilies } from './harness.ts'
import { ShellArena } from './shell-arena.ts'

/** Case files, one attempt that fell a line. */
export const CASES = join(packageRoot(), 'test/redteam/cases')

/** Every family there is; those of the shell share one watched folder. */
export const familiesIn = (folder: string): readonly Family[] => {
  const arena = new ShellArena(folder)
  return [...GRAMMARS.map((grammar) => arena.family(grammar) as Family), flowFamily(join(folder, 'bot')) as Family]
}

/** Runs until the time is over or enough was tried; the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      minutes: { type: 'string' },
      attempts: { type: 'string' },
      family: { type: 'string', multiple: true },
    },
  })
  const seed = Number(values.seed ?? Math.floor(Math.random() * 1e9))
  const attempts = Number(values.attempts ?? Number.POSITIVE_INFINITY)
  const ends =
    values.minutes === undefined && values.attempts !== undefined
      ? Number.POSITIVE_INFINITY
      : Date.now() + Number(values.minutes ?? 5) * 60_000
  const folder = mkdtempSync(join(tmpdir(), 'claw-redteam-'))
  try {
    const all = familiesIn(folder)
    const families = values.family === undefined ? all : all.filter(({ name }) => values.family?.includes(name))
    if (families.length === 0) throw new Error(`There is no such family; there are: ${all.map(({ name }) => name).join(', ')}.`)
    console.log(`seed ${seed}, ${families.length} families`)
    const result = await runFamilies(families, {
      seed,
      goesOn: (made) => made < attempts && Date.now() < ends,
      onFall: (fall) => keep(fall),
    })
    report(result)
    for (const family of all) await family.close?.()
    return result.falls.length === 0 ? 0 : 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function keep(fall: Fall): void {
  mkdirSync(CASES, { recursive: true })
  appendFileSync(join(CASES, `${fall.family.replaceAll(' ', '-')}.jsonl`), `${JSON.stringify(fall)}\n`)
  console.log(`FELL ${fall.family} (seed ${fall.seed}, attempt ${fall.index}): ${fall.what}\n  ${JSON.stringify(fall.attempt)}`)
}

function report({ attempts, falls, counts }: RunResult): void {
  for (const [family, decided] of Object.entries(counts))
    console.log(
      `${family.padEnd(16)} ${Object.entries(decided)
        .map(([decision, count]) => `${decision} ${count}`)
        .join(', ')}`,
    )
  console.log(`${attempts} attempts, ${falls.length} fell`)
}
