// The running gateway, as verbs talk to it: found by the file it keeps in its state folder, asked over HTTP as the owner.

import { existsSync } from 'node:fs'
import type { LoadResult } from '../config/load-plan.ts'
import { ClawError, EXIT } from '../errors.ts'
import { type GatewayFile, readGatewayFile } from '../gateway/state-file.ts'
import type { Plan } from '../plan/plan.ts'
import type { Options, VerbIo } from './io.ts'

export interface Client {
  readonly gateway: GatewayFile
  /** GET without a body, POST with one. @throws ClawError with the gateway's sentence */
  ask<T>(path: string, body?: object): Promise<T>
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

function notRunning(stateDir: string): ClawError {
  return new ClawError(`no engine is running for this file (looked in ${stateDir}); start it with: claw run`, {
    exitCode: EXIT.invalid,
  })
}

/** The running gateway, or null. */
export async function findClient(stateDir: string): Promise<Client | null> {
  const gateway = await readGatewayFile(stateDir)
  if (gateway === null) return null
  const client = clientOf(gateway)
  try {
    const response = await fetch(new URL('/healthz', gateway.url), { signal: AbortSignal.timeout(5000) })
    await response.arrayBuffer()
    return response.ok ? client : null
  } catch {
    return null
  }
}

/** @throws ClawError (exit 1) when nothing runs */
export async function connect(options: Options, io: VerbIo): Promise<Client> {
  const { stateDir } = await whereabouts(options, io)
  const client = await findClient(stateDir)
  if (client === null) throw notRunning(stateDir)
  return client
}

export function clientOf(gateway: GatewayFile): Client {
  return {
    gateway,
    async ask<T>(path: string, body?: object): Promise<T> {
      const headers = { authorization: `Bearer ${gateway.ownerSecret}` }
      const init =
        body === undefined
          ? { headers }
          : { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) }
      const response = await fetch(new URL(path, gateway.url), init).catch((error: unknown) => {
        throw new ClawError(`the engine at ${gateway.url} does not answer; start it with: claw run`, {
          exitCode: EXIT.invalid,
          cause: error,
        })
      })
      const value: unknown = await response.json().catch(() => ({}))
      if (response.ok) return value as T
      const { error } = value as { error?: { message?: string } }
      throw new ClawError(error?.message ?? `the engine answered with status ${response.status}`, { exitCode: EXIT.invalid })
    },
  }
}
