// The command line: finds the verb and the file, calls one verb, and turns its end into an exit code. A composition root: what
// ships is used unless a registry is passed in.

import { resolve } from 'node:path'
import { Command, CommanderError } from 'commander'
import type { Io, Options, VerbIo } from './cli/io.ts'
import { VERBS, type VerbEntry } from './cli/verbs.ts'
import { ClawError, EXIT, messageOf } from './errors.ts'
import type { Registry } from './registry.ts'
import { packageVersion } from './resources.ts'

export interface MainOptions {
  /** The tools, channels and model services there are; default: those that ship. */
  readonly registry?: Registry
}

/** Runs one command line and returns its exit code; never throws. */
export async function main(argv: readonly string[], io: Io, { registry }: MainOptions = {}): Promise<number> {
  const program = new Command('claw')
    .description('Bots as configuration.')
    .option('-c, --config <file>', 'the root file', 'openclaw.yaml')
    .option('--format <format>', 'human, json (and sarif, github, junit where they fit)', 'human')
    .version(packageVersion(), '-V, --version')
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => io.err(text) })
    .showHelpAfterError('(claw --help lists the verbs)')
  let exitCode: number = EXIT.ok
  for (const entry of verbsFor(argv)) {
    const command = program.command(`${entry.name}${entry.args === undefined ? '' : ` ${entry.args}`}`).description(entry.summary)
    const formats = ['human', 'json', ...(entry.formats ?? [])]
    command.option('-c, --config <file>', 'the root file').option('--format <format>', formats.join(', ')).exitOverride()
    for (const [flags, description] of entry.options ?? []) command.option(flags, description)
    command.action(async () => {
      const merged = { ...program.opts(), ...command.opts() } as Record<string, unknown> & { config: string; format: string }
      if (!formats.includes(merged.format)) {
        io.err(`claw: ${entry.name} has no format "${merged.format}"; use one of ${formats.join(', ')}\n`)
        exitCode = EXIT.usage
        return
      }
      const options: Options = { ...merged, config: resolve(io.cwd, merged.config) }
      const [{ run }, used] = await Promise.all([entry.load(), registry ?? shipped()])
      exitCode = await run(command.args, options, withRegistry(io, used))
    })
  }
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return exitCode
  } catch (error) {
    return exitCodeOf(error, io)
  }
}

const shipped = async (): Promise<Registry> => (await import('./builtin.ts')).builtinRegistry

/** Reads `stdin` only when a verb does: to open it takes long. */
const withRegistry = (io: Io, registry: Registry): VerbIo => ({
  cwd: io.cwd,
  env: io.env,
  color: io.color,
  get stdin() {
    return io.stdin
  },
  out: (text) => io.out(text),
  err: (text) => io.err(text),
  registry,
})

/** The verbs that this command line may mean: to describe them all to the parser takes longer than many a verb. */
function verbsFor(argv: readonly string[]): readonly VerbEntry[] {
  const named = VERBS.filter(({ name }) => argv.includes(name))
  const asksForHelp = argv.some((word) => word === 'help' || word === '--help' || word === '-h')
  return named.length === 0 || asksForHelp ? VERBS : named
}

function exitCodeOf(error: unknown, io: Io): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  if (error instanceof ClawError) {
    io.err(`claw: ${error.message}\n`)
    return error.exitCode
  }
  io.err(
    `claw: this is our bug, please report it: ${error instanceof Error ? (error.stack ?? error.message) : messageOf(error)}\n`,
  )
  return EXIT.bug
}
