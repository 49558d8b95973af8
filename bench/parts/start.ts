// Programs that run to their end, and servers until they are ready: the built claw beside bare Node, one after the other.

import { mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cpuOf, residentMb } from '../machine.ts'
import { type Cell, type Part, type PartContext, rounds } from '../result.ts'
import { CLAW, configOf, type Side, sleep, startClawSide, startFloorSide, timeOf } from '../sides.ts'

export const commands: Part = {
  name: 'commands',
  about: '`claw --version` and `claw validate` beside `node -e 0`',
  async run(context) {
    const folder = await mkdtemp(join(context.folder, 'validate-'))
    await writeFile(join(folder, 'openclaw.yaml'), configOf(0, 'http://127.0.0.1:9'))
    const times: Record<'bare' | 'version' | 'validate', number[]> = { bare: [], version: [], validate: [] }
    for (let round = -1; round < rounds(context, 9, 25); round++) {
      const bare = timeOf(['-e', '0'], folder)
      const version = timeOf([CLAW, '--version'], folder)
      const validate = timeOf([CLAW, 'validate'], folder)
      if (round < 0) continue // what the disk had not cached yet
      times.bare.push(bare)
      times.version.push(version)
      times.validate.push(validate)
    }
    return {
      cells: [
        { name: '`claw --version`', unit: 'ms', ours: times.version, floor: times.bare },
        { name: '`claw validate`, a small file', unit: 'ms', ours: times.validate, floor: times.bare, target: { ratio: 2 } },
      ],
    }
  },
}

interface Started {
  readonly ms: number
  readonly cpuMs: number
  readonly idleMb: number
}

async function started(start: () => Promise<Side>, context: PartContext): Promise<Started> {
  const side = await start()
  const cpuMs = cpuOf(side.pid)?.own ?? Number.NaN
  await sleep(context.quick ? 700 : 3_000)
  const idleMb = residentMb(side.pid)
  await side.stop()
  return { ms: side.readyMs, cpuMs, idleMb }
}

export const ready: Part = {
  name: 'ready',
  about: '`claw run` with http and webchat until /readyz answers, and its memory when idle, beside a bare HTTP server',
  async run(context) {
    const ours: Started[] = []
    const floor: Started[] = []
    for (let round = 0; round < rounds(context, 5, 11); round++) {
      floor.push(await started(() => startFloorSide(context, 'http'), context))
      ours.push(await started(() => startClawSide(context, 'http://127.0.0.1:9'), context))
    }
    const cell = (name: string, unit: Cell['unit'], of: (one: Started) => number, target?: Cell['target']): Cell => ({
      name,
      unit,
      ours: ours.map(of),
      floor: floor.map(of),
      ...(target === undefined ? {} : { target }),
    })
    return {
      cells: [
        cell('start to ready', 'ms', (one) => one.ms, { ratio: 2.5 }),
        cell('CPU until ready', 'ms', (one) => one.cpuMs),
        cell('resident memory, idle', 'MB', (one) => one.idleMb, { ratio: 1.5 }),
      ],
    }
  },
}
