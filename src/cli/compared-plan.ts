// What `claw plan` compares with: the configuration that runs, another file, or a revision of git; loaded as a Plan.

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { promisify } from 'node:util'
import { copyOf, type Mirror } from '../config/mirror.ts'
import { shownPath } from '../config/render.ts'
import { lastGood } from '../engine/operations/last-good.ts'
import { ClawError, EXIT, messageOf } from '../errors.ts'
import type { Plan } from '../plan/plan.ts'
import type { VerbIo } from './io.ts'
import { planFrom } from './plan-loading.ts'

const run = promisify(execFile)

export interface Compared {
  /** Null: nothing runs, everything is an addition. */
  readonly plan: Plan | null
  /** In words. */
  readonly what: string
}

/** `against` as given on the command line; a number is an exit code, the reason already told. */
export async function comparedPlan(against: string, now: Plan, io: VerbIo): Promise<Compared | number> {
  if (against === 'running') {
    const kept = await lastGood(now.stateDir, now.file)
    if (kept === null) return { plan: null, what: 'nothing: no configuration was accepted here yet' }
    const { lockHolder } = await import('../storage/embedded/lock.ts')
    const runs = lockHolder(now.stateDir) !== null
    const what = runs ? 'the running configuration' : 'the configuration that ran last (no engine runs now)'
    return named(await planFrom(kept.file, io, { mirror: kept.mirror }), what, io)
  }
  if (against.startsWith('git:')) return atRevision(against.slice('git:'.length), now, io)
  const file = resolve(io.cwd, against)
  return named(await planFrom(file, io), shownPath(file, io.cwd), io)
}

function named(loaded: { readonly plan: Plan } | number, what: string, io: VerbIo): Compared | number {
  if (typeof loaded !== 'number') return { plan: loaded.plan, what }
  io.err(`claw: ${what} could not be loaded, so there is nothing to compare with\n`)
  return loaded
}

async function atRevision(revision: string, now: Plan, io: VerbIo): Promise<Compared | number> {
  const home = dirname(now.file)
  // Resolved to a hash first, so that a revision can't be read as an option.
  const hash = (await git(home, revision, 'rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`)).trim()
  const folder = await mkdtemp(join(await realpath(tmpdir()), 'claw-plan-'))
  try {
    const own = await copyAt(home, hash, join(folder, 'own'))
    if (!existsSync(copyOf(now.file, own))) {
      io.err(`claw: ${basename(now.file)} is not in revision ${revision}\n`)
      return EXIT.noInput
    }
    const top = (await git(home, revision, 'rev-parse', '--show-toplevel')).trim()
    const isWider = isBelow(top)(now.file) && (await reachesOut(now.file, own, top, io))
    const mirror = isWider ? await copyAt(top, hash, join(folder, 'all')) : own
    return named(await planFrom(now.file, io, { mirror }), `revision ${revision}`, io)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const isBelow = (folder: string) => (path: string) => path.startsWith(folder + sep)

/** Whether the configuration as it was names files of the repository that lie outside its own folder. */
async function reachesOut(file: string, own: Mirror, top: string, io: VerbIo): Promise<boolean> {
  const { loadPlan } = await import('../config/load-plan.ts')
  const { sources, includePatterns } = await loadPlan(file, { registry: io.registry, env: io.env, mirror: own })
  return [...sources, ...includePatterns].some((path) => isBelow(top)(path) && !isBelow(own.root)(path))
}

/** A copy of the files below `root`, as they were at a revision. */
async function copyAt(root: string, hash: string, folder: string): Promise<Mirror> {
  await mkdir(folder)
  await extract(root, hash, folder)
  return { root, folder }
}

/** Writes the files below `from`, as they were at a revision, into `to`. */
async function extract(from: string, hash: string, to: string): Promise<void> {
  const archive = join(to, '.archive.tar')
  await git(from, hash, 'archive', '--format=tar', '-o', archive, hash)
  await run('tar', ['-xf', archive, '-C', to])
  await rm(archive)
}

async function git(folder: string, revision: string, ...args: readonly string[]): Promise<string> {
  try {
    return (await run('git', ['-C', folder, ...args])).stdout
  } catch (error) {
    const detail = messageOf(error).split('\n')[1] ?? ''
    throw new ClawError(`git has no revision "${revision}" of this folder${detail === '' ? '' : `: ${detail}`}`, {
      exitCode: EXIT.usage,
      cause: error,
    })
  }
}
