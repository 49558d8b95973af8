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
  readonly reloadMs?: number
  readonly helloTokens?: number
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
  // One of its scripts looks for the configuration there.
  await mkdir(join(install, 'harness'), { recursive: true })
  await copyFile(env.OC_CFG, join(install, 'harness/openclaw.base.json'))
  const node = join(install, 'node24/node_modules/node/bin/node')
  const fake: ChildProcess = spawn(node, [join(folder, 'fake-anthropic.mjs'), '19555'], { stdio: 'ignore', env })
  try {
    await sleep(500)
    const run = (script: string, ...args: string[]): string =>
      spawnSync(node, [join(folder, script), ...args], { env, encoding: 'utf8', cwd: folder, timeout: 900_000 }).stdout
    const figures = figuresOf(
      run('m-cli.mjs'),
      run('m-start.mjs', '3'),
      run('m-turns.mjs', '50', '20', '200'),
      run('m-reload.mjs'),
    )
    return table(figures, ours)
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

/** The object over several lines with which a script ends. */
function lastObject(text: string): Record<string, unknown> | undefined {
  const at = text.lastIndexOf('\n{\n')
  if (at === -1) return undefined
  const end = text.indexOf('\n}', at)
  return JSON.parse(text.slice(at, end + 2)) as Record<string, unknown>
}

function numberAfter(text: string, pattern: RegExp): number | undefined {
  const found = pattern.exec(text)?.[1]
  return found === undefined ? undefined : Number(found)
}

const medianIn = (value: unknown): number | undefined => (value as { median?: number } | undefined)?.median

export function figuresOf(cli: string, start: string, turns: string, reload: string): PeerFigures {
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
    reloadMs: medianIn(lastObject(reload)?.['add agent']),
    helloTokens: numberAfter(turns, /"approxTokens":(\d+)/),
  }
  return Object.fromEntries(Object.entries(figures).filter(([, value]) => value !== undefined))
}

function table(peer: PeerFigures, ours: readonly MeasuredPart[]): string {
  const find = (name: string, unit = ''): { value: number; busy: boolean } | null => {
    for (const part of ours) {
      const cell = part.cells.find((one) => one.name === name && one.unit.startsWith(unit))
      if (cell !== undefined) return { value: summarize(cell.ours).median, busy: isBusy(part) }
    }
    return null
  }
  const rows: readonly (readonly [string, string, number | undefined, boolean, string?])[] = [
    ['validate, ms', '`claw validate`, a small file', peer.validateMs, false],
    ['start to ready, ms', 'start to ready', peer.readyMs, false],
    ['resident when idle, MB', 'resident memory, idle', peer.idleMb, false],
    ['turn, p50 ms', 'turn, p50', peer.turnMs, false],
    ['CPU a turn, ms', 'CPU of the engine a turn', peer.turnCpuMs, false],
    ['turns a second, 20 sessions', 'turns at 20 sessions', peer.perSecond, true],
    ['reload, from the save on, ms', 'save to live, 100 objects (50 ms of it debounce)', peer.reloadMs, false],
    ['tokens of a bare hello', 'bare hello without tools', peer.helloTokens, false, 'tokens'],
  ]
  const lines = ['### beside the peer', '', '| | claw | peer | ratio |', '| --- | ---: | ---: | ---: |']
  for (const [label, name, theirs, more, unit] of rows) {
    const own = find(name, unit)
    if (own === null || theirs === undefined) continue
    const ratio = own.busy ? 'none: machine busy' : `${(more ? own.value / theirs : theirs / own.value).toFixed(0)}×`
    lines.push(`| ${label} | ${own.value.toFixed(2)} | ${theirs} | ${ratio} |`)
  }
  return lines.join('\n')
}
