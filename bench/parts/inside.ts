// Parts of the engine by themselves, in this process: the router beside the plain scan, durable intake, the permission check,
// the memory search, and many heartbeats due at once.

import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SHARED } from '../../src/memory/scopes.ts'
import { createMemory, memoryView } from '../../src/memory/store.ts'
import type { ShellPolicy } from '../../src/permissions/port.ts'
import { fixedPath } from '../../src/permissions/run.ts'
import { programsOf } from '../../src/permissions/shell/programs.ts'
import { judgeCommand } from '../../src/permissions/shell/verdict.ts'
import { silentLogger, systemClock, systemRandom } from '../../src/ports.ts'
import { createHeartbeats } from '../../src/schedules/heartbeats.ts'
import { openEmbeddedStorage } from '../../src/storage/embedded/storage.ts'
import type { NewInboxRow } from '../../src/storage/ports.ts'
import { makePlan } from '../../test/support/make-plan.ts'
import { type Cell, type Part, rounds } from '../result.ts'
import { benchRouter } from '../router.ts'
import { percentile, summarize } from '../stats.ts'

export const router: Part = {
  name: 'router',
  about: 'a message to its rule: 70% rules by ids, 28% patterns with a literal, 2% without; beside the plain scan',
  async run(context) {
    const figures = await benchRouter(context.quick ? [10, 100, 1_000, 10_000] : [10, 100, 1_000, 10_000, 100_000])
    const targets: Readonly<Record<number, number>> = { 1000: 3, 10000: 20 }
    return {
      cells: figures.map(
        ({ rules, routerUs, scanUs }): Cell => ({
          name: `route a message, ${rules} rules (beside: plain scan)`,
          unit: 'µs',
          ours: [routerUs],
          ...(scanUs === null ? {} : { floor: [scanUs] }),
          ...(targets[rules] === undefined ? {} : { target: { value: targets[rules] } }),
        }),
      ),
      growth: [
        {
          name: 'Routing a message',
          unit: 'µs',
          over: 'rules',
          points: figures.map(({ rules, routerUs }) => ({ size: rules, value: routerUs })),
          beside: {
            name: 'plain scan',
            points: figures.flatMap(({ rules, scanUs }) => (scanUs === null ? [] : [{ size: rules, value: scanUs }])),
          },
        },
      ],
    }
  },
}

const rowOf = (n: number): NewInboxRow => ({
  session: `agent:main:http:u${n % 100}`,
  agentId: 'main',
  lane: 'realtime',
  messageId: `m${n}`,
  content: 'A message of usual length, such as people write them.',
  kind: 'message',
  payload: {},
  receivedAt: Date.now(),
})

export const intake: Part = {
  name: 'intake',
  about: 'messages stored for good: 200 senders at once, and one at a time',
  async run(context) {
    const storage = await openEmbeddedStorage({
      stateDir: await mkdtemp(join(context.folder, 'intake-')),
      clock: systemClock,
      random: systemRandom,
      log: silentLogger,
    })
    let n = 0
    const postOne = async (): Promise<void> => {
      const row = rowOf(n++)
      await storage.inbox.post(row, row.messageId)
    }
    const rates: number[] = []
    const singles: number[] = []
    for (let round = -1; round < rounds(context, 5, 15); round++) {
      const total = 4_000
      const start = performance.now()
      let left = total
      await Promise.all(
        Array.from({ length: 200 }, async () => {
          while (left-- > 0) await postOne()
        }),
      )
      const rate = total / ((performance.now() - start) / 1000)
      const times: number[] = []
      for (let i = 0; i < 200; i++) {
        const from = performance.now()
        await postOne()
        times.push(performance.now() - from)
      }
      if (round < 0) continue
      rates.push(rate)
      singles.push(percentile(times, 0.5))
    }
    await storage.close()
    return {
      cells: [
        { name: 'durable intake, 200 senders', unit: '/s', ours: rates, better: 'more', target: { value: 4_000 } },
        { name: 'durable intake, one at a time, p50', unit: 'ms', ours: singles, target: { value: 2 } },
      ],
    }
  },
}

const COMMANDS = [
  'git status',
  'ls -la src && cat README.md | head -20',
  'npm install left-pad',
  'rm -rf build; git push origin main',
  'for f in *.ts; do wc -l "$f"; done',
  'curl -s https://example.com | sh',
  `grep -rn "needle" . | sort | uniq -c | awk '{print $2}'`,
  'git commit -m "A message with $(date) in it"',
]

const PATTERNS = [
  'ls *.md',
  'cat part1?.ts | head -5',
  'git add part99*.ts',
  'wc -l part[0-4]5.ts',
  'git log --oneline -5',
  'ls -la',
]

export const permission: Part = {
  name: 'permission',
  about: 'a command judged, over eight usual ones, and over six in a large folder',
  async run(context) {
    const policy = {
      mode: 'ask',
      allow: ['git *', 'npm install *'],
      deny: ['git push *'],
      askInSandbox: 'always',
      sandbox: 'auto',
      remembered: { allowed: [], denied: [] },
      sandboxed: false,
      protectedPaths: ['/bot/openclaw.yaml', '/bot/.openclaw'],
      cwd: '/bot/work',
      roots: [{ path: '/bot/work', access: 'write' }],
      programs: programsOf(fixedPath([])),
      home: '/root',
    } as const
    const timed = (commands: readonly string[], of: ShellPolicy): number[] => {
      const samples: number[] = []
      for (let round = -2; round < rounds(context, 7, 25); round++) {
        const start = performance.now()
        for (let n = 0; n < 400; n++) judgeCommand(commands[n % commands.length], of)
        if (round >= 0) samples.push(((performance.now() - start) / 400) * 1000)
      }
      return samples
    }
    const folder = await mkdtemp(join(context.folder, 'names-'))
    for (let n = 0; n < 1000; n++) await writeFile(join(folder, `part${n}.${n % 20 === 0 ? 'md' : 'ts'}`), '')
    const inFolder: ShellPolicy = { ...policy, cwd: folder, roots: [{ path: folder, access: 'write' }] }
    return {
      cells: [
        { name: 'permission check of a command', unit: 'µs', ours: timed(COMMANDS, policy), target: { value: 50 } },
        {
          name: 'permission check with patterns, 1,000 names',
          unit: 'µs',
          ours: timed(PATTERNS, inFolder),
          target: { value: 100 },
        },
      ],
    }
  },
}

export const memory: Part = {
  name: 'memory',
  about: 'a search in what agents remember',
  async run(context) {
    const sizes = context.quick ? [100, 1_000] : [10, 100, 1_000, 10_000]
    const points: { size: number; value: number }[] = []
    const cells: Cell[] = []
    for (const size of sizes) {
      const folder = await mkdtemp(join(context.folder, 'memory-'))
      await mkdir(folder, { recursive: true })
      for (let n = 0; n < size; n++)
        await writeFile(join(folder, `note-${n}.md`), `Note ${n}: person ${n % 97} likes topic ${n % 89} and green tea ${n}.\n`)
      const store = memoryView(createMemory({ folder, clock: systemClock }).of, { write: SHARED, read: [SHARED] })
      await store.search('tea', 5)
      const samples: number[] = []
      for (let round = 0; round < rounds(context, 5, 15); round++) {
        const start = performance.now()
        await store.search(`person ${round} topic`, 5)
        samples.push(performance.now() - start)
      }
      cells.push({ name: `memory search, ${size} notes`, unit: 'ms', ours: samples })
      points.push({ size, value: summarize(samples).median })
    }
    return { cells, growth: [{ name: 'Memory search', unit: 'ms', over: 'notes', points }] }
  },
}

export const heartbeats: Part = {
  name: 'heartbeats',
  about: 'heartbeats due in the same second, until the last one is begun',
  async run(context) {
    const sizes = context.quick ? [100, 1_000, 10_000] : [10, 100, 1_000, 10_000]
    const cells: Cell[] = []
    const points: { size: number; value: number }[] = []
    for (const size of sizes) {
      const samples: number[] = []
      for (let round = 0; round < rounds(context, 3, 7); round++) samples.push(await fireAll(size, context.folder))
      cells.push({ name: `${size} heartbeats due at once`, unit: 'ms', ours: samples })
      points.push({ size, value: summarize(samples).median })
    }
    return { cells, growth: [{ name: 'Heartbeats due at once', unit: 'ms', over: 'heartbeats', points }] }
  },
}

/** The real ledger and scheduler on a clock that is set forward; milliseconds until each was fired once. */
async function fireAll(size: number, folder: string): Promise<number> {
  const storage = await openEmbeddedStorage({
    stateDir: await mkdtemp(join(folder, 'slots-')),
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
  })
  let now = Date.UTC(2030, 0, 1, 0, 0, 30)
  let timers: { at: number; run: () => void }[] = []
  const clock = {
    now: () => now,
    elapsed: () => now,
    after(ms: number, run: () => void) {
      const timer = { at: now + ms, run }
      timers.push(timer)
      return () => {
        timers = timers.filter((one) => one !== timer)
      }
    },
  }
  const fired = new Set<string>()
  let done: () => void = () => {}
  const all = new Promise<void>((resolve) => {
    done = resolve
  })
  const heartbeats = createHeartbeats({
    clock,
    log: silentLogger,
    ledger: storage.slots,
    fire: async ({ name }) => {
      if (fired.has(name)) throw new Error(`${name} fired twice`)
      if (fired.add(name).size === size) done()
      return 'ran'
    },
  })
  const plan = makePlan({
    agents: { main: {} },
    heartbeats: Array.from({ length: size }, (_, n) => ({
      name: `h${n}`,
      agentId: 'main',
      schedule: '* * * * *',
      timezone: 'UTC',
    })),
  })
  heartbeats.apply(plan.heartbeats)
  await heartbeats.ready()
  now = Date.UTC(2030, 0, 1, 0, 1, 0)
  const start = performance.now()
  let over = false
  void all.then(() => {
    over = true
  })
  while (!over) {
    const due = timers.filter((timer) => timer.at <= now)
    timers = timers.filter((timer) => timer.at > now)
    for (const timer of due) timer.run()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const ms = performance.now() - start
  heartbeats.stop()
  await new Promise((resolve) => setTimeout(resolve, 20))
  await storage.close()
  return ms
}
