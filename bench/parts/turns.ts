// Turns on a model that answers at once: one after the other, many at once, and the first piece of a stream; beside a bare
// program that stores and asks alike.

import { readdir, readFile } from 'node:fs/promises'
import type { Agent } from 'node:http'
import { join } from 'node:path'
import { cpuOf, residentMb } from '../machine.ts'
import { type Cell, type Part, type PartContext, rounds } from '../result.ts'
import { createClient, type Model, post, type Side, startClawSide, startFloorSide, startModel, turn } from '../sides.ts'
import { percentile, summarize } from '../stats.ts'

/** Lines of all transcripts under a folder: what each side has to show for its turns. */
async function linesUnder(folder: string): Promise<number> {
  let lines = 0
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.jsonl') || entry.name.startsWith('audit')) continue
    lines += (await readFile(join(entry.parentPath, entry.name), 'utf8')).split('\n').length - 1
  }
  return lines
}

interface Tally {
  turns: number
  calls: number
}

/** Whether both sides asked the model once and stored two lines a turn. */
async function difference(ours: Side, floor: Side, tallies: readonly [Tally, Tally]): Promise<string | undefined> {
  const [a, b] = tallies
  if (a.turns !== b.turns) return `${a.turns} turns against ${b.turns}`
  if (a.calls !== a.turns || b.calls !== b.turns) return `${a.calls} model calls against ${b.calls} for ${a.turns} turns`
  const [la, lb] = [await linesUnder(ours.folder), await linesUnder(floor.folder)]
  return la === lb && la === 2 * a.turns ? undefined : `${la} stored lines against ${lb} for ${a.turns} turns`
}

async function counted<T>(model: Model, tally: Tally, turns: number, work: () => Promise<T>): Promise<T> {
  const before = (await model.count()).calls
  const result = await work()
  tally.calls += (await model.count()).calls - before
  tally.turns += turns
  return result
}

/** The same call to the model made by the client itself: what of a turn is nobody's overhead. */
async function direct(model: Model, agent: Agent): Promise<number> {
  const start = performance.now()
  await post(model.port, '/v1/messages', { stream: true, messages: [{ role: 'user', content: 'hello' }] }, agent)
  return performance.now() - start
}

export const turns: Part = {
  name: 'turns',
  about: 'a first turn, turns while V8 still compiles, then turns one after the other, each in one of 20 sessions',
  async run(context) {
    const model = await startModel(context)
    const agent = createClient()
    const ours = await startClawSide(context, model.url)
    const floor = await startFloorSide(context, 'turn', model)
    const tallies: [Tally, Tally] = [
      { turns: 0, calls: 0 },
      { turns: 0, calls: 0 },
    ]
    const first: [number[], number[]] = [[], []]
    const early: [number[], number[]] = [[], []]
    const latency: [number[], number[]] = [[], []]
    const cpu: [number[], number[]] = [[], []]
    const alone: number[] = []
    const block = 150
    const warm = context.quick ? 600 : 1_500
    for (const [i, side] of [ours, floor].entries()) {
      const tally = tallies[i as 0 | 1]
      first[i as 0 | 1].push(await counted(model, tally, 1, () => turn(side, agent, 'first', 'hello')))
      const times = await counted(model, tally, warm, async () => {
        const list: number[] = []
        for (let n = 0; n < warm; n++) list.push(await turn(side, agent, `w${Math.floor(n / block)}u${n % 20}`, `warm ${n}`))
        return list
      })
      early[i as 0 | 1].push(percentile(times.slice(0, block), 0.5))
    }
    for (let round = 0; round < rounds(context, 6, 20); round++) {
      for (const [i, side] of [floor, ours].entries()) {
        const at = (1 - i) as 0 | 1
        const before = cpuOf(side.pid)?.own ?? Number.NaN
        const times = await counted(model, tallies[at], block, async () => {
          const list: number[] = []
          for (let n = 0; n < block; n++) list.push(await turn(side, agent, `r${round}u${n % 20}`, `hello ${n}`))
          return list
        })
        latency[at].push(percentile(times, 0.5))
        cpu[at].push(((cpuOf(side.pid)?.own ?? Number.NaN) - before) / block)
      }
      const calls: number[] = []
      for (let n = 0; n < 50; n++) calls.push(await direct(model, agent))
      alone.push(percentile(calls, 0.5))
    }
    const memory = [residentMb(ours.pid), residentMb(floor.pid)] as const
    await ours.stop()
    await floor.stop()
    const unequal = await difference(ours, floor, tallies)
    await model.stop()
    agent.destroy()
    const both = unequal === undefined ? {} : { unequal }
    const { median } = summarize(alone)
    return {
      cells: [
        { name: 'first turn after start', unit: 'ms', ours: first[0], floor: first[1], ...both },
        { name: `turn, p50 of the first ${block}`, unit: 'ms', ours: early[0], floor: early[1], ...both },
        { name: 'turn, p50', unit: 'ms', ours: latency[0], floor: latency[1], ...both },
        {
          name: 'turn, p50 without the model’s own time',
          unit: 'ms',
          ours: latency[0].map((ms) => ms - median),
          floor: latency[1].map((ms) => ms - median),
          target: { value: 1.5 },
          ...both,
        },
        { name: 'CPU of the engine a turn', unit: 'ms', ours: cpu[0], floor: cpu[1], target: { value: 1.3 }, ...both },
        { name: 'resident memory after these turns', unit: 'MB', ours: [memory[0]], floor: [memory[1]], ...both },
      ],
      notes: [
        `The model alone answers in ${median.toFixed(2)} ms. All rows but the first two are of turns after the first ${warm} of each side.`,
      ],
    }
  },
}

async function together(side: Side, agent: Agent, sessions: number, total: number, round: string): Promise<number> {
  const start = performance.now()
  let next = 0
  await Promise.all(
    Array.from({ length: sessions }, async (_, session) => {
      while (next < total) {
        const n = next++
        // A session starts over after some 25 turns, so that what is measured is no long conversation.
        const age = Math.floor(n / (25 * sessions))
        await turn(side, agent, `${round}s${session}x${age}`, `hello ${n}`)
      }
    }),
  )
  return total / ((performance.now() - start) / 1000)
}

export const throughput: Part = {
  name: 'throughput',
  about: 'durable turns a second with so many sessions at once',
  async run(context) {
    const sizes = context.quick ? [1, 20, 200] : [1, 20, 200, 2_000]
    const model = await startModel(context)
    const agent = createClient()
    const ours = await startClawSide(context, model.url)
    const floor = await startFloorSide(context, 'turn', model)
    const tallies: [Tally, Tally] = [
      { turns: 0, calls: 0 },
      { turns: 0, calls: 0 },
    ]
    const rates = new Map<number, [number[], number[]]>(sizes.map((size) => [size, [[], []]]))
    const totalOf = (size: number): number => Math.max(context.quick ? 600 : 2_000, size * 2)
    for (const [i, side] of [ours, floor].entries())
      await counted(model, tallies[i as 0 | 1], 400, () => together(side, agent, 20, 400, 'warm'))
    for (let round = 0; round < rounds(context, 3, 7); round++) {
      for (const size of sizes) {
        for (const [i, side] of [floor, ours].entries()) {
          const at = (1 - i) as 0 | 1
          const rate = await counted(model, tallies[at], totalOf(size), () =>
            together(side, agent, size, totalOf(size), `${round}-${size}-`),
          )
          rates.get(size)?.[at].push(rate)
        }
      }
    }
    await ours.stop()
    await floor.stop()
    const unequal = await difference(ours, floor, tallies)
    await model.stop()
    agent.destroy()
    const targets: Readonly<Record<number, number>> = { 20: 1_000, 2000: 800 }
    return {
      cells: sizes.map((size): Cell => {
        const [a, b] = rates.get(size) ?? [[], []]
        return {
          name: `turns at ${size} sessions`,
          unit: '/s',
          better: 'more',
          ours: a,
          floor: b,
          ...(targets[size] === undefined ? {} : { target: { value: targets[size] } }),
          ...(unequal === undefined ? {} : { unequal }),
        }
      }),
      growth: [
        {
          name: 'Turns a second',
          unit: '/s',
          over: 'sessions at once',
          points: sizes.map((size) => ({ size, value: summarize(rates.get(size)?.[0] ?? []).median })),
          beside: {
            name: 'bare Node',
            points: sizes.map((size) => ({ size, value: summarize(rates.get(size)?.[1] ?? []).median })),
          },
        },
      ],
    }
  },
}

/** From the model's first piece leaving to it arriving at the client: the piece holds the time at which it left. */
async function firstPiece(side: Side, agent: Agent, user: string): Promise<number> {
  let ms: number | undefined
  let text = ''
  await post(side.port, '/chat', { user_id: user, message: 'CLOCK' }, agent, { accept: 'text/event-stream' }, (piece) => {
    if (ms !== undefined) return
    text += piece
    const left = /"chunk":"(\d{8,}) /.exec(text)?.[1]
    if (left !== undefined) ms = Number(process.hrtime.bigint() - BigInt(left)) / 1e6
  })
  if (ms === undefined) throw new Error(`no first piece in: ${text.slice(0, 500)}`)
  return ms
}

export const stream: Part = {
  name: 'stream',
  about: 'from the first piece leaving the model to its arrival at the client',
  async run(context) {
    const model = await startModel(context)
    const agent = createClient()
    const ours = await startClawSide(context, model.url)
    const floor = await startFloorSide(context, 'turn', model)
    const samples: [number[], number[]] = [[], []]
    for (let round = -1; round < rounds(context, 5, 15); round++) {
      for (const [i, side] of [floor, ours].entries()) {
        const times: number[] = []
        for (let n = 0; n < 25; n++) times.push(await firstPiece(side, agent, `r${round}u${n}`))
        if (round >= 0) samples[(1 - i) as 0 | 1].push(percentile(times, 0.5))
      }
    }
    await ours.stop()
    await floor.stop()
    await model.stop()
    agent.destroy()
    return {
      cells: [
        { name: 'first streamed piece after the model’s', unit: 'ms', ours: samples[0], floor: samples[1], target: { value: 2 } },
      ],
    }
  },
}

/** Figures of a turn with one tool call, beside two plain model calls' worth. */
export const tool: Part = {
  name: 'tool',
  about: 'a turn in which the model calls read_file once, beside two plain turns',
  async run(context: PartContext) {
    const model = await startModel(context)
    const agent = createClient()
    const side = await startClawSide(context, model.url, {
      agent: ', tools: [read_file], workspace: work',
      files: { 'work/note.txt': 'A note.\n' },
    })
    const plain: number[] = []
    const calling: number[] = []
    for (let round = -1; round < rounds(context, 5, 15); round++) {
      const [a, b]: [number[], number[]] = [[], []]
      for (let n = 0; n < 30; n++) {
        a.push((await turn(side, agent, `p${round}u${n}`, 'hello')) + (await turn(side, agent, `p${round}u${n}`, 'again')))
        b.push(await turn(side, agent, `t${round}u${n}`, 'TOOL'))
      }
      if (round < 0) continue
      plain.push(percentile(a, 0.5))
      calling.push(percentile(b, 0.5))
    }
    await side.stop()
    await model.stop()
    agent.destroy()
    return {
      cells: [
        { name: 'turn with one tool call, p50', unit: 'ms', ours: calling },
        { name: 'two plain turns, for comparison', unit: 'ms', ours: plain },
      ],
    }
  },
}
