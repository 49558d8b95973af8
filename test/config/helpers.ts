// What tests of the configuration share: load a text, and say where things are.

import { join } from 'node:path'
import type { Test } from 'tap'
import { type LoadResult, loadPlan } from '../../src/config/load-plan.ts'
import type { Diagnostic } from '../../src/errors.ts'
import { testdir } from '../support/testdir.ts'
import { registry } from './registry.ts'

/** Loads a folder of files whose root is openclaw.yaml. */
export async function loadFolder(
  t: Test,
  files: Record<string, string | Buffer | Record<string, string>>,
  options: { env?: Record<string, string>; requireSecrets?: boolean; now?: number } = {},
): Promise<LoadResult & { folder: string }> {
  const folder = testdir(t, files as Parameters<Test['testdir']>[0])
  const result = await loadPlan(join(folder, 'openclaw.yaml'), {
    registry,
    env: {},
    ...options,
  })
  return { ...result, folder }
}

export const loadText = (
  t: Test,
  text: string | Buffer,
  env: Record<string, string> = {},
): Promise<LoadResult & { folder: string }> => loadFolder(t, { 'openclaw.yaml': text }, { env })

/** `CLAW101 3:5` for each, in order. */
export const brief = (diagnostics: readonly Diagnostic[]): readonly string[] =>
  diagnostics.map(({ code, line, column }) => `${code} ${line}:${column}`)

export const errorsOf = (diagnostics: readonly Diagnostic[]): readonly Diagnostic[] =>
  diagnostics.filter(({ severity }) => severity === 'error')
