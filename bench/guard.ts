// Work counted instead of time, so that a busy machine changes nothing: files loaded at a start, bytes and calls written a turn,
// heap after many turns, hidden classes. What it finds too much fails the test that runs it.

import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { heapMb } from './inspector.ts'
import { writesOf } from './machine.ts'
import type { PartContext } from './result.ts'
import { CLAW, createClient, freePort, sleep, startClawSide, startModel, turn } from './sides.ts'

export interface GuardFigures {
  /** Files of ours and of packages that a start of `claw run` with http and webchat loads. */
  readonly loaded: readonly string[]
  /** A turn, sockets included; null where the system does not count them. */
  readonly writes: { readonly bytes: number; readonly calls: number } | null
  /** After 500 turns and after 1,500, in 20 sessions that starts over. */
  readonly heap: readonly [number, number]
  /** Hidden classes that V8 made for a turn after 300 of them. */
  readonly shapes: number
}

export async function measureGuard(folder: string): Promise<GuardFigures> {
  const context: PartContext = { quick: true, folder, own: () => {} }
  return { loaded: await filesLoaded(context), ...(await turnsCounted(context)), shapes: await shapesMade(context) }
}

/** V8 writes down which scripts ran when a process ends. */
async function filesLoaded(context: PartContext): Promise<readonly string[]> {
  const coverage = await mkdtemp(join(context.folder, 'coverage-'))
  await mkdir(coverage, { recursive: true })
  const side = await startClawSide(context, 'http://127.0.0.1:9', { env: { NODE_V8_COVERAGE: coverage } })
  // It answers a moment before it listens to signals, and only an orderly end writes the list.
  await sleep(500)
  await side.stop()
  const loaded: string[] = []
  for (const name of await readdir(coverage)) {
    const { result } = JSON.parse(await readFile(join(coverage, name), 'utf8')) as { result: { url: string }[] }
    for (const { url } of result) if (url.startsWith('file:')) loaded.push(fileURLToPath(url))
  }
  return loaded
}

/** Names of the modules of Node that one command line loads. @throws when it failed */
export function partsOfNodeLoaded(argv: readonly string[], cwd: string): readonly string[] {
  const code = `process.on('exit', () => process._rawDebug(JSON.stringify(process.moduleLoadList)))
process.argv.splice(1, 0, ${JSON.stringify(CLAW)})
require('node:module').runMain()`
  const done = spawnSync(process.execPath, ['-e', code, ...argv], { cwd, encoding: 'utf8', env: {} })
  if (done.status !== 0) throw new Error(`claw ${argv.join(' ')} ended with ${done.status}: ${done.stderr}`)
  return (JSON.parse(done.stderr) as string[]).map((name) => name.replace(/^NativeModule /, ''))
}

async function turnsCounted(context: PartContext): Promise<Pick<GuardFigures, 'writes' | 'heap'>> {
  const model = await startModel(context)
  const agent = createClient()
  const inspector = await freePort()
  const side = await startClawSide(context, model.url, { nodeArgs: [`--inspect=127.0.0.1:${inspector}`] })
  const drive = async (from: number, to: number): Promise<void> => {
    let next = from
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        for (let n = next++; n < to; n = next++) await turn(side, agent, `u${n % 20}x${Math.floor(n / 250)}`, 'hello')
      }),
    )
  }
  await drive(0, 100)
  const before = writesOf(side.pid)
  // One after the other, so that no two share a commit.
  for (let n = 0; n < 50; n++) await turn(side, agent, `alone${n % 5}`, 'hello')
  const after = writesOf(side.pid)
  await drive(100, 500)
  const early = await heapMb(inspector)
  await drive(500, 1_500)
  const late = await heapMb(inspector)
  await side.stop()
  await model.stop()
  agent.destroy()
  return {
    heap: [early, late],
    writes:
      before === null || after === null
        ? null
        : { bytes: (after.bytes - before.bytes) / 50, calls: (after.calls - before.calls) / 50 },
  }
}

/**
 * An object that is copied and then given more has a hidden class of its own, and so has every AbortSignal: all that read them
 * miss, and the classes stay until a full collection. V8 writes down each that it makes.
 */
async function shapesMade(context: PartContext): Promise<number> {
  const model = await startModel(context)
  const agent = createClient()
  const log = join(await mkdtemp(join(context.folder, 'shapes-')), 'v8.log')
  const flags = ['--log-maps', '--no-log-maps-details', '--no-logfile-per-isolate', `--logfile=${log}`]
  const side = await startClawSide(context, model.url, { nodeArgs: flags })
  const made = async (turns: number): Promise<number> => {
    for (let n = 0; n < turns; n++) await turn(side, agent, `u${n % 20}`, 'hello')
    return (await readFile(log, 'utf8')).split('\n').filter((line) => line.startsWith('map,Transition,')).length
  }
  const before = await made(300)
  if (before === 0) throw new Error('V8 wrote down no hidden classes, so none could be counted.')
  const after = await made(100)
  await side.stop()
  await model.stop()
  agent.destroy()
  return (after - before) / 100
}
