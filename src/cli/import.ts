// claw import openclaw.json [--output FILE]: an OpenClaw configuration becomes an openclaw.yaml, and what has no counterpart

// is listed with its line. The source is only read, and no secret is carried over.

import { writeFile } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { ClawError, EXIT, messageOf } from '../errors.ts'
import { readOrdinaryFile } from '../ordinary-file.ts'
import type { Finding } from './import/source.ts'
import { type Io, paint, printJson, usage, type Verb } from './io.ts'

const MAX_BYTES = 10_000_000

export const run: Verb = async (args, options, io) => {
  const [name, ...more] = args
  if (name === undefined || more.length > 0) return usage(io, 'name one file: claw import openclaw.json [--output openclaw.yaml]')
  const file = resolve(io.cwd, name)
  const output = typeof options['output'] === 'string' ? resolve(io.cwd, options['output']) : undefined
  const text = await read(file)
  const { default: JSON5 } = await import('json5')
  const value = await parse(text, file, JSON5.parse)
  const [{ convert }, { linesOf }, { renderYaml }] = await Promise.all([
    import('./import/convert.ts'),
    import('./import/lines.ts'),
    import('./import/render.ts'),
  ])
  const home = io.env['HOME'] ?? '/'
  const { config, findings } = convert(value, linesOf(text), { home, folder: dirname(file) })
  const yaml = renderYaml(config, basename(file))

  if (output !== undefined) await write(output, yaml)
  if (options.format === 'json') printJson(io, { output: output ?? null, yaml, findings })
  else {
    if (output === undefined) io.out(yaml)
    // The list stays out of the way of what is piped into a file.
    report(findings, output, (line) => (output === undefined ? io.err(line) : io.out(line)), io)
  }
  return EXIT.ok
}

async function read(file: string): Promise<string> {
  try {
    const bytes = await readOrdinaryFile(file, MAX_BYTES)
    return bytes.toString('utf8').replace(/^\uFEFF/, '')
  } catch (error) {
    throw new ClawError(`${file} cannot be read: ${messageOf(error)}`, { exitCode: EXIT.noInput, cause: error })
  }
}

async function parse(text: string, file: string, json5: (text: string) => unknown): Promise<unknown> {
  try {
    const { includeFiles } = await import('./import/include.ts')
    const value = await includeFiles(json5(text), file, json5)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('it holds no object')
    return value
  } catch (error) {
    throw new ClawError(`${file} is not an OpenClaw configuration: ${messageOf(error)}`, { exitCode: EXIT.invalid, cause: error })
  }
}

async function write(output: string, yaml: string): Promise<void> {
  try {
    await writeFile(output, yaml, { flag: 'wx' })
  } catch (error) {
    const there = (error as NodeJS.ErrnoException).code === 'EEXIST'
    const message = there ? `${output} is there already; nothing was written` : `${output} cannot be written: ${messageOf(error)}`
    throw new ClawError(message, { exitCode: EXIT.invalid, cause: error })
  }
}

const TITLES: readonly (readonly [Finding['kind'], string])[] = [
  ['secret', 'Secrets to set'],
  ['changed', 'Carried over with a difference'],
  ['dropped', 'Without a counterpart'],
]

function report(findings: readonly Finding[], output: string | undefined, say: (line: string) => void, io: Io): void {
  if (output !== undefined) say(`Wrote ${output}.\n`)
  for (const [kind, title] of TITLES) {
    const lines = findings.filter((one) => one.kind === kind)
    if (lines.length === 0) continue
    say(`\n${paint(io, 'bold', title)}\n`)
    for (const { path, line, message } of lines)
      say(`  ${line === 0 ? '' : `line ${line}  `}${paint(io, 'cyan', path)}  ${message}\n`)
  }
  if (findings.length === 0) say('Everything was carried over.\n')
}
