// Runs a command that was judged: its exact bytes, by a bare bash, with an environment of listed names, no input, a time limit,
// and output that is capped and cleared of secrets. In a sandbox where the agent says so.

import { spawn } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { basename, dirname, resolve, sep } from 'node:path'
import { lazily } from '../lazily.ts'
import type { AgentPlan, WorkspaceRoot } from '../plan/plan.ts'
import { headOf, tailOf } from '../text-cut.ts'
import { gitEnvironment } from './git-environment.ts'
import { GateError, type ShellResult, type ShellRunner } from './port.ts'
import type { Redact } from './redact.ts'
import type { Sandbox, Wrapped } from './sandbox.ts'

export interface ShellRunnerOptions {
  /** The first is the working folder. */
  readonly roots: readonly WorkspaceRoot[]
  readonly protectedPaths: readonly string[]
  readonly sandbox: Sandbox
  readonly mode: AgentPlan['sandbox']
  /** Hosts a sandboxed command may reach; none: no network. */
  readonly network: readonly string[]
  readonly redact: Redact
  /** Variables the owner lists for this agent's skills; they win over none of ours. */
  readonly env?: Readonly<Record<string, string>>
  readonly maxBytes?: number
}

const MAX_BYTES = 64 * 1024
const TIMEOUT_MS = 60_000
/** What Linux takes as one argument; macOS takes more, the same limit holds there. */
const MOST_COMMAND = 128 * 1024 - 1
const GRACE_MS = 2000
/** Secrets cut in two at the edge of what is kept would not be seen: so much more is kept until they were looked for. */
const MARGIN = 4096
const SHELLS = ['/bin/bash', '/usr/bin/bash', '/usr/local/bin/bash', '/opt/homebrew/bin/bash'] as const

/** The shell that runs commands. */
export const SHELL_NAME = basename(SHELLS[0])

/** Where the shell that runs commands is, or undefined. */
export const shellProgram = (): string | undefined => SHELLS.find((path) => existsSync(path))
const FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin', '/opt/homebrew/bin']

/** The fixed search path: system folders and Node's own, never one in a workspace. */
export function fixedPath(roots: readonly WorkspaceRoot[]): string {
  const folders = [...FOLDERS, dirname(process.execPath)].filter((folder, index, all) => all.indexOf(folder) === index)
  return folders
    .filter(
      (folder) =>
        existsSync(folder) && !roots.some((root) => folder === resolve(root.path) || folder.startsWith(resolve(root.path) + sep)),
    )
    .join(':')
}

const userHome = lazily(() => userInfo().homedir)

/** What a command finds in HOME: its own in a sandbox of Linux, where homes are out of sight. */
export const homeOf = (sandboxed: boolean): string => (sandboxed && process.platform === 'linux' ? '/tmp' : userHome())

/** What a command finds in its environment besides git's part. Nothing of the engine's own comes through but where its user lives. */
export function childEnvironment(
  roots: readonly WorkspaceRoot[],
  extra: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const user = userInfo()
  return {
    ...extra,
    PATH: fixedPath(roots),
    HOME: homeOf(false),
    USER: user.username,
    LOGNAME: user.username,
    SHELL: '/bin/bash',
    LANG: 'C.UTF-8',
    LC_ALL: 'C.UTF-8',
    TERM: 'dumb',
    NO_COLOR: '1',
    PAGER: 'cat',
    MANPAGER: 'cat',
    ...(process.env['TZ'] === undefined ? {} : { TZ: process.env['TZ'] }),
  }
}

export function createShellRunner(options: ShellRunnerOptions): ShellRunner {
  const first = options.roots[0]
  if (first === undefined) throw new Error('A shell runner needs a root.')
  const cwd = resolve(first.path)
  const environment = childEnvironment(options.roots, options.env)

  return {
    async run(command, { signal, timeoutMs = TIMEOUT_MS, maxBytes = options.maxBytes ?? MAX_BYTES, lastLook }) {
      if (signal.aborted) throw new GateError('The command was stopped before it began.')
      if (command.includes('\0')) throw new GateError('The command holds a NUL character.')
      if (Buffer.byteLength(command) > MOST_COMMAND)
        throw new GateError(
          `The command is longer than ${MOST_COMMAND} bytes, more than the system takes at once. Write a file first.`,
        )
      const sandboxed = options.mode !== 'off' && (await options.sandbox.works())
      if (options.mode === 'required' && !sandboxed)
        throw new GateError(
          `The agent may only run commands in a sandbox, and none works here. ${(await options.sandbox.problem()) ?? ''}`.trim(),
        )
      const bash = shellProgram()
      if (bash === undefined) throw new GateError('bash is not installed.')
      if (first.access === 'write') await mkdir(cwd, { recursive: true })
      if (!statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) throw new GateError('The working folder does not exist.')
      const argv = [bash, '--noprofile', '--norc', '-p', '-c', command]
      const place = { roots: options.roots, protectedPaths: options.protectedPaths }
      if (!sandboxed) return await execute(argv, { sandboxed, signal, timeoutMs, maxBytes, lastLook })
      const inside = async (wrapped: Wrapped): Promise<ShellResult> => {
        try {
          return await execute(wrapped.argv, { sandboxed, signal, timeoutMs, maxBytes, lastLook })
        } finally {
          await wrapped.after()
        }
      }
      if (options.network.length === 0 || options.sandbox.proxyAt === undefined)
        return await inside(await options.sandbox.wrap(argv, place))
      const { behindProxy, startSandboxProxy } = await import('./sandbox-proxy.ts')
      const proxy = await startSandboxProxy(options.network)
      try {
        const behind = behindProxy(argv, options.sandbox.proxyAt)
        return await inside(await options.sandbox.wrap(behind, { ...place, proxySocket: proxy.socket }))
      } finally {
        await proxy.close()
      }
    },
  }

  async function execute(
    argv: readonly string[],
    {
      sandboxed,
      signal,
      timeoutMs,
      maxBytes,
      lastLook,
    }: {
      readonly sandboxed: boolean
      readonly signal: AbortSignal
      readonly timeoutMs: number
      readonly maxBytes: number
      readonly lastLook: (() => Promise<void>) | undefined
    },
  ): Promise<ShellResult> {
    const env = { ...environment, ...(await gitEnvironment(cwd)) }
    await lastLook?.()
    return await new Promise((done, fail) => {
      const [file, ...args] = argv
      const child = spawn(file as string, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
      const output = createCapture(maxBytes)
      let timedOut = false
      let hardKill: NodeJS.Timeout | undefined
      let lastWait: NodeJS.Timeout | undefined
      const kill = (how: NodeJS.Signals): void => {
        try {
          if (child.pid !== undefined) process.kill(-child.pid, how)
        } catch {
          // Gone already.
        }
      }
      const stop = (): void => {
        kill('SIGTERM')
        hardKill ??= setTimeout(() => kill('SIGKILL'), GRACE_MS)
      }
      const timer = setTimeout(() => {
        timedOut = true
        stop()
      }, timeoutMs)
      signal.addEventListener('abort', stop, { once: true })
      child.stdout.on('data', (chunk: Buffer) => output.add(chunk))
      child.stderr.on('data', (chunk: Buffer) => output.add(chunk))
      let stopped = false
      const end = (): void => {
        clearTimeout(timer)
        clearTimeout(hardKill)
        clearTimeout(lastWait)
        signal.removeEventListener('abort', stop)
      }
      child.once('error', (error) => {
        end()
        fail(new GateError(`bash could not be started: ${error.message}`))
      })
      child.once('exit', () => {
        stopped = timedOut || signal.aborted
        // What it left behind in its group may hold the pipes open for ever.
        kill('SIGKILL')
        lastWait = setTimeout(() => {
          child.stdout.destroy()
          child.stderr.destroy()
        }, 500)
      })
      child.once('close', (code) => {
        end()
        kill('SIGKILL')
        const { text, dropped } = output.end(options.redact)
        done({ output: text, exitCode: stopped ? null : code, timedOut, truncatedBytes: dropped, sandboxed })
      })
    })
  }
}

/** Keeps the head and the tail of a stream of bytes: three quarters from the start, the rest from the end. */
function createCapture(maxBytes: number): {
  add(chunk: Buffer): void
  end(redact: Redact): { text: string; dropped: number }
} {
  const headRoom = Math.ceil(maxBytes * 0.75)
  const tailRoom = maxBytes - headRoom
  const head: Buffer[] = []
  let headSize = 0
  let tail = Buffer.alloc(0)
  let total = 0
  return {
    add(chunk) {
      total += chunk.length
      const room = headRoom + MARGIN - headSize
      const forHead = chunk.subarray(0, Math.max(0, room))
      if (forHead.length > 0) {
        head.push(forHead)
        headSize += forHead.length
      }
      const rest = chunk.subarray(forHead.length)
      if (rest.length > 0) {
        const joined = Buffer.concat([tail, rest])
        tail = joined.subarray(Math.max(0, joined.length - tailRoom - MARGIN))
      }
    },
    end(redact) {
      const start = Buffer.concat(head)
      if (total <= maxBytes || headSize + tail.length === total) {
        const whole = redact(Buffer.concat([start, tail]).toString('utf8'))
        if (Buffer.byteLength(whole) <= maxBytes) return { text: whole, dropped: 0 }
      }
      const kept = headOf(redact(start.toString('utf8')), headRoom)
      const last = tailRoom === 0 ? '' : tailOf(redact((tail.length === 0 ? start : tail).toString('utf8')), tailRoom)
      const dropped = Math.max(0, total - Buffer.byteLength(kept) - Buffer.byteLength(last))
      return { text: `${kept}\n[… ${dropped} bytes left out …]\n${last}`, dropped }
    },
  }
}
