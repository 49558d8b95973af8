// The built `claw` as a process of its own: started, spoken to, killed.

import { type ChildProcess, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { packageRoot } from '../../src/resources.ts'

export const CLAW = join(packageRoot(), 'bin/claw.js')

export interface Finished {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs one command line to its end. */
export function claw(
  args: readonly string[],
  options: { cwd: string; env?: Record<string, string>; input?: string },
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CLAW, ...args], {
      cwd: options.cwd,
      env: { PATH: process.env['PATH'] ?? '', ...options.env },
    })
    let out = ''
    let err = ''
    child.stdout.on('data', (data: Buffer) => {
      out += data.toString()
    })
    child.stderr.on('data', (data: Buffer) => {
      err += data.toString()
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, out, err }))
    child.stdin.end(options.input ?? '')
  })
}

export interface RunningClaw {
  readonly child: ChildProcess
  readonly url: string
  readonly ownerSecret: string
  readonly log: () => string
  /** Ends it as a supervisor would; gives the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

/** Starts `claw run` and waits until it is ready. `stateDir`: where its state is, if not in the default place. */
export async function startClawProcess(
  cwd: string,
  env: Record<string, string> = {},
  args: readonly string[] = [],
  stateDir: string = join(cwd, '.openclaw'),
): Promise<RunningClaw> {
  const child = spawn(process.execPath, [CLAW, 'run', ...args], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  child.stdout.on('data', (data: Buffer) => {
    log += data.toString()
  })
  child.stderr.on('data', (data: Buffer) => {
    log += data.toString()
  })
  let ended: number | null | undefined
  const exit = new Promise<number | null>((resolve) =>
    child.on('exit', (code) => {
      ended = code
      resolve(code)
    }),
  )
  for (let i = 0; i < 1500; i++) {
    if (ended !== undefined) throw new Error(`claw ended with ${ended}:\n${log}`)
    const info = await gatewayFile(stateDir)
    if (info !== null && info.pid === child.pid && (await isReady(info.url))) {
      return {
        child,
        url: info.url,
        ownerSecret: info.ownerSecret,
        log: () => log,
        stop(signal = 'SIGTERM') {
          child.kill(signal)
          return exit
        },
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  child.kill('SIGKILL')
  throw new Error(`claw did not get ready:\n${log}`)
}

async function gatewayFile(stateDir: string): Promise<{ url: string; pid: number; ownerSecret: string } | null> {
  try {
    return JSON.parse(await readFile(join(stateDir, 'gateway.json'), 'utf8')) as {
      url: string
      pid: number
      ownerSecret: string
    }
  } catch {
    return null
  }
}

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/readyz`)
    .then((response) => response.json())
    .then(
      (body) => (body as { ready: boolean }).ready || (body as { degraded?: boolean }).degraded === true,
      () => false,
    )

export async function post(
  url: string,
  body: object,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${url}/chat`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}
