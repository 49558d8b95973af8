// The conformance kit: what a channel must do, tried against a fake of its platform. Free of any test runner:
// give it a `check` (a tap subtest, a node:test test, or a loop of your own).

import { messageOf } from '../../errors.ts'
import { inChecks } from './checks-in.ts'
import { outChecks } from './checks-out.ts'
import { type KitDriver, PROMISES, type PromiseId } from './contract.ts'

export { type Bench, type BenchOptions, FASTER, withBench } from './bench.ts'
export { PNG } from './checks-files.ts'
export * from './contract.ts'
export { type FakeServer, json, readForm, serve, type UploadedFile } from './fake-server.ts'
export { createHooksServer, type HooksServer } from './hooks-server.ts'
export { createKitHost, deliver, fastClock, type KitHost, type KitHostOptions, until } from './host.ts'

const CHECKS: Partial<Record<PromiseId, (driver: KitDriver) => Promise<void>>> = { ...inChecks, ...outChecks }

export interface KitRunner {
  /** Runs one check under a name; may run it at once or later. */
  check(name: string, body: () => Promise<void>): unknown
  /** A promise the platform does not allow, with the reason. */
  cannot?(name: string, reason: string): void
}

/** Every promise, in order. */
export async function runKit(driver: KitDriver, runner: KitRunner): Promise<void> {
  for (const id of Object.keys(PROMISES) as PromiseId[]) {
    const name = `${driver.name}: ${PROMISES[id]}`
    const reason = driver.cannot[id]
    const check = CHECKS[id]
    if (check === undefined) throw new Error(`The kit has no check for ${id}.`)
    if (reason !== undefined) runner.cannot?.(name, reason)
    else await runner.check(name, () => check(driver))
  }
}

export type KitOutcome =
  | { readonly ok: true; readonly limit?: string }
  | { readonly ok: false; readonly error: string }
  | { readonly cannot: string }

/** Runs the kit and gives what came of each promise. */
export async function tryKit(driver: KitDriver): Promise<Readonly<Record<PromiseId, KitOutcome>>> {
  const results: Partial<Record<PromiseId, KitOutcome>> = {}
  for (const id of Object.keys(PROMISES) as PromiseId[]) {
    const reason = driver.cannot[id]
    if (reason !== undefined) results[id] = { cannot: reason }
    else
      results[id] = await (CHECKS[id] as (driver: KitDriver) => Promise<void>)(driver).then(
        () => ({ ok: true, ...(driver.limits?.[id] === undefined ? {} : { limit: driver.limits[id] }) }) as const,
        (error: unknown) => ({ ok: false, error: messageOf(error) }) as const,
      )
  }
  return results as Record<PromiseId, KitOutcome>
}

/** Channel × promise as Markdown; the reasons for the gaps stand below. */
export function matrixMarkdown(rows: readonly { driver: KitDriver; results: Readonly<Record<PromiseId, KitOutcome>> }[]): string {
  const notes: string[] = []
  const noted = (sign: string, note: string): string => {
    if (!notes.includes(note)) notes.push(note)
    return `${sign} [${notes.indexOf(note) + 1}]`
  }
  const cell = (outcome: KitOutcome): string => {
    if ('cannot' in outcome) return noted('–', outcome.cannot)
    if (!outcome.ok) return '✗'
    return outcome.limit === undefined ? '✓' : noted('✓', outcome.limit)
  }
  const lines = [
    `| promise | ${rows.map(({ driver }) => driver.name).join(' | ')} |`,
    `| --- |${rows.map(() => ' --- |').join('')}`,
    ...(Object.keys(PROMISES) as PromiseId[]).map(
      (id) => `| ${PROMISES[id]} | ${rows.map(({ results }) => cell(results[id])).join(' | ')} |`,
    ),
  ]
  return `${lines.join('\n')}\n\n${notes.map((note, i) => `${i + 1}. ${note}`).join('\n')}\n`
}
