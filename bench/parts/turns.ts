// Turns over HTTP on an instant model: one after the other beside a program that does no more than it must, many sessions at
// once, the first piece of a streamed answer, and memory after many.

import { request } from 'node:http'
import { join } from 'node:path'
import { cpuMs, type Row, residentMiB, sample } from '../measure.ts'
import { instantModel, type Part } from '../part.ts'
import { type Server, startClaw, startFloor, turn } from '../process.ts'

export const turns: Part = {
  name: 'turns',
  async run({ n, quick, folder }) {
    const model = await instantModel()
    const cwd = await folder({ 'openclaw.yaml': model.yaml() })
    const claw = await startClaw(cwd)
    const bare = await startFloor('turn.mjs', [model.api.url, join(cwd, 'floor.jsonl')])
    try {
      const first = await turn(claw.url, 'first', 'hello', 'pong')
      const idle = residentMiB(claw.pid)
      for (let i = 0; i < n(300, 150); i++)
        await Promise.all([turn(claw.url, `warm${i % 20}`, 'hello', 'pong'), turn(bare.url, 'warm', 'hello', 'pong')])

      // In blocks, one side after the other: each has the processor caches to itself, both the same machine.
      const ours: number[] = []
      const floor: number[] = []
      const cpu: number[] = []
      for (let block = 0; block < n(12, 6); block++) {
        const before = cpuMs(claw.pid)
        for (let i = 0; i < 50; i++) ours.push(await turn(claw.url, `s${block}-${i % 10}`, 'hello', 'pong'))
        cpu.push((cpuMs(claw.pid) - before) / 50)
        for (let i = 0; i < 50; i++) floor.push(await turn(bare.url, 's', 'hello', 'pong'))
      }
      const overhead = ours.map((ms, i) => ms - (floor[i] ?? 0))
      const rows: Row[] = [
        { part: 'turns', name: 'first turn (loads the client library)', unit: 'ms', ours: sample([first]) },
        { part: 'turns', name: 'a turn, sequential', unit: 'ms', ours: sample(ours), floor: sample(floor) },
        {
          part: 'turns',
          name: 'overhead over the bare turn',
          unit: 'ms',
          ours: sample(overhead),
          target: { kind: 'most', value: 1.5 },
        },
        { part: 'turns', name: 'engine CPU of a turn', unit: 'ms', ours: sample(cpu), target: { kind: 'most', value: 1.3 } },
      ]
      for (const sessions of quick ? [1, 20] : [1, 20, 200, 2_000])
        rows.push(await throughput(claw, sessions, n(3, 2), quick ? 500 : Math.max(1_000, sessions)))
      rows.push(await firstPiece(claw, n(200, 60)))
      const after = residentMiB(claw.pid)
      rows.push({ part: 'turns', name: 'memory after these turns', unit: 'MiB', ours: sample([after]), floor: sample([idle]) })
      return rows
    } finally {
      await Promise.all([claw.stop(), bare.stop()])
      await model.api.close()
    }
  },
}

async function throughput(claw: Server, sessions: number, runs: number, total: number): Promise<Row> {
  const rates: number[] = []
  for (let run = 0; run < runs; run++) {
    let next = 0
    const started = performance.now()
    await Promise.all(
      Array.from({ length: sessions }, async (_, session) => {
        while (next < total) {
          next++
          await turn(claw.url, `t${sessions}-${session}`, 'hello', 'pong')
        }
      }),
    )
    rates.push((total / (performance.now() - started)) * 1_000)
  }
  const target =
    sessions === 20
      ? { target: { kind: 'least', value: 1_000 } as const }
      : sessions === 2_000
        ? { target: { kind: 'least', value: 800 } as const }
        : {}
  return {
    part: 'turns',
    name: `durable turns a second, ${sessions} session${sessions === 1 ? '' : 's'}`,
    unit: '1/s',
    ours: sample(rates),
    ...target,
  }
}

/** From the request to the first piece of text, over Server-Sent Events. */
async function firstPiece(claw: Server, count: number): Promise<Row> {
  const times: number[] = []
  for (let i = 0; i < count; i++) {
    times.push(
      await new Promise<number>((resolve, reject) => {
        const started = performance.now()
        const sent = request(
          `${claw.url}/chat`,
          { method: 'POST', headers: { 'content-type': 'application/json', accept: 'text/event-stream' } },
          (response) => {
            let seen = ''
            let at = 0
            response.on('data', (data: Buffer) => {
              seen += data.toString()
              if (at === 0 && seen.includes('agent_response_chunk')) at = performance.now() - started
            })
            response.on('end', () => (at === 0 ? reject(new Error('no piece came')) : resolve(at)))
          },
        )
        sent.on('error', reject)
        sent.end(JSON.stringify({ user_id: `stream${i % 10}`, message: 'hello' }))
      }),
    )
  }
  return { part: 'turns', name: 'first streamed piece, whole way', unit: 'ms', ours: sample(times) }
}
