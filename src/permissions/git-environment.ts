// git's part of a child's environment. A repository's own settings can name programs that `git status` or `git diff` would start,
// and anyone who packed the repository wrote them. They are overruled here by settings that stand above them: some always, and those
// under a name of the repository's choosing (a diff driver, a filter) by reading which names there are.

import { existsSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { contains } from './engine-files.ts'

type Setting = readonly [key: string, value: string]

/** For every command, in a repository or not. */
const ALWAYS: readonly Setting[] = [
  ['safe.bareRepository', 'explicit'],
  ['core.fsmonitor', 'false'],
  ['core.hooksPath', '/dev/null'],
  ['protocol.ext.allow', 'never'],
  ['protocol.fd.allow', 'never'],
]

/** Environment variables that stand above settings of the same meaning. */
const VARIABLES: Readonly<Record<string, string>> = {
  GIT_PAGER: 'cat',
  GIT_EDITOR: 'true',
  GIT_SEQUENCE_EDITOR: 'true',
  GIT_ASKPASS: '',
  GIT_TERMINAL_PROMPT: '0',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_NO_LAZY_FETCH: '1',
}

/** What an external diff is given as its second and fifth argument are the two files. */
const PLAIN_DIFF = 'f() { diff -u -- "$2" "$5"; true; }; f'

/** Settings that name a program: the word that gives them away in a file, and what stands in their place. */
const PROGRAMS: readonly (readonly [word: RegExp, ...settings: Setting[]])[] = [
  [/external/i, ['diff.external', PLAIN_DIFF]],
  [/sshcommand/i, ['core.sshCommand', 'ssh']],
  [/gitproxy/i, ['core.gitProxy', '']],
  [/alternaterefscommand/i, ['core.alternateRefsCommand', 'true']],
  [/helper/i, ['credential.helper', '']],
  [/program|showsignature/i, ['gpg.program', 'false'], ['gpg.openpgp.program', 'false'], ['gpg.x509.program', 'false']],
  [/program|showsignature/i, ['gpg.ssh.program', 'false'], ['log.showSignature', 'false']],
  [/defaultkeycommand/i, ['gpg.ssh.defaultKeyCommand', 'true']],
  [/difffilter/i, ['interactive.diffFilter', 'cat']],
  [/recentobjectshook/i, ['gc.recentObjectsHook', '']],
  [/savecookies/i, ['http.saveCookies', 'false']],
  // Of several git takes the first, the repository's. It runs here for a remote that is a path.
  [/uploadpack|receivepack/i, ['protocol.file.allow', 'never']],
]

/** The same under a name that the repository chooses: `diff "NAME"`. */
const NAMED: Readonly<Record<string, readonly (readonly [word: RegExp, key: string, value: string])[]>> = {
  diff: [
    [/textconv/i, 'textconv', 'cat'],
    [/command/i, 'command', PLAIN_DIFF],
  ],
  filter: [
    [/clean/i, 'clean', ''],
    [/smudge/i, 'smudge', ''],
    [/process/i, 'process', ''],
    [/required/i, 'required', 'false'],
  ],
  merge: [[/driver/i, 'driver', 'false']],
  submodule: [[/update/i, 'update', 'checkout']],
  tar: [[/command/i, 'command', 'cat']],
  trailer: [
    [/command/i, 'command', 'true'],
    [/cmd/i, 'cmd', 'true'],
  ],
  credential: [[/helper/i, 'helper', '']],
}

/** The variables for a command that starts in a folder. Never throws: what cannot be read sets nothing. */
export async function gitEnvironment(cwd: string): Promise<Readonly<Record<string, string>>> {
  const settings = [...ALWAYS, ...(await overruled(cwd))]
  const numbered = settings.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ])
  return { ...VARIABLES, GIT_CONFIG_COUNT: String(settings.length), ...Object.fromEntries(numbered) }
}

/** What the settings of the repository around a folder name, and those of the repositories in it. */
async function overruled(cwd: string): Promise<readonly Setting[]> {
  const found = await repositoryAround(cwd)
  if (found === undefined) return []
  const files = new Files()
  await files.repository(found.git)
  // Commands that look at a submodule read its settings too.
  if (await holdsSubmodules(found.git)) for (const git of await repositoriesBelow(found.top)) await files.repository(git)
  const settings = new Map<string, string>()
  for (const text of files.texts) for (const [key, value] of settingsIn(text)) settings.set(key, value)
  if (files.texts.some((text) => namesOwnFolder(text, [found.top, cwd]))) settings.set('protocol.file.allow', 'never')
  return [...settings]
}

/** Where settings say what a remote is: its address, a stand-in for the start of one, or an address in place of a name. */
const ADDRESS = /^[ \t]*(?:\[[^\]]*\][ \t]*)?(?:url|pushurl|remote|pushremote|pushdefault)[ \t]*=(.*)$/gim
const STAND_IN = /\[[ \t]*url[ \t]*"((?:[^"\\\n]|\\.)*)"/gi

/**
 * Whether a remote is a folder below one of these. git does not hand our settings to the other side, so the hooks of such a folder
 * would run, and anyone who may write there wrote them.
 */
function namesOwnFolder(settings: string, folders: readonly [top: string, cwd: string]): boolean {
  const text = settings.replace(/\\\r?\n/g, '')
  const values = [...text.matchAll(ADDRESS), ...text.matchAll(STAND_IN)].map(([, value = '']) => value)
  return values.some((value) => {
    const address = value
      .replace(/\s[#;].*$/, '')
      .replace(/["\\]/g, '')
      .trim()
      .replace(/^file:\/\//i, '')
    if (address === '' || /^[^/]*:/.test(address)) return false
    const path = resolve(folders[0], address)
    return folders.some((folder) => contains(folder, path)) && [path, `${path}.git`].some((one) => existsSync(one))
  })
}

const SECTION = /\[\s*([a-z0-9-]+)(?:\s*"((?:[^"\\\n]|\\.)*)"|\.([^\]\s]*))?\s*\]/gi

function settingsIn(text: string): readonly Setting[] {
  const settings: Setting[] = PROGRAMS.flatMap(([word, ...all]) => (word.test(text) ? all : []))
  for (const [, section = '', quoted, dotted] of text.matchAll(SECTION)) {
    const name = quoted?.replace(/\\(.)/g, '$1') ?? dotted?.toLowerCase()
    if (name === undefined) continue
    for (const [word, key, value] of NAMED[section.toLowerCase()] ?? [])
      if (word.test(text)) settings.push([`${section.toLowerCase()}.${name}.${key}`, value])
  }
  return settings
}

const MOST_BYTES = 1024 * 1024
const MOST_FILES = 200

/** Files of settings, each once, with those they include, whatever the condition. */
class Files {
  readonly #seen = new Set<string>()
  readonly texts: string[] = []

  /** `git`: the folder that holds HEAD. */
  async repository(git: string): Promise<void> {
    const common = resolve(git, (await textOf(join(git, 'commondir'))).trim() || '.')
    for (const folder of new Set([git, common]))
      for (const name of ['config', 'config.worktree']) await this.#read(join(folder, name))
    for (const module of await modulesIn(join(common, 'modules'))) await this.#read(join(module, 'config'))
  }

  async #read(file: string): Promise<void> {
    if (this.#seen.has(file) || this.#seen.size >= MOST_FILES) return
    this.#seen.add(file)
    const text = await textOf(file)
    if (text === '') return
    this.texts.push(text)
    for (const [, path = ''] of text.matchAll(/^[ \t]*(?:\[[^\]]*\][ \t]*)?path[ \t]*=[ \t]*"?([^"\n]*?)"?[ \t]*$/gim)) {
      const plain = path.replace(/^~\//, `${homedir()}/`)
      await this.#read(isAbsolute(plain) ? plain : join(dirname(file), plain))
    }
  }
}

/** '' for what is no ordinary file, or too large. */
async function textOf(file: string): Promise<string> {
  const info = await stat(file).catch(() => undefined)
  if (info?.isFile() !== true || info.size > MOST_BYTES) return ''
  return await readFile(file, 'utf8').catch(() => '')
}

/** The nearest folder above that has a `.git`, as git itself looks for it. */
async function repositoryAround(cwd: string): Promise<{ readonly top: string; readonly git: string } | undefined> {
  for (let top = cwd; ; top = dirname(top)) {
    const git = await gitFolderIn(top)
    if (git !== undefined) return { top, git }
    if (top === dirname(top)) return undefined
  }
}

/** `.git` itself, or the folder that it names. */
async function gitFolderIn(top: string): Promise<string | undefined> {
  const path = join(top, '.git')
  const info = await stat(path).catch(() => undefined)
  if (info?.isDirectory() === true) return path
  const named = info === undefined ? undefined : /^gitdir:\s*(.+?)\s*$/m.exec(await textOf(path))?.[1]
  return named === undefined ? undefined : resolve(top, named)
}

/** An entry of the index that is another repository has this mode. Its bytes may occur by chance: then more is looked at. */
const SUBMODULE_MODE = Buffer.from([0x00, 0x00, 0xe0, 0x00])

async function holdsSubmodules(git: string): Promise<boolean> {
  const names = await readdir(git).catch(() => [])
  for (const name of names.filter((one) => one === 'index' || one.startsWith('sharedindex.'))) {
    const bytes = await readFile(join(git, name)).catch(() => undefined)
    if (bytes?.includes(SUBMODULE_MODE) === true) return true
  }
  return false
}

const MOST_FOLDERS = 2000

/** The git folders of the repositories below a folder, nearest first. */
async function repositoriesBelow(top: string): Promise<readonly string[]> {
  const found: string[] = []
  const folders = [top]
  for (let at = 0; at < folders.length && at < MOST_FOLDERS; at++) {
    const folder = folders[at] as string
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
    for (const entry of entries) {
      if (entry.name === '.git') {
        const git = folder === top ? undefined : await gitFolderIn(folder)
        if (git !== undefined) found.push(git)
      } else if (entry.isDirectory()) folders.push(join(folder, entry.name))
    }
  }
  return found
}

/** Where a repository keeps those of its submodules; their names may hold slashes. */
async function modulesIn(folder: string, depth = 4): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name))
  const found: string[] = []
  for (const one of folders) {
    if ((await stat(join(one, 'HEAD')).catch(() => undefined)) !== undefined)
      found.push(one, ...(await modulesIn(join(one, 'modules'))))
    else if (depth > 0) found.push(...(await modulesIn(one, depth - 1)))
  }
  return found
}
