// Which verbs there are, with their arguments and options. A verb loads when called, so that `claw validate` never pays for the
// engine.

import type { Verb } from './io.ts'

export interface VerbEntry {
  readonly name: string
  readonly summary: string
  readonly args?: string
  readonly options?: readonly (readonly [flags: string, description: string, choices?: readonly string[]])[]
  /** Formats beside `human` and `json`. */
  readonly formats?: readonly string[]
  load(): Promise<{ run: Verb }>
}

export const VERBS: readonly VerbEntry[] = [
  {
    name: 'init',
    summary: 'write a working folder: openclaw.yaml, a SOUL, .env.example, a CI job',
    args: '[folder]',
    options: [['--yes', 'ask nothing']],
    load: () => import('./init.ts'),
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
    load: () => import('./validate.ts'),
  },
  {
    name: 'plan',
    summary: 'what a reload would do',
    options: [
      ['--against <what>', 'running, a FILE, or git:REV'],
      ['--exit-code', 'exit 2 when there are differences'],
      ['--replay <file>', 'recorded messages: which would go to another agent'],
    ],
    load: () => import('./plan.ts'),
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
      ['--mentioned', 'in a group: the message names the bot'],
    ],
    load: () => import('./route.ts'),
  },
  {
    name: 'permit',
    summary: 'run, ask or refuse a command, and why',
    args: '[command...]',
    options: [
      ['--agent <id>', 'the agent'],
      ['--stdin', 'read {"command","allow"} lines, write a decision a line'],
      ['--cwd <dir>', 'the folder it would run in'],
      ['--sandboxed', 'judge as inside a working sandbox'],
    ],
    load: () => import('./permit.ts'),
  },
  {
    name: 'access',
    summary: 'who can reach which tool',
    options: [
      ['--markdown', 'print a table for a review'],
      ['--assert <file>', 'hold it to the expectations in a YAML file'],
    ],
    load: () => import('./access.ts'),
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
    formats: ['junit', 'github'],
    load: () => import('./test.ts'),
  },
  {
    name: 'run',
    summary: 'start everything; reload on save',
    options: [
      ['--last-good', 'start on the last accepted configuration when this one is invalid'],
      ['--open-chat', 'on a terminal, talk to the bot here'],
      ['--log-level <level>', 'how much the log says', ['debug', 'info', 'warn', 'error']],
    ],
    load: () => import('./run.ts'),
  },
  {
    name: 'chat',
    summary: 'talk to the bot in this terminal',
    options: [
      ['--agent <id>', 'the agent; default: routing decides'],
      ['--user <id>', 'as this user; default: the owner'],
    ],
    load: () => import('./chat.ts'),
  },
  { name: 'status', summary: 'what runs now', load: () => import('./status.ts') },
  {
    name: 'reload',
    summary: 'load the file again now',
    options: [['--wait', 'wait until the file as it stands is live']],
    load: () => import('./reload.ts'),
  },
  {
    name: 'stop',
    summary: 'halt all agents, or one, at once',
    options: [['--agent <id>', 'only this agent']],
    load: () => import('./stop.ts'),
  },
  {
    name: 'resume',
    summary: 'let halted agents go on',
    options: [['--agent <id>', 'only this agent']],
    load: () => import('./resume.ts'),
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
    load: () => import('./sessions.ts'),
  },
  {
    name: 'approvals',
    summary: 'list, allow ID, always ID, deny ID',
    args: '[action] [id]',
    load: () => import('./approvals.ts'),
  },
  {
    name: 'people',
    summary: 'list, remove ID: who was let in by /pair or linked',
    args: '[action] [id]',
    load: () => import('./people.ts'),
  },
  {
    name: 'memory',
    summary: 'list, show KEY, search TEXT, remove KEY',
    args: '[action] [words...]',
    load: () => import('./memory.ts'),
  },
  { name: 'heartbeats', summary: 'list, run NAME', args: '[action] [name]', load: () => import('./heartbeats.ts') },
  {
    name: 'usage',
    summary: 'tokens and money by agent, user and heartbeat',
    options: [['--since <day>', 'first UTC day, YYYY-MM-DD']],
    load: () => import('./usage.ts'),
  },
  {
    name: 'skill',
    summary: 'list, show NAME, install PATH|npm:NAME|git:URL, remove NAME',
    args: '[action] [subject]',
    load: () => import('./skill.ts'),
  },
  {
    name: 'mcp',
    summary: 'list, tools NAME, accept NAME, login NAME: MCP servers; serve: the agents as one',
    args: '[action] [name]',
    options: [['--yes', 'accept: ask nothing']],
    load: () => import('./mcp.ts'),
  },
  { name: 'audit', summary: 'verify the audit log', args: '[action]', load: () => import('./audit.ts') },
  {
    name: 'models',
    summary: 'the models that are known: windows, prices, last days',
    options: [['--live <name>', 'those that this model service offers now: a key of `models`, anthropic or openai']],
    load: () => import('./models.ts'),
  },
  {
    name: 'config',
    summary: 'print the configuration',
    args: '[action]',
    options: [
      ['--resolved', 'with defaults, variables and includes filled in'],
      ['--origin', 'say where each value comes from'],
    ],
    load: () => import('./config.ts'),
  },
  { name: 'schema', summary: 'print the JSON Schema of the configuration language', load: () => import('./schema.ts') },
  {
    name: 'fmt',
    summary: 'format the file, comments kept',
    args: '[files...]',
    options: [['--check', 'only say whether it would change']],
    load: () => import('./fmt.ts'),
  },
  {
    name: 'explain',
    summary: 'what a diagnostic means and how to fix it',
    args: '[code]',
    load: () => import('./explain.ts'),
  },
  {
    name: 'import',
    summary: 'turn an OpenClaw JSON5 configuration into openclaw.yaml',
    args: '<file>',
    options: [['--output <file>', 'write here; default: standard output']],
    load: () => import('./import.ts'),
  },
  {
    name: 'doctor',
    summary: 'check this machine: sandbox, file permissions, ports, keys',
    load: () => import('./doctor.ts'),
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
    load: () => import('./service.ts'),
  },
]
