// The command line: says which verbs there are, finds the file, calls one verb, and turns its end into an exit code.
// Verbs load when called, so that `claw validate` never pays for the engine.

import { resolve } from 'node:path'
import { Command, CommanderError } from 'commander'
import type { Io, Options, Verb } from './cli/io.ts'
import { ClawError, EXIT, messageOf } from './errors.ts'
import { packageVersion } from './resources.ts'

interface VerbEntry {
  readonly name: string
  readonly summary: string
  readonly args?: string
  readonly options?: readonly (readonly [flags: string, description: string])[]
  /** Formats beside `human` and `json`. */
  readonly formats?: readonly string[]
  load(): Promise<{ run: Verb }>
}

const VERBS: readonly VerbEntry[] = [
  {
    name: 'init',
    summary: 'write a working folder: openclaw.yaml, a SOUL, .env.example, a CI job',
    args: '[folder]',
    options: [['--yes', 'ask nothing']],
    load: () => import('./cli/init.ts'),
  },
  {
    name: 'validate',
    summary: 'check the configuration, all problems at once',
    args: '[files...]',
    options: [
      ['--env', 'also check that secrets are set and endpoints answer'],
      ['--strict', 'exit 3 on warnings'],
    ],
    formats: ['sarif', 'github'],
    load: () => import('./cli/validate.ts'),
  },
  {
    name: 'plan',
    summary: 'what a reload would do',
    options: [
      ['--against <what>', 'running, a FILE, or git:REV'],
      ['--exit-code', 'exit 2 when there are differences'],
      ['--replay <file>', 'recorded messages: which would go to another agent'],
    ],
    load: () => import('./cli/plan.ts'),
  },
  {
    name: 'route',
    summary: 'which rule wins for a message, and why',
    options: [
      ['--channel <id>', 'channel'],
      ['--user <id>', 'user'],
      ['--group <id>', 'group'],
      ['--thread <id>', 'thread'],
      ['--text <text>', 'text of the message'],
    ],
    load: () => import('./cli/route.ts'),
  },
  {
    name: 'permit',
    summary: 'run, ask or refuse a command, and why',
    args: '[command...]',
    options: [
      ['--agent <id>', 'the agent'],
      ['--stdin', 'read {"command","allow"} lines, write a decision a line'],
      ['--sandboxed', 'judge as inside a working sandbox'],
    ],
    load: () => import('./cli/permit.ts'),
  },
  {
    name: 'access',
    summary: 'who can reach which tool',
    options: [['--markdown', 'print a table for a review']],
    load: () => import('./cli/access.ts'),
  },
  {
    name: 'test',
    summary: 'run the tests in the configuration, offline',
    args: '[files...]',
    options: [
      ['--coverage', 'list what no test touches'],
      ['--threshold <percent>', 'least coverage of each kind: rules, agents, limits, grants, heartbeats'],
      ['--filter <text>', 'only tests whose name contains it'],
    ],
    formats: ['junit'],
    load: () => import('./cli/test.ts'),
  },
  {
    name: 'run',
    summary: 'start everything; reload on save',
    options: [
      ['--last-good', 'start on the last accepted configuration when this one is invalid'],
      ['--open-chat', 'on a terminal, talk to the bot here'],
      ['--log-level <level>', 'debug, info, warn, error'],
    ],
    load: () => import('./cli/run.ts'),
  },
  {
    name: 'chat',
    summary: 'talk to the bot in this terminal',
    options: [
      ['--agent <id>', 'the agent'],
      ['--user <id>', 'as this user'],
    ],
    load: () => import('./cli/chat.ts'),
  },
  { name: 'status', summary: 'what runs now', load: () => import('./cli/status.ts') },
  {
    name: 'reload',
    summary: 'load the file again now',
    options: [['--wait', 'wait until the file as it stands is live']],
    load: () => import('./cli/reload.ts'),
  },
  {
    name: 'stop',
    summary: 'halt all agents, or one, at once',
    options: [['--agent <id>', 'only this agent']],
    load: () => import('./cli/stop.ts'),
  },
  {
    name: 'resume',
    summary: 'let halted agents go on',
    options: [['--agent <id>', 'only this agent']],
    load: () => import('./cli/resume.ts'),
  },
  {
    name: 'sessions',
    summary: 'list, show KEY, export KEY, reset KEY',
    args: '[action] [key]',
    options: [
      ['--agent <id>', 'only this agent’s'],
      ['--user <id>', 'sessions of an identity, user id or link'],
      ['--group <channel:id>', 'sessions of a group'],
    ],
    load: () => import('./cli/sessions.ts'),
  },
  {
    name: 'approvals',
    summary: 'list, allow ID, always ID, deny ID',
    args: '[action] [id]',
    load: () => import('./cli/approvals.ts'),
  },
  {
    name: 'memory',
    summary: 'list, show KEY, search TEXT, remove KEY',
    args: '[action] [words...]',
    load: () => import('./cli/memory.ts'),
  },
  { name: 'heartbeats', summary: 'list, run NAME', args: '[action] [name]', load: () => import('./cli/heartbeats.ts') },
  {
    name: 'usage',
    summary: 'tokens and money by agent, user and heartbeat',
    options: [['--since <day>', 'first UTC day, YYYY-MM-DD']],
    load: () => import('./cli/usage.ts'),
  },
  {
    name: 'skill',
    summary: 'list, show NAME, install PATH|npm:NAME|git:URL, remove NAME',
    args: '[action] [subject]',
    load: () => import('./cli/skill.ts'),
  },
  { name: 'audit', summary: 'verify the audit log', args: '[action]', load: () => import('./cli/audit.ts') },
  {
    name: 'config',
    summary: 'print the configuration',
    args: '[action]',
    options: [
      ['--resolved', 'with defaults, variables and includes filled in'],
      ['--origin', 'say where each value comes from'],
    ],
    load: () => import('./cli/config.ts'),
  },
  { name: 'schema', summary: 'print the JSON Schema of the configuration language', load: () => import('./cli/schema.ts') },
  {
    name: 'fmt',
    summary: 'format the file, comments kept',
    args: '[files...]',
    options: [['--check', 'only say whether it would change']],
    load: () => import('./cli/fmt.ts'),
  },
  {
    name: 'explain',
    summary: 'what a diagnostic means and how to mend it',
    args: '[code]',
    load: () => import('./cli/explain.ts'),
  },
  {
    name: 'import',
    summary: 'turn an OpenClaw JSON5 configuration into openclaw.yaml',
    args: '<file>',
    options: [['--output <file>', 'write here; default: standard output']],
    load: () => import('./cli/import.ts'),
  },
  {
    name: 'doctor',
    summary: 'check this machine: sandbox, file permissions, ports, keys',
    load: () => import('./cli/doctor.ts'),
  },
  {
    name: 'service',
    summary: 'install, uninstall, status, logs: kept running by systemd or launchd',
    args: '[action]',
    options: [
      ['--system', 'for the machine; default: for you alone'],
      ['--name <name>', 'default: claw- and the name of the folder'],
      ['--print', 'install: only show what would be written'],
      ['--lines <count>', 'logs: how many; default: 100'],
    ],
    load: () => import('./cli/service.ts'),
  },
]

/** Runs one command line and gives its exit code; never throws. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  const program = new Command('claw')
    .description('Bots as configuration.')
    .option('-c, --config <file>', 'the root file', 'openclaw.yaml')
    .option('--format <format>', 'human, json (and sarif, github, junit where they fit)', 'human')
    .version(packageVersion(), '-V, --version')
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => io.err(text) })
    .showHelpAfterError('(claw --help lists the verbs)')
  let exitCode: number = EXIT.ok
  for (const entry of VERBS) {
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
      const { run } = await entry.load()
      exitCode = await run(command.args, options, io)
    })
  }
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return exitCode
  } catch (error) {
    return exitCodeOf(error, io)
  }
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
