// What grows with use: a turn at the end of long transcripts, memory after many turns and with many sessions open.

import type { Agent } from 'node:http'
import { heapMb } from '../inspector.ts'
import { cpuOf, residentMb } from '../machine.ts'
import { type Cell, type Part, type PartContext, rounds } from '../result.ts'
import { createClient, freePort, type Side, startClawSide, startFloorSide, startModel, turn } from '../sides.ts'
import { percentile, summarize } from '../stats.ts'

/** So many lines, the last 20 of them behind a summary, as compaction leaves them. */
function transcriptOf(lines: number): string {
  const text: string[] = []
  const entry = (n: number, more: object): void =>
    void text.push(JSON.stringify({ id: `e${n}`, timestamp: new Date(Date.now() - 60_000).toISOString(), ...more }))
  const last = Math.min(20, lines - 1)
  for (let n = 0; n < lines - last - 1; n++)
    entry(n, {
      role: n % 2 === 0 ? 'user' : 'assistant',
      content: `Line ${n}: about as long as people write, now and then more.`,
    })
  entry(lines - last - 1, { role: 'user', kind: 'summary', content: 'What was said before, in short.' })
  for (let n = lines - last; n < lines; n++)
    entry(n, { role: (n - lines + last) % 2 === 0 ? 'user' : 'assistant', content: `Line ${n}: the latest.` })
  return `${text.join('\n')}\n`
}

export const transcript: Part = {
  name: 'transcript',
  about: 'a turn at the end of a transcript of so many lines, 20 of them behind its last summary',
  async run(context) {
    const sizes = context.quick ? [10, 1_000, 100_000] : [10, 100, 1_000, 10_000, 100_000]
    const model = await startModel(context)
    const agent = createClient()
    const first: [number, number[]][] = sizes.map((size) => [size, []])
    const later: [number, number[]][] = sizes.map((size) => [size, []])
    const copies = rounds(context, 5, 11)
    const files: Record<string, string> = {}
    for (const size of sizes) {
      const text = transcriptOf(size)
      for (let n = 0; n < copies; n++)
        files[`.openclaw/agents/main/sessions/${encodeURIComponent(`agent:main:http:s${size}n${n}`)}.jsonl`] = text
    }
    const side = await startClawSide(context, model.url, { files })
    for (let n = 0; n < 200; n++) await turn(side, agent, `warm${n % 10}`, 'hello')
    for (let n = 0; n < copies; n++) {
      for (const [i, size] of sizes.entries()) {
        first[i]?.[1].push(await turn(side, agent, `s${size}n${n}`, 'hello'))
        const times: number[] = []
        for (let t = 0; t < 15; t++) times.push(await turn(side, agent, `s${size}n${n}`, 'and'))
        later[i]?.[1].push(percentile(times, 0.5))
      }
    }
    await side.stop()
    await model.stop()
    agent.destroy()
    const points = (list: readonly (readonly [number, readonly number[]])[]) =>
      list.map(([size, samples]) => ({ size, value: summarize(samples).median }))
    return {
      cells: [
        ...first.map(
          ([size, ours]): Cell => ({
            name: `first turn on ${size} lines`,
            unit: 'ms',
            ours,
            ...(size === 100_000 ? { target: { value: 30 } } : {}),
          }),
        ),
        ...later.map(([size, ours]): Cell => ({ name: `later turns on ${size} lines, p50`, unit: 'ms', ours })),
      ],
      growth: [
        { name: 'First turn on a transcript', unit: 'ms', over: 'lines', points: points(first) },
        { name: 'Later turns on a transcript', unit: 'ms', over: 'lines', points: points(later) },
      ],
    }
  },
}

async function drive(side: Side, agent: Agent, from: number, to: number, user: (n: number) => string): Promise<void> {
  let next = from
  await Promise.all(
    Array.from({ length: 20 }, async () => {
      while (next < to) {
        const n = next++
        await turn(side, agent, user(n), 'hello')
      }
    }),
  )
}

export const sessions: Part = {
  name: 'sessions',
  about: 'memory with so many sessions open, one turn each; heap is what is reachable, garbage collected',
  async run(context) {
    const sizes = context.quick ? [10, 1_000] : [10, 1_000, 10_000]
    const model = await startModel(context)
    const agent = createClient()
    const inspector = await freePort()
    const side = await startClawSide(context, model.url, { nodeArgs: [`--inspect=127.0.0.1:${inspector}`] })
    // Libraries that load on first use, and V8's own caches, are no session's.
    for (let n = 0; n < 300; n++) await turn(side, agent, `warm${n % 5}`, 'hello')
    const base = { heap: await heapMb(inspector), resident: residentMb(side.pid) }
    const cells: Cell[] = []
    const points: { size: number; value: number }[] = []
    let opened = 0
    for (const size of sizes) {
      await drive(side, agent, opened, size, (n) => `open${n}`)
      opened = size
      const heap = (await heapMb(inspector)) - base.heap
      const resident = residentMb(side.pid) - base.resident
      const target = size === 10_000 ? { target: { value: 30 } } : {}
      cells.push(
        { name: `heap of ${size} open sessions`, unit: 'MB', ours: [heap], steady: true, ...target },
        { name: `resident memory they added`, unit: 'MB', ours: [resident] },
      )
      points.push({ size, value: Math.max(0.01, heap) })
    }
    await side.stop()
    await model.stop()
    agent.destroy()
    return { cells, growth: [{ name: 'Heap of open sessions', unit: 'MB', over: 'sessions', points }] }
  },
}

export const soak: Part = {
  name: 'soak',
  about: 'memory after many turns beside a bare server that idles, and whether the last third still grew',
  async run(context: PartContext) {
    const total = context.quick ? 1_500 : 10_000
    const model = await startModel(context)
    const agent = createClient()
    const floor = await startFloorSide(context, 'http')
    const inspector = await freePort()
    const watched = await startClawSide(context, model.url, { nodeArgs: [`--inspect=127.0.0.1:${inspector}`] })
    const plain = await startClawSide(context, model.url)
    const heaps: number[] = []
    for (let third = 0; third < 3; third++) {
      const [from, to] = [(third * total) / 3, ((third + 1) * total) / 3]
      await drive(watched, agent, from, to, (n) => `u${n % 50}x${Math.floor(n / 1_000)}`)
      heaps.push(await heapMb(inspector))
    }
    const before = cpuOf(plain.pid)?.own ?? Number.NaN
    await drive(plain, agent, 0, total, (n) => `u${n % 50}x${Math.floor(n / 1_000)}`)
    const cpu = ((cpuOf(plain.pid)?.own ?? Number.NaN) - before) / total
    const cells: Cell[] = [
      {
        name: `resident after ${total} turns (beside: a bare server, idle)`,
        unit: 'MB',
        ours: [residentMb(plain.pid)],
        floor: [residentMb(floor.pid)],
        target: { ratio: 2.5 },
      },
      { name: 'heap after each third of them', unit: 'MB', ours: heaps, steady: true },
      { name: 'CPU of the engine a turn, 20 at once', unit: 'ms', ours: [cpu] },
    ]
    for (const side of [watched, plain, floor]) await side.stop()
    await model.stop()
    agent.destroy()
    return { cells }
  },
}
