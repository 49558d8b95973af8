// The command line: finds the verb and the file, calls one verb, and turns its end into an exit code. A composition root: what
// ships is used unless a registry is passed in.

import { resolve } from 'node:path'
import { Command, CommanderError, Option } from 'commander'
import { watchIo } from './cli/failure.ts'
import { type Io, type Options, printJson, type VerbEntry, type VerbIo } from './cli/io.ts'
import { sourceStack } from './cli/source-stack.ts'
import { VERBS } from './cli/verbs.ts'
import { ClawError, EXIT, messageOf } from './errors.ts'
import type { Registry } from './registry.ts'
import { bugsUrl, packageVersion } from './resources.ts'

export interface MainOptions {
  /** The tools, channels and model services there are; default: those that ship. */
  readonly registry?: Registry
}

/** Runs one command line and returns its exit code; never throws. */
export async function main(argv: readonly string[], io: Io, options: MainOptions = {}): Promise<number> {
  if (!wantsJson(argv)) return await runVerb(argv, io, options)
  const watched = watchIo(io)
  const exitCode = await runVerb(argv, watched.io, options)
  const failure = watched.failure(exitCode)
  if (failure !== undefined) printJson(io, failure)
  return exitCode
}

/** Read from the words themselves: a command line that cannot be parsed fails in the format it asked for, too. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  const words = end === -1 ? argv : argv.slice(0, end)
  return words.some((word, n) => word === '--format=json' || (word === '--format' && words[n + 1] === 'json'))
}

async function runVerb(argv: readonly string[], io: Io, { registry }: MainOptions): Promise<number> {
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
    for (const [flags, description, choices] of entry.options ?? []) {
      const option = new Option(flags, description)
      command.addOption(choices === undefined ? option : option.choices(choices))
    }
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
  verbs: VERBS,
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
  const stack = error instanceof Error ? sourceStack(error) : messageOf(error)
  io.err(`claw: this is our bug, please report it at ${bugsUrl()}\nclaw ${packageVersion()}, Node ${process.version}: ${stack}\n`)
  return EXIT.bug
}
