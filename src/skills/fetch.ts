// Where a skill comes from → a folder on this disk that holds it. Nothing of what is fetched is run: npm packs without scripts,
// git clones without hooks or submodules.

import { execFile } from 'node:child_process'
import { createReadStream, existsSync } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { basename, join, resolve, sep } from 'node:path'
import { promisify } from 'node:util'
import { createGunzip } from 'node:zlib'
import { messageOf } from '../errors.ts'
import { bundledSkill } from './bundled.ts'

const run = promisify(execFile)

/** `PATH`, `npm:NAME`, `git:URL` or the name of a skill that ships; after `#` in a URL, the folder inside it. */
export interface SkillSource {
  readonly kind: 'path' | 'npm' | 'git' | 'bundled'
  readonly place: string
  readonly inside?: string
}

export interface FetchedSkill {
  /** Holds a SKILL.md. */
  readonly folder: string
  /** What the skill is called where it does not say so itself. */
  readonly name: string
}

const TIMEOUT_MS = 120_000
/** Options in place of a name, and git's transports that start programs, are no sources. */
const NPM_NAME = /^(?:@[a-z0-9~][\w.~-]*\/)?[a-z0-9~][\w.~-]*(?:@[\w.~^-]+)?$/i
const GIT_URL = /^(?:https|ssh|file):\/\/\S+$|^[\w.-]+@[\w.-]+:\S+$|^\.{0,2}\/\S+$/

/** A string is a sentence that says what is wrong with it. */
export function parseSource(text: string): SkillSource | string {
  if (text.startsWith('npm:')) {
    const place = text.slice('npm:'.length)
    return NPM_NAME.test(place) ? { kind: 'npm', place } : `"${place}" is not the name of a package.`
  }
  if (!text.startsWith('git:')) return { kind: bundledSkill(text) === undefined ? 'path' : 'bundled', place: text }
  const [place = '', inside] = text.slice('git:'.length).split('#')
  if (!GIT_URL.test(place))
    return `"${place}" is not a URL that a skill is taken from: https, ssh, file, user@host:path, or a folder.`
  return { kind: 'git', place, ...(inside && { inside }) }
}

/** `temporary`: an empty folder for what is fetched. @throws Error with a sentence */
export async function fetchSkill(
  source: SkillSource,
  temporary: string,
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>> },
): Promise<FetchedSkill> {
  const { kind, place, inside } = source
  // A folder of that name is meant rather than what ships.
  const shipped = kind === 'bundled' && !existsSync(resolve(cwd, place)) ? bundledSkill(place) : undefined
  if (shipped !== undefined) return { folder: shipped, name: place }
  if (kind === 'path' || kind === 'bundled') {
    const root = resolve(cwd, place)
    if (!existsSync(root)) throw new Error(`there is no folder ${root}; a package is npm:NAME, a repository git:URL`)
    return await skillIn(root, basename(root))
  }
  const plain = place.replace(/\/+$/, '').replace(/\.git$/, '')
  if (kind === 'npm') {
    const root = await packed(place, temporary, env)
    return await skillIn(root, plain.replace(/^@[^/]*\//, '').replace(/@.*$/, ''))
  }
  const root = await cloned(/^\.{0,2}\//.test(place) ? resolve(cwd, place) : place, join(temporary, 'clone'), env)
  if (inside === undefined) return await skillIn(root, plain.split(/[/:]/).at(-1) ?? '')
  const folder = resolve(root, inside)
  if (!folder.startsWith(root + sep)) throw new Error(`${inside} leads out of the repository`)
  return await skillIn(folder, basename(folder))
}

async function packed(name: string, temporary: string, env: Readonly<Record<string, string | undefined>>): Promise<string> {
  await start('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', temporary, '--', name], temporary, env)
  const archive = (await readdir(temporary)).find((file) => file.endsWith('.tgz'))
  if (archive === undefined) throw new Error(`npm gave no package for ${name}`)
  await checkArchive(join(temporary, archive))
  const root = join(temporary, 'package')
  await mkdir(root)
  await start('tar', ['-xzf', join(temporary, archive), '--strip-components=1', '-C', root], temporary, env)
  return root
}

const MOST_UNPACKED_BYTES = 50_000_000

/** What unpacks to more than any skill is, whatever its own size, is not unpacked. */
async function checkArchive(path: string): Promise<void> {
  let bytes = 0
  const unpacked = createReadStream(path).pipe(createGunzip())
  for await (const chunk of unpacked as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes <= MOST_UNPACKED_BYTES) continue
    unpacked.destroy()
    throw new Error(`it unpacks to more than ${MOST_UNPACKED_BYTES} bytes`)
  }
}

async function cloned(url: string, to: string, env: Readonly<Record<string, string | undefined>>): Promise<string> {
  const quiet = { ...env, GIT_TERMINAL_PROMPT: '0', GIT_ALLOW_PROTOCOL: 'https:ssh:file' }
  await start('git', ['-c', 'core.hooksPath=/dev/null', 'clone', '--quiet', '--depth=1', '--', url, to], undefined, quiet)
  return to
}

async function start(
  program: string,
  args: readonly string[],
  cwd: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  try {
    await run(program, args, {
      ...(cwd !== undefined && { cwd }),
      env: { PATH: process.env['PATH'], ...env },
      timeout: TIMEOUT_MS,
    })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new Error(`${program} is not installed`, { cause: error })
    const said = String((error as { stderr?: unknown }).stderr ?? '')
      .trim()
      .split('\n')
      .at(-1)
    throw new Error(`${program} failed: ${said || messageOf(error)}`, { cause: error })
  }
}

/** The folder itself, or the one below it, or below its `skills/`, that holds a SKILL.md. */
async function skillIn(root: string, name: string): Promise<FetchedSkill> {
  if (await holdsSkill(root)) return { folder: root, name }
  const found: FetchedSkill[] = []
  for (const at of [root, join(root, 'skills')]) {
    for (const entry of await readdir(at, { withFileTypes: true }).catch(() => [])) {
      const folder = join(at, entry.name)
      if (entry.isDirectory() && (await holdsSkill(folder))) found.push({ folder, name: entry.name })
    }
  }
  const [only, ...others] = found
  if (only === undefined) throw new Error('it holds no SKILL.md')
  if (others.length === 0) return only
  throw new Error(`it holds several skills, name one: ${found.map((one) => one.folder.slice(root.length + 1)).join(', ')}`)
}

const holdsSkill = async (folder: string): Promise<boolean> =>
  (await readdir(folder).catch(() => [])).some((name) => name.toLowerCase() === 'skill.md')
