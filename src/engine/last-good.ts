// The configuration last accepted, kept beside the state: for `claw plan --against running` and `run --last-good`.

import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import type { Plan } from '../plan/plan.ts'

export interface LastGood {
  /** Name of the root file inside the folder. */
  readonly root: string
  /** Paths relative to the folder. */
  readonly files: readonly string[]
  readonly configHash: string
}

const folderOf = (stateDir: string): string => join(stateDir, 'last-good')

/** Copies the configuration and the texts it names; what lies outside the root file's folder is left where it is. Secrets never. */
export async function saveLastGood(plan: Plan): Promise<void> {
  const folder = folderOf(plan.stateDir)
  const fresh = `${folder}.new`
  await rm(fresh, { recursive: true, force: true })
  const root = dirname(plan.file)
  const files: string[] = []
  for (const source of textsOf(plan)) {
    const path = relative(root, source)
    if (path.startsWith('..')) continue
    await mkdir(dirname(join(fresh, path)), { recursive: true, mode: 0o700 })
    await copyFile(source, join(fresh, path))
    files.push(path)
  }
  const manifest: LastGood = { root: basename(plan.file), files, configHash: plan.configHash }
  await mkdir(fresh, { recursive: true, mode: 0o700 })
  await writeFile(join(fresh, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  await rm(folder, { recursive: true, force: true })
  await rename(fresh, folder)
}

/** Absolute path of the root file last accepted; null: there is none. */
export async function lastGoodFile(stateDir: string): Promise<string | null> {
  try {
    const manifest = JSON.parse(await readFile(join(folderOf(stateDir), 'manifest.json'), 'utf8')) as LastGood
    return join(folderOf(stateDir), manifest.root)
  } catch {
    return null
  }
}

const textsOf = (plan: Plan): ReadonlySet<string> =>
  new Set([
    ...plan.configFiles,
    ...[...plan.agents.values()].flatMap((agent) => [
      ...(agent.soul.path === undefined ? [] : [agent.soul.path]),
      ...agent.skills.map((skill) => join(skill.folder, 'SKILL.md')),
    ]),
    ...[...plan.models.values()].flatMap((model) => (model.script === undefined ? [] : [model.script.path])),
  ])
