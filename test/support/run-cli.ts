// One command line in this process: its exit code and what it printed.

import { Readable } from 'node:stream'
import { type MainOptions, main } from '../../src/cli.ts'

export interface CliResult {
  readonly code: number
  readonly out: string
  readonly err: string
  /** `out` read as JSON. */
  json(): Record<string, unknown>
}

export const runCli = (cwd: string, ...argv: readonly string[]): Promise<CliResult> => runCliWith({}, cwd, ...argv)

export const runCliWith = (env: Readonly<Record<string, string>>, cwd: string, ...argv: readonly string[]): Promise<CliResult> =>
  runMain({}, env, cwd, ...argv)

/** With what the program is composed of. */
export async function runMain(
  options: MainOptions,
  env: Readonly<Record<string, string>>,
  cwd: string,
  ...argv: readonly string[]
): Promise<CliResult> {
  let [out, err] = ['', '']
  const io = {
    cwd,
    env,
    color: false,
    stdin: Readable.from([]),
    out(text: string) {
      out += text
    },
    err(text: string) {
      err += text
    },
  }
  const code = await main(argv, io, options)
  return { code, out, err, json: () => JSON.parse(out) as Record<string, unknown> }
}
