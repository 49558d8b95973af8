// Containment: a command line in, the same inside a sandbox out. bubblewrap on Linux, sandbox-exec on macOS. The system is
// read-only, the workspace writable, homes and the engine's files out of sight, and there is no network but by a host list.

import { execFile } from 'node:child_process'
import { type Dirent, existsSync } from 'node:fs'
import { lstat, readdir, realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { messageOf } from '../errors.ts'
import type { WorkspaceRoot } from '../plan/plan.ts'
import { headOf } from '../text-cut.ts'
import { isPattern, patternFolder } from './engine-files.ts'
import { isProtectedName } from './protected.ts'

export interface SandboxPlace {
  /** The first is the working folder. */
  readonly roots: readonly WorkspaceRoot[]
  readonly protectedPaths: readonly string[]
  /** A socket of the host's allow-listing proxy; absent: no network at all. */
  readonly proxySocket?: string
}

export interface Sandbox {
  readonly kind: 'bubblewrap' | 'sandbox-exec' | 'none'
  /** Whether a sandboxed program really ran here. Tried once. */
  works(): Promise<boolean>
  /** Why it does not work, in a sentence a person can act on. */
  problem(): Promise<string | undefined>
  /** The command line that runs `argv` inside. */
  wrap(argv: readonly string[], place: SandboxPlace): Promise<readonly string[]>
  /** Where the proxy's socket is seen inside; undefined: host lists can't be enforced here, so there is no network. */
  readonly proxyAt: string | undefined
}

export interface SandboxOptions {
  readonly platform?: NodeJS.Platform
  /** Absolute path of the program; tests name one that fails. */
  readonly program?: string
}

const SYSTEM = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/etc', '/opt', '/nix/store', '/snap']
const SYSTEM_SECRETS = [
  '/etc/shadow',
  '/etc/shadow-',
  '/etc/gshadow',
  '/etc/gshadow-',
  '/etc/sudoers',
  '/etc/krb5.keytab',
  '/etc/machine-id',
]
const SYSTEM_SECRET_FOLDERS = ['/etc/ssh', '/etc/ssl/private', '/etc/sudoers.d', '/etc/wireguard', '/etc/NetworkManager']
const PROGRAMS = { bwrap: ['/usr/bin/bwrap', '/usr/local/bin/bwrap', '/bin/bwrap'], 'sandbox-exec': ['/usr/bin/sandbox-exec'] }
const PROXY_INSIDE = '/run/claw-proxy.sock'
const MOST_ENTRIES = 3000
const MOST_DEPTH = 4

/** Chooses the sandbox of this platform; nothing runs before it is asked. */
export function createSandbox(options: SandboxOptions = {}): Sandbox {
  const platform = options.platform ?? process.platform
  if (platform === 'linux') return tried('bubblewrap', 'bwrap', options.program, bubblewrap, PROXY_INSIDE)
  if (platform === 'darwin') return tried('sandbox-exec', 'sandbox-exec', options.program, seatbelt, undefined)
  const problem = `There is no sandbox for ${platform}.`
  return {
    kind: 'none',
    proxyAt: undefined,
    works: async () => false,
    problem: async () => problem,
    wrap: async () => {
      throw new Error(problem)
    },
  }
}

type Wrap = (program: string, argv: readonly string[], place: SandboxPlace) => Promise<readonly string[]>

function tried(
  kind: Sandbox['kind'],
  name: keyof typeof PROGRAMS,
  given: string | undefined,
  wrap: Wrap,
  proxyAt: string | undefined,
): Sandbox {
  const program = given ?? PROGRAMS[name].find((path) => existsSync(path))
  let result: Promise<string | undefined> | undefined
  async function attempt(): Promise<string | undefined> {
    if (program === undefined)
      return name === 'bwrap' ? 'bubblewrap is not installed (package `bubblewrap`).' : '`sandbox-exec` is missing.'
    const [file, ...args] = await wrap(program, ['/bin/sh', '-c', 'exit 0'], {
      roots: [{ path: '/usr', access: 'read' }],
      protectedPaths: [],
    })
    return await new Promise((done) => {
      execFile(file as string, args, { timeout: 10_000, env: {} }, (error, _, stderr) => {
        const detail = (stderr.trim().split('\n')[0] ?? '') || (error === null ? '' : messageOf(error))
        done(error === null ? undefined : `${kind} is installed but does not work here: ${headOf(detail, 200)}`)
      })
    })
  }
  const problem = (): Promise<string | undefined> => {
    result ??= attempt().catch((error: unknown) => messageOf(error))
    return result
  }
  return {
    kind,
    proxyAt,
    problem,
    works: async () => (await problem()) === undefined,
    wrap: (argv, place) => wrap(program as string, argv, place),
  }
}

interface Hidden {
  readonly path: string
  readonly folder: boolean
  readonly readOnly?: true
}

/** What must not be seen inside the workspace: the engine's files and protected names. Bounded: very deep or large trees are cut. */
async function hiddenIn(root: string, protectedPaths: readonly string[]): Promise<Hidden[]> {
  const hidden: Hidden[] = []
  const hide = async (path: string, readOnly: boolean): Promise<boolean> => {
    const info = await lstat(path).catch(() => undefined)
    if (info === undefined) return false
    const real = info.isSymbolicLink() ? root : await realpath(path)
    if (real.startsWith(`${root}/`) && !hidden.some((one) => one.path === real))
      hidden.push({ path: real, folder: info.isDirectory(), ...(readOnly ? { readOnly: true } : {}) })
    return true
  }
  for (const own of protectedPaths) {
    // What is not there yet may not come to be: the folder it would stand in is read-only.
    if (isPattern(own)) await hide(patternFolder(own), true)
    else if (!(await hide(own, false))) await hide(dirname(own), true)
  }
  hidden.sort((a, b) => Number(b.readOnly ?? false) - Number(a.readOnly ?? false))
  let left = MOST_ENTRIES
  const walk = async (folder: string, depth: number): Promise<void> => {
    const entries: Dirent[] = await readdir(folder, { withFileTypes: true }).catch(() => [])
    for (const entry of entries) {
      if (left-- <= 0) return
      const path = join(folder, entry.name)
      if (entry.isSymbolicLink()) continue
      if (isProtectedName(entry.name)) hidden.push({ path, folder: entry.isDirectory() })
      else if (entry.name === '.git' && entry.isDirectory()) {
        for (const inner of ['config', 'hooks']) {
          if (existsSync(join(path, inner))) hidden.push({ path: join(path, inner), folder: inner === 'hooks', readOnly: true })
        }
      } else if (
        entry.isDirectory() &&
        entry.name !== 'node_modules' &&
        depth < MOST_DEPTH &&
        !hidden.some((one) => one.path === path)
      )
        await walk(path, depth + 1)
    }
  }
  await walk(root, 0)
  return hidden
}

/** Folders between the workspace and what is hidden in it: one that could be renamed would take the hidden away with it. */
const above = (root: string, hidden: readonly Hidden[]): readonly string[] => {
  const folders = new Set<string>()
  for (const { path } of hidden) {
    for (let folder = dirname(path); folder.startsWith(`${root}/`); folder = dirname(folder)) folders.add(folder)
  }
  return [...folders].sort()
}

const bubblewrap: Wrap = async (program, argv, place) => {
  const args = [program, '--unshare-all', '--die-with-parent', '--new-session', '--cap-drop', 'ALL', '--hostname', 'sandbox']
  for (const folder of SYSTEM) if (existsSync(folder)) args.push('--ro-bind', folder, folder)
  for (const file of SYSTEM_SECRETS) if (existsSync(file)) args.push('--ro-bind', '/dev/null', file)
  for (const folder of SYSTEM_SECRET_FOLDERS) if (existsSync(folder)) args.push('--tmpfs', folder)
  args.push('--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp', '--tmpfs', '/run', '--tmpfs', '/var/tmp')
  const node = process.execPath
  if (!SYSTEM.some((folder) => node.startsWith(`${folder}/`))) args.push('--ro-bind-try', dirname(node), dirname(node))
  let cwd: string | undefined
  for (const root of place.roots) {
    const real = await realpath(root.path).catch(() => undefined)
    if (real === undefined) continue
    cwd ??= real
    args.push(root.access === 'write' ? '--bind' : '--ro-bind', real, real)
    const hidden = await hiddenIn(real, place.protectedPaths)
    // A folder that is mounted on itself can be used as before, but not renamed.
    if (root.access === 'write') for (const folder of above(real, hidden)) args.push('--bind', folder, folder)
    for (const one of hidden) {
      if (one.readOnly === true) args.push('--ro-bind', one.path, one.path)
      else if (one.folder) args.push('--tmpfs', one.path, '--remount-ro', one.path)
      else args.push('--ro-bind', '/dev/null', one.path)
    }
  }
  if (place.proxySocket !== undefined) args.push('--bind', place.proxySocket, PROXY_INSIDE)
  args.push('--setenv', 'HOME', '/tmp', '--setenv', 'TMPDIR', '/tmp', '--chdir', cwd ?? '/', '--')
  return [...args, ...argv]
}

const quote = (path: string): string => `"${path.replace(/[\\"]/g, '\\$&')}"`

const seatbelt: Wrap = async (program, argv, place) => {
  const rules = [
    '(version 1)',
    '(allow default)',
    '(deny network*)',
    '(deny file-write*)',
    '(deny file-read* (subpath "/Users"))',
  ]
  rules.push('(allow file-write* (literal "/dev/null") (literal "/dev/stdout") (literal "/dev/stderr") (subpath "/private/tmp"))')
  rules.push('(allow file-read-metadata (subpath "/Users"))')
  for (const root of place.roots) {
    const real = await realpath(root.path).catch(() => undefined)
    if (real === undefined) continue
    rules.push(`(allow file-read* (subpath ${quote(real)}))`)
    if (root.access === 'write') rules.push(`(allow file-write* (subpath ${quote(real)}))`)
    for (const one of await hiddenIn(real, place.protectedPaths))
      rules.push(`(deny ${one.readOnly === true ? 'file-write*' : 'file-read* file-write*'} (subpath ${quote(one.path)}))`)
  }
  for (const own of place.protectedPaths) rules.push(`(deny file-read* file-write* (subpath ${quote(own)}))`)
  return [program, '-p', rules.join('\n'), ...argv]
}
