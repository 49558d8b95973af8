// The closest peer in the same run: its own harness measures it, and its figures are set beside ours.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isBusy, type MeasuredPart } from './report.ts'
import { sleep } from './sides.ts'
import { summarize } from './stats.ts'

interface PeerFigures {
  readonly validateMs?: number
  readonly readyMs?: number
  readonly idleMb?: number
  readonly turnMs?: number
  readonly turnCpuMs?: number
  readonly perSecond?: number
}

/**
 * Runs the harness in `folder` against the install that `PEER` names, as the folder's README says how to make one.
 * @throws when it is not installed
 */
export async function measurePeer(folder: string, ours: readonly MeasuredPart[]): Promise<string> {
  const install = process.env['PEER'] ?? ''
  if (install === '' || !existsSync(join(install, 'app/node_modules/openclaw')))
    throw new Error(`Install the peer first: ${join(folder, 'README.md')} says how, and PEER must name that folder.`)
  const home = join(install, 'home')
  await mkdir(join(home, 'state'), { recursive: true })
  const env = {
    ...process.env,
    HOME: home,
    OPENCLAW_HOME: home,
    OPENCLAW_STATE_DIR: join(home, 'state'),
    OPENCLAW_CONFIG_PATH: join(home, 'state/openclaw.json'),
    OC_CFG: join(folder, 'openclaw.base.json'),
    NO_COLOR: '1',
  }
  await copyFile(env.OC_CFG, env.OPENCLAW_CONFIG_PATH)
  const node = join(install, 'node24/node_modules/node/bin/node')
  const fake: ChildProcess = spawn(node, [join(folder, 'fake-anthropic.mjs'), '19555'], { stdio: 'ignore', env })
  try {
    await sleep(500)
    const run = (script: string, ...args: string[]): string =>
      spawnSync(node, [join(folder, script), ...args], { env, encoding: 'utf8', cwd: folder, timeout: 900_000 }).stdout
    return table(figuresOf(run('m-cli.mjs'), run('m-start.mjs', '3'), run('m-turns.mjs', '50', '20', '200')), ours)
  } finally {
    fake.kill('SIGKILL')
  }
}

const jsonLines = (text: string): Record<string, unknown>[] =>
  text.split('\n').flatMap((line) => {
    try {
      return line.startsWith('{') ? [JSON.parse(line) as Record<string, unknown>] : []
    } catch {
      return []
    }
  })

const medianIn = (value: unknown): number | undefined => (value as { median?: number } | undefined)?.median

export function figuresOf(cli: string, start: string, turns: string): PeerFigures {
  const validate = jsonLines(cli).find((one) => one['cmd'] === 'config validate')
  const started = jsonLines(start).at(-1) ?? {}
  const blocks = jsonLines(turns)
  const same = blocks.find((one) => String(one['name']).startsWith('different sessions'))
  const many = blocks.find((one) => String(one['name']).startsWith('concurrency'))
  const figures = {
    validateMs: medianIn(validate?.['wallMs']),
    readyMs: medianIn(started['readyzMs']),
    idleMb: medianIn(started['idleRssMiB']),
    turnMs: medianIn(same?.['lat']),
    turnCpuMs: same?.['gwCpuMsPerTurn'] as number | undefined,
    perSecond: many?.['turnsPerSec'] as number | undefined,
  }
  return Object.fromEntries(Object.entries(figures).filter(([, value]) => value !== undefined))
}

function table(peer: PeerFigures, ours: readonly MeasuredPart[]): string {
  const find = (name: string): { value: number; busy: boolean } | null => {
    for (const part of ours) {
      const cell = part.cells.find((one) => one.name === name)
      if (cell !== undefined) return { value: summarize(cell.ours).median, busy: isBusy(part) }
    }
    return null
  }
  const rows: readonly (readonly [string, string, number | undefined, boolean])[] = [
    ['validate, ms', '`claw validate`, a small file', peer.validateMs, false],
    ['start to ready, ms', 'start to ready', peer.readyMs, false],
    ['resident when idle, MB', 'resident memory, idle', peer.idleMb, false],
    ['turn, p50 ms', 'turn, p50', peer.turnMs, false],
    ['CPU a turn, ms', 'CPU of the engine a turn', peer.turnCpuMs, false],
    ['turns a second, 20 sessions', 'turns at 20 sessions', peer.perSecond, true],
  ]
  const lines = ['### beside the peer', '', '| | claw | peer | ratio |', '| --- | ---: | ---: | ---: |']
  for (const [label, name, theirs, more] of rows) {
    const own = find(name)
    if (own === null || theirs === undefined) continue
    const ratio = own.busy ? 'none: machine busy' : `${(more ? own.value / theirs : theirs / own.value).toFixed(0)}×`
    lines.push(`| ${label} | ${own.value.toFixed(2)} | ${theirs} | ${ratio} |`)
  }
  return lines.join('\n')
}
