// What a tool gets in its own tests: the machine's clock, a temporary folder, and gates that do the plain thing. The real
// gates have their own tests; here only what a tool makes of them matters.

import { execFile } from 'node:child_process'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createMemoryStore } from '../../src/memory/store.ts'
import type { NetworkGate, PathGate, ShellRunner } from '../../src/permissions/port.ts'
import { type Clock, silentLogger, systemClock } from '../../src/ports.ts'
import type { ToolContext } from '../../src/tools/port.ts'
import { makePlan } from './make-plan.ts'

export function makeToolContext(folder: string, parts: Partial<ToolContext> & { clock?: Clock } = {}): ToolContext {
  const plan = parts.plan ?? makePlan()
  const clock = parts.clock ?? systemClock
  return {
    plan,
    agent: plan.agents.get('main')!,
    session: { key: 'agent:main:http:u', channelId: 'http', userId: 'u' },
    signal: new AbortController().signal,
    clock,
    log: silentLogger,
    paths: plainPaths(folder),
    network: plainNetwork,
    shell: plainShell(folder),
    memory: createMemoryStore({ folder: join(folder, 'memory'), clock }),
    spawn: async ({ agent, prompt, timeoutMs }) => ({
      sessionKey: `agent:${agent}:spawn:1`,
      text: `${agent} (${timeoutMs}): ${prompt}`,
      isError: false,
    }),
    idempotencyKey: 'call-1',
    ...parts,
  }
}

const plainPaths = (folder: string): PathGate => ({
  cwd: folder,
  async readText(path, options) {
    const bytes = await readFile(join(folder, String(path)))
    const max = options?.maxBytes ?? bytes.length
    return { text: bytes.subarray(0, max).toString('utf8'), truncated: bytes.length > max, bytes: bytes.length }
  },
  async writeText(path, content) {
    const target = join(folder, String(path))
    const created = (await stat(target).catch(() => null)) === null
    await mkdir(dirname(target), { recursive: true })
    await writeFile(target, content)
    return { path: target, bytes: Buffer.byteLength(content), created }
  },
})

const plainNetwork: NetworkGate = {
  async fetch(url, options = {}) {
    const { method = 'GET', headers = {}, maxBytes = 10_000_000, signal } = options
    const response = await fetch(String(url), { method, headers, ...(signal === undefined ? {} : { signal }) })
    const body = Buffer.from(await response.arrayBuffer())
    return {
      url: response.url,
      status: response.status,
      contentType: response.headers.get('content-type') ?? '',
      body: body.subarray(0, maxBytes),
      truncated: body.length > maxBytes,
    }
  },
}

const plainShell = (folder: string): ShellRunner => ({
  run: (command, { signal }) =>
    new Promise((resolve) => {
      execFile('bash', ['--noprofile', '--norc', '-c', command], { cwd: folder, signal }, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null
        resolve({ output: stdout + stderr, exitCode: code, timedOut: false, truncatedBytes: 0, sandboxed: false })
      })
    }),
})
