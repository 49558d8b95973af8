// The running gateway, as verbs talk to it: found by the file it keeps in its state folder, asked over HTTP as the owner.

import { existsSync } from 'node:fs'
import type { LoadResult } from '../config/load-plan.ts'
import { ClawError, EXIT, messageOf } from '../errors.ts'
import { type GatewayFile, readGatewayFile } from '../gateway/state-file.ts'
import type { Plan } from '../plan/plan.ts'
import type { RunningEngine } from '../storage/embedded/running-engines.ts'
import type { Io, Options, VerbIo } from './io.ts'

export interface Client {
  readonly gateway: GatewayFile
  /**
   * GET without a body, POST with one. `answerMs`: how long to wait for the whole answer; default 120,000.
   * @throws ClawError with the gateway's sentence: exit 66 for what is not there, else 1
   */
  ask<T>(path: string, body?: object, options?: { readonly answerMs?: number }): Promise<T>
}

export interface Whereabouts {
  readonly stateDir: string
  /** Null while the file is invalid. */
  readonly plan: Plan | null
}

/** The state folder of a file, also while it is invalid: a running engine is asked about just then. */
export async function whereabouts(options: Options, io: VerbIo): Promise<Whereabouts> {
  const { loadPlan } = await import('../config/load-plan.ts')
  const loaded: LoadResult = await loadPlan(options.config, { registry: io.registry, env: io.env })
  if (loaded.plan === null && !existsSync(options.config))
    throw new ClawError(`${options.config} cannot be read; name the file with -c`, { exitCode: EXIT.noInput })
  return { stateDir: loaded.stateDir, plan: loaded.plan }
}

/** Why a verb reached no engine: none runs, one runs elsewhere, or one runs here and does not answer. */
export type Unreached =
  | { readonly why: 'not-running' }
  | { readonly why: 'elsewhere'; readonly engines: readonly RunningEngine[] }
  | { readonly why: 'no-answer'; readonly pid: number | null; readonly detail: string }

export type Reached = { readonly client: Client } | { readonly client: null; readonly unreached: Unreached }

/** Finds the engine of a file by the lock of its state folder, and asks whether its gateway answers. */
export async function reach(file: string, stateDir: string, io: Io): Promise<Reached> {
  const [gateway, { lockHolder }] = await Promise.all([readGatewayFile(stateDir), import('../storage/embedded/lock.ts')])
  const holder = lockHolder(stateDir)
  if (holder === null) {
    const { enginesOf } = await import('../storage/embedded/running-engines.ts')
    const engines = enginesOf(file, io.env)
    return { client: null, unreached: engines.length === 0 ? { why: 'not-running' } : { why: 'elsewhere', engines } }
  }
  const detail = gateway === null ? `there is no gateway.json in ${stateDir}` : await silence(gateway)
  if (gateway !== null && detail === null) return { client: clientOf(gateway) }
  return { client: null, unreached: { why: 'no-answer', pid: holder.pid, detail: detail ?? '' } }
}

/** Why a gateway does not answer; null: it does. */
async function silence(gateway: GatewayFile): Promise<string | null> {
  try {
    return await within(HEALTH_MS, async (signal) => {
      const response = await fetch(new URL('/healthz', gateway.url), { signal })
      await response.arrayBuffer()
      return response.ok ? null : `${gateway.url} answers with status ${response.status}`
    })
  } catch (error) {
    return `${gateway.url}: ${reasonOf(error)}`
  }
}

/** @throws ClawError (exit 1) when nothing was reached, with what was found instead */
export async function connect(options: Options, io: VerbIo): Promise<Client> {
  const { stateDir } = await whereabouts(options, io)
  const reached = await reach(options.config, stateDir, io)
  if (reached.client === null) throw unreachedError(reached.unreached, stateDir)
  return reached.client
}

export function unreachedError(unreached: Unreached, stateDir: string): ClawError {
  return new ClawError(sentenceOf(unreached, stateDir), { exitCode: EXIT.invalid })
}

const withPid = (pid: number | null): string => (pid === null ? '' : ` (pid ${pid})`)

function sentenceOf(unreached: Unreached, stateDir: string): string {
  switch (unreached.why) {
    case 'not-running':
      return `no engine is running for this file (looked in ${stateDir}); start it with: claw run`
    case 'elsewhere': {
      const found = unreached.engines.map((one) => `${one.stateDir}${withPid(one.pid)}`).join(' and ')
      return `no engine runs in ${stateDir}, but one of this file runs in ${found}; set stateDir to that folder to reach it, or end it`
    }
    case 'no-answer':
      return `an engine${withPid(unreached.pid)} holds ${stateDir}, and its gateway does not answer: ${unreached.detail}`
  }
}

const HEALTH_MS = 5_000
/** Reloads and heartbeats are waited for; a gateway that accepts and never answers is not. */
const ANSWER_MS = 120_000

/** Unlike `AbortSignal.timeout` its timer keeps the process alive, so that a silent gateway ends in words. */
async function within<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(new Error(`no answer within ${ms / 1000} s`)), ms)
  try {
    return await work(controller.signal)
  } finally {
    clearTimeout(timer)
  }
}

/** `fetch failed` says nothing; its cause does. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return messageOf(cause)
}

export function clientOf(gateway: GatewayFile): Client {
  return {
    gateway,
    async ask<T>(path: string, body?: object, { answerMs = ANSWER_MS }: { answerMs?: number } = {}): Promise<T> {
      const headers = { authorization: `Bearer ${gateway.ownerSecret}` }
      const init =
        body === undefined
          ? { headers }
          : { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) }
      const { status, value } = await within(answerMs, async (signal) => {
        const response = await fetch(new URL(path, gateway.url), { ...init, signal })
        return { status: response.status, value: (await response.json()) as unknown }
      }).catch((error: unknown) => {
        throw new ClawError(`the engine at ${gateway.url} gave no answer to ${path}: ${reasonOf(error)}`, {
          exitCode: EXIT.invalid,
          cause: error,
        })
      })
      if (status < 300) return value as T
      const { error } = value as { error?: { message?: string } }
      const exitCode = status === 404 ? EXIT.noInput : EXIT.invalid
      throw new ClawError(error?.message ?? `the engine answered with status ${status}`, { exitCode })
    },
  }
}
