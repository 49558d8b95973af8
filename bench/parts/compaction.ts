// What a long session costs besides the model: opened from its last summary, and summarised when it has none, with a model
// that answers at once.

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { silentLogger, systemClock, systemRandom } from '../../src/ports.ts'
import { compact } from '../../src/sessions/compaction.ts'
import { createTranscriptFiles } from '../../src/sessions/transcript.ts'
import { type Cell, type Part, rounds } from '../result.ts'
import { summarize } from '../stats.ts'

/** As an agent has them by default. */
const SETTINGS = { contextWindow: 200_000, threshold: 0.8, keepRecent: 50, chunkTokens: 20_000 }
/** Before the summary kept word for word, and since. */
const KEPT = 20
const SINCE = 10

/** So many lines; `summary`: with one near their end, as compaction leaves it. */
function linesOf(count: number, summary: boolean): string {
  const line = (n: number): object =>
    summary && n === count - SINCE - 1
      ? { role: 'system', kind: 'summary', content: 'What was said before, in short.', keepFrom: `e${n - KEPT}` }
      : { role: n % 2 === 0 ? 'user' : 'assistant', content: `Line ${n}: about as long as people write, now and then more.` }
  const timestamp = new Date(0).toISOString()
  return Array.from({ length: count }, (_, n) => `${JSON.stringify({ id: `e${n}`, timestamp, ...line(n) })}\n`).join('')
}

export const compaction: Part = {
  name: 'compaction',
  about: 'a long session opened by a process that never saw it, and summarised by a model that answers at once',
  async run(context) {
    const sizes = context.quick ? [100, 1_000, 100_000] : [100, 1_000, 10_000, 100_000]
    const times = rounds(context, 5, 15)
    const folder = join(context.folder, 'sessions')
    await mkdir(folder, { recursive: true })
    const fresh = () => createTranscriptFiles({ sync: false, log: silentLogger })

    const measure = async (work: (round: number) => Promise<void> | void): Promise<readonly number[]> => {
      const samples: number[] = []
      for (let round = -1; round < times; round++) {
        const start = performance.now()
        await work(round)
        if (round >= 0) samples.push(performance.now() - start)
      }
      return samples
    }
    const opened: [number, readonly number[]][] = []
    const shortened: [number, readonly number[]][] = []
    for (const size of sizes) {
      const short = join(folder, `summary${size}.jsonl`)
      await writeFile(short, linesOf(size, true))
      opened.push([
        size,
        await measure(() => {
          if (fresh().load(short, 's').entries.length !== KEPT + SINCE + 1) throw new Error('the summary was not found')
        }),
      ])
      const long = linesOf(size, false)
      const paths = Array.from({ length: times + 1 }, (_, n) => join(folder, `long${size}n${n}.jsonl`))
      for (const path of paths) await writeFile(path, long)
      const summarise = async (): Promise<string> => 'Facts: none.'
      shortened.push([
        size,
        await measure(async (round) => {
          const path = paths[round + 1] ?? ''
          const transcripts = fresh()
          const transcript = transcripts.load(path, 's')
          const entries = await compact({ transcript, settings: SETTINGS, summarise, clock: systemClock, random: systemRandom })
          if (entries.length === 0) throw new Error('nothing was summarised')
          await transcripts.append(path, entries)
        }),
      ])
    }
    const points = (list: readonly (readonly [number, readonly number[]])[]) =>
      list.map(([size, samples]) => ({ size, value: summarize(samples).median }))
    return {
      cells: [
        ...opened.map(
          ([size, ours]): Cell => ({
            name: `open ${size} lines, from their summary`,
            unit: 'ms',
            ours,
            ...(size === 100_000 ? { target: { value: 30 } } : {}),
          }),
        ),
        ...shortened.map(
          ([size, ours]): Cell => ({ name: `summarise ${size} lines, without the model's time`, unit: 'ms', ours }),
        ),
      ],
      growth: [
        { name: 'Opening a summarised transcript', unit: 'ms', over: 'lines', points: points(opened) },
        { name: 'Summarising a session', unit: 'ms', over: 'lines', points: points(shortened) },
      ],
    }
  },
}
