// Commands and start-up beside an empty Node and a bare HTTP server, in turns, so that both see the same machine.

import { type Row, residentMiB, sample } from '../measure.ts'
import type { Part } from '../part.ts'
import { CLAW, startClaw, startFloor, timeCommand } from '../process.ts'

const SMALL = `gateway: { port: 0 }
agents: { main: { soul: You are terse. } }
`
/** Long enough for what a start leaves to be settled. */
const SETTLE_MS = 2_000

export const start: Part = {
  name: 'start',
  async run({ n, folder }) {
    const cwd = await folder({ 'openclaw.yaml': SMALL })
    const empty: number[] = []
    const times: Record<'version' | 'validate', number[]> = { version: [], validate: [] }
    for (let i = 0; i < n(15, 7); i++) {
      empty.push(await timeCommand(['-e', '0'], cwd))
      times.validate.push(await timeCommand([CLAW, 'validate'], cwd))
      times.version.push(await timeCommand([CLAW, '--version'], cwd))
    }
    const ready: number[] = []
    const floorReady: number[] = []
    const memory: number[] = []
    const floorMemory: number[] = []
    for (let i = 0; i < n(7, 3); i++) {
      const bare = await startFloor('http.mjs')
      const claw = await startClaw(cwd, { ANTHROPIC_API_KEY: 'unused' })
      ready.push(claw.readyMs)
      floorReady.push(bare.readyMs)
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
      memory.push(residentMiB(claw.pid))
      floorMemory.push(residentMiB(bare.pid))
      await Promise.all([claw.stop(), bare.stop()])
    }
    const floor = sample(empty)
    const rows: Row[] = [
      { part: 'start', name: 'claw --version', unit: 'ms', ours: sample(times.version), floor },
      {
        part: 'start',
        name: 'claw validate, small file',
        unit: 'ms',
        ours: sample(times.validate),
        floor,
        target: { kind: 'ratio', value: 2 },
      },
      {
        part: 'start',
        name: 'start to ready, http and webchat',
        unit: 'ms',
        ours: sample(ready),
        floor: sample(floorReady),
        target: { kind: 'ratio', value: 2.5 },
      },
      {
        part: 'start',
        name: 'idle memory, http and webchat',
        unit: 'MiB',
        ours: sample(memory),
        floor: sample(floorMemory),
        target: { kind: 'ratio', value: 1.5 },
      },
    ]
    return rows
  },
}
