// Both sides as processes: the built claw and the bare programs, each beside the same fake model; and a small HTTP client.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { Agent, get as httpGet, request as httpRequest } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { packageRoot } from '../src/resources.ts'
import type { PartContext } from './result.ts'

export const CLAW = join(packageRoot(), 'bin/claw.js')
const floorFile = (name: string): string => join(packageRoot(), 'bench/floor', `${name}.mjs`)

/** Wall milliseconds of one program run to its end. @throws when it failed */
export function timeOf(args: readonly string[], cwd: string): number {
  const start = performance.now()
  const done = spawnSync(process.execPath, [...args], { cwd, encoding: 'utf8', env: environment() })
  const ms = performance.now() - start
  if (done.status !== 0) throw new Error(`${args.join(' ')} ended with ${done.status}: ${done.stdout}${done.stderr}`)
  return ms
}

/** Everything this run started and that has not ended. */
const alive = new Set<ChildProcess>()

/** Ends what a part that failed left behind. */
export async function stopAll(): Promise<void> {
  await Promise.all([...alive].map((child) => stopChild(child, 'SIGKILL')))
}

function kept(child: ChildProcess): ChildProcess {
  alive.add(child)
  child.once('exit', () => alive.delete(child))
  return child
}

const environment = (more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  TZ: 'UTC',
  ...more,
})

export interface Side {
  readonly pid: number
  readonly port: number
  /** Milliseconds from spawn to the first good answer. */
  readonly readyMs: number
  readonly folder: string
  stop(signal?: NodeJS.Signals): Promise<void>
}

export interface Model {
  readonly pid: number
  readonly url: string
  readonly port: number
  count(): Promise<{ readonly calls: number; readonly bytes: number }>
  stop(): Promise<void>
}

export async function startModel(context: PartContext): Promise<Model> {
  const child = kept(spawn(process.execPath, [floorFile('model')], { stdio: ['ignore', 'pipe', 'ignore'], env: environment() }))
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout?.once('data', (text: Buffer) => resolve(Number(text.toString())))
    child.once('error', reject)
  })
  const pid = child.pid as number
  context.own(pid)
  const url = `http://127.0.0.1:${port}`
  return {
    pid,
    port,
    url,
    count: async () => JSON.parse((await get(port, '/count'))?.body ?? '{}') as { calls: number; bytes: number },
    stop: () => stopChild(child, 'SIGKILL'),
  }
}

/** A configuration with one agent on the fake model; `more` is put behind it. */
export const configOf = (
  port: number,
  model: string,
  more = '',
  agent = '',
): string => `gateway: { port: ${port}, maxConnections: 4000 }
models: { api: { provider: anthropic, baseURL: "${model}", apiKey: none } }
agents:
  main: { soul: You are terse., model: api/m${agent} }
channels: { http: {}, webchat: {} }
sessionScope: per-peer
${more}`

export interface StartOptions {
  readonly more?: string
  /** Further keys of the one agent, starting with a comma. */
  readonly agent?: string
  readonly yaml?: (port: number) => string
  readonly files?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  readonly nodeArgs?: readonly string[]
}

export async function startClawSide(context: PartContext, modelUrl: string, options: StartOptions = {}): Promise<Side> {
  const folder = await mkdtemp(join(context.folder, 'claw-'))
  const port = await freePort()
  await writeFile(join(folder, 'openclaw.yaml'), options.yaml?.(port) ?? configOf(port, modelUrl, options.more, options.agent))
  for (const [path, text] of Object.entries(options.files ?? {})) {
    await mkdir(join(folder, path, '..'), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  return await start(
    context,
    [...(options.nodeArgs ?? []), CLAW, 'run', '--log-level', 'error'],
    folder,
    port,
    options.env,
    '.openclaw/gateway.json',
  )
}

/** `http` only answers; `turn` does the least that a turn is. */
export async function startFloorSide(context: PartContext, name: 'http' | 'turn', model?: Model): Promise<Side> {
  const folder = await mkdtemp(join(context.folder, 'floor-'))
  const port = await freePort()
  return await start(context, [floorFile(name), String(port), String(model?.port ?? 0), folder], folder, port)
}

/** A platform's bare client library; its port where it is the one that is called. */
export async function startPlatformSide(
  context: PartContext,
  platform: string,
  at: Readonly<Record<string, unknown>>,
): Promise<Side> {
  const folder = await mkdtemp(join(context.folder, 'floor-'))
  const from = performance.now()
  const args = [floorFile('platform'), platform, JSON.stringify(at)]
  const child = kept(spawn(process.execPath, args, { cwd: folder, env: environment(), stdio: ['ignore', 'pipe', 'inherit'] }))
  const pid = child.pid as number
  context.own(pid)
  const said = await new Promise<string>((resolve, reject) => {
    child.stdout?.once('data', (text: Buffer) => resolve(text.toString()))
    child.once('exit', (code) => reject(new Error(`the bare ${platform} program ended with ${code}`)))
  })
  return {
    pid,
    port: Number(said) || 0,
    folder,
    readyMs: performance.now() - from,
    stop: (signal = 'SIGTERM') => stopChild(child, signal),
  }
}

async function start(
  context: PartContext,
  args: readonly string[],
  folder: string,
  port: number,
  env: Readonly<Record<string, string>> = {},
  /** Written once the rest is up, too. */
  file?: string,
): Promise<Side> {
  let isOpen = false
  const from = performance.now()
  const child = kept(
    spawn(process.execPath, [...args], { cwd: folder, env: environment(env), stdio: ['ignore', 'ignore', 'pipe'] }),
  )
  let said = ''
  child.stderr?.on('data', (text: Buffer) => {
    said = (said + text.toString()).slice(-4000)
  })
  const pid = child.pid as number
  context.own(pid)
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${args[0]} ended with ${child.exitCode}: ${said}`)
    if (!isOpen) isOpen = (await get(port, '/readyz'))?.status === 200
    if (isOpen && (file === undefined || existsSync(join(folder, file)))) break
    if (performance.now() - from > 60_000) throw new Error(`${args[0]} did not get ready: ${said}`)
    await sleep(1)
  }
  return { pid, port, folder, readyMs: performance.now() - from, stop: (signal = 'SIGTERM') => stopChild(child, signal) }
}

function stopChild(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill(signal)
  })
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms))

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

export interface Answer {
  readonly status: number
  readonly body: string
}

/** null: nobody listens. */
export function get(port: number, path: string, agent?: Agent): Promise<Answer | null> {
  return new Promise((resolve) => {
    const request = httpGet({ host: '127.0.0.1', port, path, agent: agent ?? false }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (piece: string) => {
        body += piece
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
    })
    request.on('error', () => resolve(null))
  })
}

export const createClient = (): Agent => new Agent({ keepAlive: true, maxSockets: 4096 })

/** One JSON request; `onText` sees the answer as it comes. */
export function post(
  port: number,
  path: string,
  body: object,
  agent: Agent,
  headers: Readonly<Record<string, string>> = {},
  onText?: (text: string) => void,
): Promise<Answer> {
  const text = JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        host: '127.0.0.1',
        port,
        path,
        method: 'POST',
        agent,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), ...headers },
      },
      (response) => {
        let got = ''
        response.setEncoding('utf8')
        response.on('data', (piece: string) => {
          got += piece
          onText?.(piece)
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: got }))
        response.on('error', reject)
      },
    )
    request.on('error', (error: NodeJS.ErrnoException) => {
      // The server closed a kept connection just as it was used again; nothing was taken, so it is sent again.
      if (request.reusedSocket && error.code === 'ECONNRESET')
        post(port, path, body, agent, headers, onText).then(resolve, reject)
      else reject(error)
    })
    request.end(text)
  })
}

/** One turn; milliseconds. @throws unless the answer is the model's */
export async function turn(side: Side, agent: Agent, user: string, message: string): Promise<number> {
  const start = performance.now()
  const { status, body } = await post(side.port, '/chat', { user_id: user, message }, agent)
  const ms = performance.now() - start
  if (status !== 200 || !body.includes('"response":"pong"')) throw new Error(`a turn failed: ${status} ${body}`)
  return ms
}
