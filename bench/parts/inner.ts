// Pieces measured inside one process: the router beside the plain scan, the shell checker, durable intake, opening a long
// transcript, sessions at rest.

import { appendFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fixedPath } from '../../src/permissions/run.ts'
import { programsOf } from '../../src/permissions/shell/programs.ts'
import { judgeCommand } from '../../src/permissions/shell/verdict.ts'
import { silentLogger, systemClock, systemRandom } from '../../src/ports.ts'
import { openEmbeddedStorage } from '../../src/storage/embedded/storage.ts'
import { type Row, sample } from '../measure.ts'
import type { Part } from '../part.ts'
import { benchRouter } from '../router.ts'

export const inner: Part = {
  name: 'inner',
  async run(context) {
    const rows: Row[] = []
    for (const { rules, routerUs, scanUs } of await benchRouter(context.quick ? [1_000] : [10, 1_000, 10_000])) {
      const target = rules === 1_000 ? 3 : rules === 10_000 ? 20 : undefined
      rows.push({
        part: 'inner',
        name: `router, ${rules.toLocaleString('en')} rules (beside the plain scan)`,
        unit: 'µs',
        ours: sample([routerUs]),
        ...(scanUs === null ? {} : { floor: sample([scanUs]) }),
        ...(target === undefined ? {} : { target: { kind: 'most', value: target } as const }),
      })
    }
    rows.push(checker(context.n(20_000, 4_000)))
    rows.push(...(await storage(context.n(20_000, 5_000), await context.folder({}))))
    rows.push(...(await transcripts(await context.folder({}), context.quick ? [10, 10_000] : [10, 1_000, 100_000])))
    return rows
  },
}

function checker(count: number): Row {
  const policy = {
    mode: 'ask',
    allow: ['git *'],
    deny: ['git push *'],
    remembered: { allowed: [], denied: [] },
    sandboxed: false,
    sandbox: 'off',
    askInSandbox: 'always',
    protectedPaths: [],
    cwd: '/tmp',
    roots: [{ path: '/tmp', access: 'write' }],
    programs: programsOf(fixedPath([])),
    home: '/root',
  } as const
  const commands = [
    'git status',
    'ls -la src && git log --oneline -5',
    'rm -rf /',
    "echo 'a b' | wc -l",
    'git -c core.pager=x log',
    'cat notes/today.txt; date',
  ]
  for (let i = 0; i < 2_000; i++) judgeCommand(commands[i % commands.length], policy)
  const times: number[] = []
  for (let i = 0; i < count; i++) {
    const started = performance.now()
    judgeCommand(commands[i % commands.length], policy)
    times.push(performance.now() - started)
  }
  return {
    part: 'inner',
    name: 'permission check of a command',
    unit: 'ms',
    ours: sample(times),
    target: { kind: 'most', value: 0.05 },
  }
}

async function storage(count: number, stateDir: string): Promise<readonly Row[]> {
  const store = await openEmbeddedStorage({ stateDir, clock: systemClock, random: systemRandom, log: silentLogger })
  const row = (i: number) =>
    ({
      session: `agent:main:http:u${i % 500}`,
      agentId: 'main',
      lane: 'realtime',
      messageId: `m${i}`,
      content: 'hello',
      kind: 'message',
      receivedAt: Date.now(),
    }) as const
  const started = performance.now()
  await Promise.all(Array.from({ length: count }, (_, i) => store.inbox.post(row(i), `k${i}`)))
  const rate = (count / (performance.now() - started)) * 1_000
  const single: number[] = []
  for (let i = 0; i < 300; i++) {
    const at = performance.now()
    await store.inbox.post(row(count + i), `k${count + i}`)
    single.push(performance.now() - at)
  }
  await store.close()
  return [
    {
      part: 'inner',
      name: 'durable intake, in a burst',
      unit: '1/s',
      ours: sample([rate]),
      target: { kind: 'least', value: 4_000 },
    },
    {
      part: 'inner',
      name: 'durable intake, one at a time',
      unit: 'ms',
      ours: sample(single),
      target: { kind: 'most', value: 2 },
    },
  ]
}

async function transcripts(stateDir: string, sizes: readonly number[]): Promise<readonly Row[]> {
  const folder = join(stateDir, 'agents/main/sessions')
  await mkdir(folder, { recursive: true })
  for (const size of sizes) {
    const lines = Array.from({ length: size }, (_, i) =>
      JSON.stringify({
        id: `e${i}`,
        role: i % 2 === 0 ? 'user' : 'assistant',
        content: `line ${i} of a conversation that is neither short nor long`,
        timestamp: '2026-01-01T00:00:00.000Z',
      }),
    )
    // Its last summary stands some lines before the end, as compaction leaves it.
    if (size > 100)
      lines.splice(
        size - 50,
        0,
        JSON.stringify({
          id: 'sum',
          role: 'system',
          kind: 'summary',
          content: 'What was said before.',
          keepFrom: `e${size - 60}`,
          timestamp: '2026-01-01T00:00:00.000Z',
        }),
      )
    await appendFile(join(folder, `s${size}.jsonl`), `${lines.join('\n')}\n`)
  }
  const rows: Row[] = []
  for (const size of sizes) {
    const times: number[] = []
    for (let i = 0; i < 5; i++) {
      const store = await openEmbeddedStorage({ stateDir, clock: systemClock, random: systemRandom, log: silentLogger })
      const started = performance.now()
      await store.transcripts.load(`s${size}`, 'main')
      times.push(performance.now() - started)
      await store.close()
    }
    rows.push({
      part: 'inner',
      name: `opening a transcript of ${size.toLocaleString('en')} lines`,
      unit: 'ms',
      ours: sample(times),
      target: { kind: 'most', value: 30 },
    })
  }
  return rows
}
