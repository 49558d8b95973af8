// What `claw plan` compares with: the configuration that runs, another file, or a revision of git; loaded as a Plan.

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
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
    return named(await planFrom(kept.file, io, kept.mirror), 'the running configuration', io)
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
    await extract(dirname(now.file), revision, folder)
    if (!existsSync(join(folder, basename(now.file)))) {
      io.err(`claw: ${basename(now.file)} is not in revision ${revision}\n`)
      return EXIT.noInput
    }
    return named(await planFrom(now.file, io, { root: dirname(now.file), folder }), `revision ${revision}`, io)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Writes the files below `from`, as they were at a revision, into `to`. */
async function extract(from: string, revision: string, to: string): Promise<void> {
  const archive = join(to, '.archive.tar')
  try {
    // Resolved to a hash first, so that a revision can't be read as an option.
    const { stdout } = await run('git', [
      '-C',
      from,
      'rev-parse',
      '--verify',
      '--quiet',
      '--end-of-options',
      `${revision}^{commit}`,
    ])
    await run('git', ['-C', from, 'archive', '--format=tar', '-o', archive, stdout.trim()])
    await run('tar', ['-xf', archive, '-C', to])
    await rm(archive)
  } catch (error) {
    const detail = messageOf(error).split('\n')[1] ?? ''
    throw new ClawError(`git has no revision "${revision}" of this folder${detail === '' ? '' : `: ${detail}`}`, {
      exitCode: EXIT.usage,
      cause: error,
    })
  }
}
