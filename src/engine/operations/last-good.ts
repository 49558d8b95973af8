// The configuration last accepted, kept beside the state: for `claw plan --against running` and `run --last-good`. The files lie
// as they lay to one another, so that the copy loads the way the original did.

import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import type { Mirror } from '../../config/mirror.ts'
import { hashOf, hashOfFiles } from '../../config/parse.ts'
import { readOrdinaryFile } from '../../ordinary-file.ts'
import type { Plan } from '../../plan/plan.ts'

export interface LastGood {
  /** The root file, where it stood beside today's; to be read by way of the mirror. */
  readonly file: string
  readonly mirror: Mirror
}

/** Relative paths, so that a bot's folder may be moved with its state in it. */
interface Manifest {
  /** Name of the root file. */
  readonly root: string
  /** From the root file's folder to the one that holds every copied file. */
  readonly up: string
  readonly configHash: string
}

/** Hidden, so that no include of the copy finds it. */
const MANIFEST = '.manifest.json'

const folderOf = (stateDir: string): string => join(stateDir, 'last-good')

/**
 * Copies the configuration and the texts it names, wherever they lie. Secrets never. False: the files are no longer those
 * of this plan, and what was kept stays; their own load will tell.
 */
export async function saveLastGood(plan: Plan): Promise<boolean> {
  const folder = folderOf(plan.stateDir)
  const [fresh, old] = [`${folder}.new`, `${folder}.old`]
  const home = dirname(plan.file)
  const paths = [...plan.configFiles, ...plan.texts]
  const above = commonFolder([home, ...paths.map((path) => dirname(path))])
  await rm(fresh, { recursive: true, force: true })
  const hashes: string[] = []
  for (const path of plan.configFiles) hashes.push(hashOf(await copy(path, join(fresh, relative(above, path)))))
  if (hashOfFiles(hashes) !== plan.configHash) {
    await rm(fresh, { recursive: true, force: true })
    return false
  }
  for (const path of plan.texts) await copy(path, join(fresh, relative(above, path))).catch(ignoreMissing)
  const manifest: Manifest = { root: basename(plan.file), up: relative(home, above), configHash: plan.configHash }
  await writeFile(join(fresh, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`)
  await rm(old, { recursive: true, force: true })
  await rename(folder, old).catch(ignoreMissing)
  await rename(fresh, folder)
  await rm(old, { recursive: true, force: true })
  return true
}

/** What was last accepted for the file that stands here now; null: nothing was. */
export async function lastGood(stateDir: string, file: string): Promise<LastGood | null> {
  const folder = folderOf(stateDir)
  try {
    const { root, up } = JSON.parse(await readFile(join(folder, MANIFEST), 'utf8')) as Manifest
    const home = dirname(file)
    return { file: join(home, root), mirror: { root: resolve(home, up), folder } }
  } catch {
    return null
  }
}

/** Gives the bytes that were copied. */
async function copy(from: string, to: string): Promise<Buffer> {
  await mkdir(dirname(to), { recursive: true, mode: 0o700 })
  const bytes = await readOrdinaryFile(from)
  await writeFile(to, bytes, { mode: 0o600 })
  return bytes
}

/** Some texts are optional: a skill need not have its metadata. */
function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}

function commonFolder(folders: readonly string[]): string {
  const [first = sep, ...others] = folders
  const isAbove = (folder: string): boolean =>
    others.every((other) => other === folder || other.startsWith(folder === sep ? sep : folder + sep))
  let at = first
  while (!isAbove(at) && at !== dirname(at)) at = dirname(at)
  return at
}
