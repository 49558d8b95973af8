// What `claw plan` compares with: the configuration that runs, another file, or a revision of git; loaded as a Plan.

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { promisify } from 'node:util'
import { copyOf } from '../config/mirror.ts'
import { shownPath } from '../config/render.ts'
import { lastGood } from '../engine/last-good.ts'
import { ClawError, EXIT, messageOf } from '../errors.ts'
import type { Plan } from '../plan/plan.ts'
import type { Io } from './io.ts'
import { planFrom } from './plan-loading.ts'

const run = promisify(execFile)

export interface Compared {
  /** Null: nothing runs, everything is an addition. */
  readonly plan: Plan | null
  /** In words. */
  readonly what: string
}

/** `against` as given on the command line; a number is an exit code, the reason already told. */
export async function comparedPlan(against: string, now: Plan, io: Io): Promise<Compared | number> {
  if (against === 'running') {
    const kept = await lastGood(now.stateDir, now.file)
    if (kept === null) return { plan: null, what: 'nothing: no configuration was accepted here yet' }
    return named(await planFrom(kept.file, io, { mirror: kept.mirror }), 'the running configuration', io)
  }
  if (against.startsWith('git:')) return atRevision(against.slice('git:'.length), now, io)
  const file = resolve(io.cwd, against)
  return named(await planFrom(file, io), shownPath(file, io.cwd), io)
}

function named(loaded: { readonly plan: Plan } | number, what: string, io: Io): Compared | number {
  if (typeof loaded !== 'number') return { plan: loaded.plan, what }
  io.err(`claw: ${what} could not be loaded, so there is nothing to compare with\n`)
  return loaded
}

async function atRevision(revision: string, now: Plan, io: Io): Promise<Compared | number> {
  const folder = await mkdtemp(join(await realpath(tmpdir()), 'claw-plan-'))
  try {
    const mirror = { root: await rootOf(now, revision), folder }
    await extract(mirror.root, revision, folder)
    if (!existsSync(copyOf(now.file, mirror))) {
      io.err(`claw: ${basename(now.file)} is not in revision ${revision}\n`)
      return EXIT.noInput
    }
    return named(await planFrom(now.file, io, { mirror }), `revision ${revision}`, io)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The folder to take from git: the file's own, or the whole repository where the configuration reaches out of it. */
async function rootOf(now: Plan, revision: string): Promise<string> {
  const home = dirname(now.file)
  const isBelow = (folder: string) => (path: string) => path.startsWith(folder + sep)
  const files = [...now.configFiles, ...now.texts]
  if (files.every(isBelow(home))) return home
  const top = (await git(home, revision, 'rev-parse', '--show-toplevel')).trim()
  return isBelow(top)(now.file) ? top : home
}

/** Writes the files below `from`, as they were at a revision, into `to`. */
async function extract(from: string, revision: string, to: string): Promise<void> {
  const archive = join(to, '.archive.tar')
  // Resolved to a hash first, so that a revision can't be read as an option.
  const hash = await git(from, revision, 'rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`)
  await git(from, revision, 'archive', '--format=tar', '-o', archive, hash.trim())
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
