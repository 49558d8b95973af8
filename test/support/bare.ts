// Test runners hook child processes by their environment. Where a test is about just that environment, its file runs again
// in a process without the hooks, and its outcome counts here.

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'

interface BareOutcome {
  readonly code: number
  readonly output: string
  /** Subtests that were skipped, with their reasons. */
  readonly skipped: readonly string[]
}

/** `file`: the test file beside the one at `url`, in its built form. */
function runBare(url: string, file: string): Promise<BareOutcome> {
  const path = fileURLToPath(new URL(file, url))
  const keep = ['PATH', 'HOME', 'CI', 'TMPDIR'].flatMap((name) =>
    process.env[name] === undefined ? [] : [`${name}=${process.env[name]}`],
  )
  return new Promise((resolve) => {
    execFile('env', ['-i', ...keep, process.execPath, path], { maxBuffer: 64 * 1024 * 1024 }, (error, out, err) => {
      const output = `${out}${err}`
      const skipped = output.split('\n').filter((line) => /^\s*ok .*# SKIP/.test(line))
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, output, skipped })
    })
  })
}

/** Runs the file beside the one at `url`; its failures and what it skipped are said here. */
export async function passesBare(t: Test, url: string, file: string): Promise<void> {
  const { code, output, skipped } = await runBare(url, file)
  for (const line of skipped) t.comment(line.trim())
  const failed = output.split('\n').filter((line) => /not ok/.test(line))
  t.equal(code, 0, failed.join('\n') || `${file} passes`)
}
