// Commands run to their end, and servers started until they answer, both timed from outside.

import { type ChildProcess, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { packageRoot } from '../src/resources.ts'

export const CLAW = join(packageRoot(), 'bin/claw.js')
const agent = new Agent({ keepAlive: true, maxSockets: 4096 })

/** Wall time of a whole process, ms. @throws when it does not end with 0 */
export function timeCommand(args: readonly string[], cwd: string): Promise<number> {
  const started = performance.now()
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd, stdio: 'ignore' })
    child.on('error', reject)
    child.on('exit', (code) =>
      code === 0 ? resolve(performance.now() - started) : reject(new Error(`${args.join(' ')} ended with ${code}`)),
    )
  })
}

export interface Server {
  readonly child: ChildProcess
  readonly pid: number
  readonly url: string
  /** From spawn to the first answer, ms. */
  readonly readyMs: number
  stop(): Promise<void>
}

/** A bare Node program that prints its port. */
export async function startFloor(script: string, args: readonly string[] = []): Promise<Server> {
  const started = performance.now()
  const child = spawn(process.execPath, [join(packageRoot(), 'bench/floor', script), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const port = await new Promise<string>((resolve) =>
    child.stdout?.once('data', (data: Buffer) => resolve(data.toString().trim())),
  )
  const url = `http://127.0.0.1:${port}`
  if (script === 'http.mjs') await call(url, 'GET', '/')
  return server(child, url, performance.now() - started)
}

/** `claw run` in a folder, until /readyz says yes. */
export async function startClaw(cwd: string, env: Record<string, string> = {}): Promise<Server> {
  const started = performance.now()
  const child = spawn(process.execPath, [CLAW, 'run', '--log-level', 'error'], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  for (;;) {
    if (child.exitCode !== null) throw new Error(`claw ended with ${child.exitCode}`)
    const info = await readFile(join(cwd, '.openclaw/gateway.json'), 'utf8').then(
      (text) => JSON.parse(text) as { url: string; pid: number },
      () => null,
    )
    if (info !== null && info.pid === child.pid) {
      const { status } = await call(info.url, 'GET', '/readyz').catch(() => ({ status: 0 }))
      if (status === 200) return server(child, info.url, performance.now() - started)
    }
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

function server(child: ChildProcess, url: string, readyMs: number): Server {
  return {
    child,
    pid: child.pid ?? 0,
    url,
    readyMs,
    stop: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve()
        child.once('exit', () => resolve())
        child.kill('SIGTERM')
        setTimeout(() => child.kill('SIGKILL'), 5_000).unref()
      }),
  }
}

/** One request over a kept connection. */
export function call(url: string, method: string, path: string, body?: object): Promise<{ status: number; body: string }> {
  const text = body === undefined ? undefined : JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const sent = request(
      `${url}${path}`,
      {
        method,
        agent,
        headers: text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
      },
      (response) => {
        let answer = ''
        response.setEncoding('utf8')
        response.on('data', (data: string) => {
          answer += data
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: answer }))
      },
    )
    sent.on('error', reject)
    sent.end(text)
  })
}

/** A turn; its time in ms. @throws when the answer is not the expected one: the two sides must do the same work */
export async function turn(url: string, user: string, message: string, expected: string): Promise<number> {
  const started = performance.now()
  const { status, body } = await call(url, 'POST', '/chat', { user_id: user, message })
  const ms = performance.now() - started
  if (status !== 200 || (JSON.parse(body) as { response: string }).response !== expected)
    throw new Error(`a turn went wrong: ${status} ${body.slice(0, 200)}`)
  return ms
}
