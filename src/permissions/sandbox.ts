// Containment: a command line in, the same inside a sandbox out. bubblewrap on Linux, sandbox-exec on macOS. The system is
// read-only, the workspace writable, homes and the engine's files out of sight, and there is no network but by a host list.

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { messageOf } from '../errors.ts'
import type { WorkspaceRoot } from '../plan/plan.ts'
import { headOf } from '../text-cut.ts'
import { bubblewrap, PROXY_INSIDE } from './sandbox-bubblewrap.ts'
import { seatbelt } from './sandbox-seatbelt.ts'

export interface SandboxPlace {
  /** The first is the working folder. */
  readonly roots: readonly WorkspaceRoot[]
  readonly protectedPaths: readonly string[]
  /** A socket of the host's allow-listing proxy; absent: no network at all. */
  readonly proxySocket?: string
}

export interface Wrapped {
  readonly argv: readonly string[]
  /** Takes away what was made for the run alone. Must not throw. */
  after(): Promise<void>
}

export interface Sandbox {
  readonly kind: 'bubblewrap' | 'sandbox-exec' | 'none'
  /** Whether a sandboxed program really ran here. Tried once. */
  works(): Promise<boolean>
  /** Why it does not work, in a sentence a person can act on. */
  problem(): Promise<string | undefined>
  /** The command line that runs `argv` inside, and what is to be done when it has ended. */
  wrap(argv: readonly string[], place: SandboxPlace): Promise<Wrapped>
  /** Where the proxy's socket is seen inside; undefined: host lists can't be enforced here, so there is no network. */
  readonly proxyAt: string | undefined
}

export interface SandboxOptions {
  readonly platform?: NodeJS.Platform
  /** Absolute path of the program; tests name one that fails. */
  readonly program?: string
}

const PROGRAMS = { bwrap: ['/usr/bin/bwrap', '/usr/local/bin/bwrap', '/bin/bwrap'], 'sandbox-exec': ['/usr/bin/sandbox-exec'] }

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

export type Wrap = (program: string, argv: readonly string[], place: SandboxPlace) => Promise<Wrapped>

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
    const { argv } = await wrap(program, ['/bin/sh', '-c', 'exit 0'], {
      roots: [{ path: '/usr', access: 'read' }],
      protectedPaths: [],
    })
    const [file, ...args] = argv
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
