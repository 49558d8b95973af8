// A skill's folder → a copy of it under `skills/`, or the sentence that says why not. All or nothing: what is not whole is not there.

import { cp, lstat, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { loadSkill, SKILL_NAME } from './load.ts'

const MAX_FILES = 1000
const MAX_BYTES = 10_000_000
/** What comes along with a skill and is none of it. */
const LEFT_OUT = new Set(['.git', 'node_modules'])

export interface Installed {
  readonly name: string
  readonly folder: string
}

/** `name`: what the folder will be called. `replace`: one of that name gives way. @throws Error with a sentence */
export async function installSkill(
  from: string,
  name: string,
  skills: string,
  { replace = false }: { readonly replace?: boolean } = {},
): Promise<Installed> {
  if (!SKILL_NAME.test(name)) throw new Error(`"${name}" is no name: use letters, digits, dot, dash, underscore`)
  const folder = join(skills, name)
  const { problem } = await loadSkill(folder, from)
  if (problem !== undefined) throw new Error(problem.replaceAll(folder, from))
  await checkFiles(from)
  if (!replace && (await isThere(folder)))
    throw new Error(`${folder} is there already; remove it first: claw skill remove ${name}`)
  const alike = (await readdir(skills).catch(() => [])).find((one) => one !== name && one.toLowerCase() === name.toLowerCase())
  if (alike !== undefined) throw new Error(`there is a skill "${alike}" already, which some disks cannot tell from "${name}"`)
  // Hidden, so that nothing takes a half copy for a skill.
  const half = join(skills, `.${name}.new`)
  await mkdir(skills, { recursive: true })
  await rm(half, { recursive: true, force: true })
  try {
    await cp(from, half, { recursive: true, filter: (path) => !LEFT_OUT.has(path.slice(from.length + 1).split('/')[0] ?? '') })
    if (replace) await rm(folder, { recursive: true, force: true })
    await rename(half, folder)
  } finally {
    await rm(half, { recursive: true, force: true })
  }
  return { name, folder }
}

const isThere = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  )

/** Plain files in plain folders, and not too many: a link could lead anywhere. */
async function checkFiles(root: string): Promise<void> {
  let [files, bytes] = [0, 0]
  const visit = async (folder: string): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (folder === root && LEFT_OUT.has(entry.name)) continue
      const path = join(folder, entry.name)
      if (entry.isDirectory()) await visit(path)
      else if (!entry.isFile()) throw new Error(`${path} is neither a file nor a folder; a skill holds nothing else`)
      else {
        files++
        bytes += (await lstat(path)).size
      }
      if (files > MAX_FILES || bytes > MAX_BYTES)
        throw new Error(`it is larger than a skill may be: ${MAX_FILES} files, ${MAX_BYTES} bytes`)
    }
  }
  await visit(root)
}
