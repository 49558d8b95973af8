// bubblewrap's command line: the system read-only, the agent's folders as their access says, everything else out of sight.

import { existsSync } from 'node:fs'
import { access, constants, realpath, rm, rmdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { WorkspaceRoot } from '../plan/plan.ts'
import type { Wrap } from './sandbox.ts'
import { gitStandIn } from './sandbox-git.ts'
import { type Hidden, hiddenIn } from './sandbox-hidden.ts'

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
export const PROXY_INSIDE = '/run/claw-proxy.sock'

export const bubblewrap: Wrap = async (program, argv, place) => {
  const args = [program, '--unshare-all', '--die-with-parent', '--new-session', '--cap-drop', 'ALL', '--hostname', 'sandbox']
  for (const folder of SYSTEM) if (existsSync(folder)) args.push('--ro-bind', folder, folder)
  for (const file of SYSTEM_SECRETS) if (existsSync(file)) args.push('--ro-bind', '/dev/null', file)
  for (const folder of SYSTEM_SECRET_FOLDERS) if (existsSync(folder)) args.push('--tmpfs', folder)
  args.push('--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp', '--tmpfs', '/run', '--tmpfs', '/var/tmp')
  const node = process.execPath
  if (!SYSTEM.some((folder) => node.startsWith(`${folder}/`))) args.push('--ro-bind-try', dirname(node), dirname(node))

  const mounts = new Mounts(args)
  const roots = await realRoots(place.roots)
  for (const root of roots.inOrder) await mounts.root(root, await hiddenIn(root.path, place.protectedPaths), roots.cwd)
  mounts.close()
  if (place.proxySocket !== undefined) args.push('--bind', place.proxySocket, PROXY_INSIDE)
  args.push('--setenv', 'HOME', '/tmp', '--setenv', 'TMPDIR', '/tmp', '--chdir', roots.cwd ?? '/', '--')
  return { argv: [...args, ...argv], after: () => mounts.after() }
}

/** Without links, outer folders first: what is mounted later lies on top, so a folder in another keeps its own access. */
async function realRoots(
  roots: readonly WorkspaceRoot[],
): Promise<{ readonly cwd: string | undefined; readonly inOrder: readonly WorkspaceRoot[] }> {
  const found: WorkspaceRoot[] = []
  for (const root of roots) {
    const path = await realpath(root.path).catch(() => undefined)
    if (path !== undefined && !found.some((one) => one.path === path)) found.push({ path, access: root.access })
  }
  return { cwd: found[0]?.path, inOrder: [...found].sort((a, b) => a.path.length - b.path.length) }
}

/** Folders between a root and what is hidden in it: one that could be renamed would take the hidden away with it. */
const above = (root: string, hidden: readonly Hidden[]): readonly string[] => {
  const folders = new Set<string>()
  for (const { path } of hidden) {
    for (let folder = dirname(path); folder.startsWith(`${root}/`); folder = dirname(folder)) folders.add(folder)
  }
  return [...folders].sort()
}

/** Empty files and folders that bubblewrap made to mount on, by the runs that use them now. */
const madeFor = new Map<string, number>()

/** The mounts of one run, and what is left to do after it. */
class Mounts {
  readonly #args: string[]
  readonly #empty: string[] = []
  readonly #after: (() => Promise<unknown>)[] = []

  constructor(args: string[]) {
    this.#args = args
  }

  async root(root: WorkspaceRoot, hidden: readonly Hidden[], cwd: string | undefined): Promise<void> {
    const { path } = root
    const writes = root.access === 'write'
    this.#args.push(writes ? '--bind' : '--ro-bind', path, path)
    // A folder that is mounted on itself can be used as before, but not renamed.
    if (writes) for (const folder of above(path, hidden)) this.#args.push('--bind', folder, folder)
    for (const one of hidden) {
      if (!writes && one.how !== 'hidden') continue
      if (one.how === 'absent' || madeFor.has(one.path)) await this.#absent(one)
      else if (one.how === 'git') await this.#git(one, one.folder && dirname(one.path) === cwd)
      else if (one.how === 'read-only') this.#args.push('--ro-bind', one.path, one.path)
      else this.#hide(one)
    }
  }

  /** Folders that hide something become read-only last: another root may have to be mounted in one. */
  close(): void {
    for (const path of this.#empty) this.#args.push('--remount-ro', path)
  }

  async after(): Promise<void> {
    for (const step of this.#after) await step().catch(() => {})
  }

  #hide({ path, folder }: Pick<Hidden, 'path' | 'folder'>): void {
    if (!folder) this.#args.push('--ro-bind', '/dev/null', path)
    else {
      this.#args.push('--tmpfs', path)
      this.#empty.push(path)
    }
  }

  /** bubblewrap makes what it mounts on: an empty file or folder. The last run that uses it takes it away again. */
  async #absent({ path, folder }: Hidden): Promise<void> {
    // Where the folder cannot be written, nothing can come to be.
    if (!(await isWritable(dirname(path)))) return
    this.#hide({ path, folder })
    madeFor.set(path, (madeFor.get(path) ?? 0) + 1)
    this.#after.push(async () => {
      const others = (madeFor.get(path) ?? 1) - 1
      if (others > 0) return void madeFor.set(path, others)
      madeFor.delete(path)
      if (folder) await rmdir(path)
      else if ((await stat(path)).size === 0) await rm(path)
    })
  }

  async #git({ path }: Hidden, standsIn: boolean): Promise<void> {
    if (!standsIn) {
      this.#args.push('--ro-bind', path, path)
      return
    }
    const { args, after } = await gitStandIn(path)
    this.#args.push(...args)
    this.#after.push(after)
  }
}

const isWritable = (folder: string): Promise<boolean> =>
  access(folder, constants.W_OK).then(
    () => true,
    () => false,
  )
