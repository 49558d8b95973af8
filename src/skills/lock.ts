// `skills.lock` beside the configuration: where each installed skill came from, and a digest of what was copied.

import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readOrdinaryFile } from '../ordinary-file.ts'

export interface LockedSkill {
  /** As it was installed: a path, `npm:NAME`, `git:URL`, or the name of a bundled one. */
  readonly source: string
  /** Of names and contents of all its files. */
  readonly digest: string
}

export type SkillsLock = Readonly<Record<string, LockedSkill>>

const VERSION = 1
const pathOf = (root: string): string => join(root, 'skills.lock')

/** `root`: the folder of the configuration. @throws Error with a sentence where it cannot be read */
export async function readSkillsLock(root: string): Promise<SkillsLock> {
  let text: string
  try {
    text = (await readOrdinaryFile(pathOf(root))).toString('utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
  const data = parsed(text)
  if (data === null) throw new Error(`${pathOf(root)} is not what \`claw skill install\` writes`)
  return data
}

function parsed(text: string): SkillsLock | null {
  try {
    const { version, skills } = JSON.parse(text) as { version?: unknown; skills?: SkillsLock }
    return version === VERSION && typeof skills === 'object' && skills !== null ? skills : null
  } catch {
    return null
  }
}

/** `skill` undefined: it was removed. */
export async function lockSkill(root: string, name: string, skill: LockedSkill | undefined): Promise<void> {
  const { [name]: _, ...others } = await readSkillsLock(root)
  const skills = skill === undefined ? others : { ...others, [name]: skill }
  const sorted = Object.fromEntries(Object.entries(skills).sort(([a], [b]) => (a < b ? -1 : 1)))
  const { default: writeFileAtomic } = await import('write-file-atomic')
  await writeFileAtomic(pathOf(root), `${JSON.stringify({ version: VERSION, skills: sorted }, null, 2)}\n`)
}

/** The same for the same files, wherever they lie. */
export async function digestOfFolder(folder: string): Promise<string> {
  const hash = createHash('sha256')
  const visit = async (inside: string): Promise<void> => {
    const entries = await readdir(join(folder, inside), { withFileTypes: true })
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(inside, entry.name)
      if (entry.isDirectory()) await visit(path)
      else
        hash
          .update(`${path}\0`)
          .update(await readOrdinaryFile(join(folder, path)))
          .update('\0')
    }
  }
  await visit('')
  return hash.digest('hex')
}
