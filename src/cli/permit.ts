// `claw permit`: what would happen to a command, and why, by the same checker that runs before every command.

import { statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { EXIT, messageOf } from '../errors.ts'
import { showInvisible } from '../permissions/invisible.ts'
import type { ShellPolicy, Verdict } from '../permissions/port.ts'
import { fixedPath, homeOf } from '../permissions/run.ts'
import { type Programs, programsOf } from '../permissions/shell/programs.ts'
import { hasTable } from '../permissions/shell/tables/index.ts'
import { judgeCommand } from '../permissions/shell/verdict.ts'
import type { AgentPlan, Plan } from '../plan/plan.ts'
import { textLines } from '../text-lines.ts'
import { runsCommands } from '../tools/port.ts'
import { type Io, notFound, type Options, paint, printJson, usage, type Verb, type VerbIo } from './io.ts'
import { planFrom } from './plan-loading.ts'

const COLORS = { run: 'green', ask: 'yellow', refuse: 'red' } as const

export const run: Verb = async (args, options, io) => {
  const stdin = options['stdin'] === true
  const named = typeof options['agent'] === 'string' ? options['agent'] : undefined
  if (stdin && args.length > 0) return usage(io, 'give a command or --stdin, not both')
  if (!stdin && args.length === 0) return usage(io, 'say which command: claw permit --agent AGENT -- COMMAND')
  const folder = folderOf(io, options)
  if (folder === 'absent') return notFound(io, `there is no folder ${String(options['cwd'])}`)
  const asked =
    stdin && named === undefined
      ? { policy: defaultPolicy(folder ?? io.cwd, options) }
      : await policyOf(named, folder, options, io)
  if (typeof asked === 'number') return asked
  const { policy, note } = asked
  if (stdin) return await judgeLines(policy, io)
  const command = args.join(' ')
  const verdict = judgeCommand(command, policy)
  if (options.format === 'json') {
    const { decision, reason, by, parts = [], normalForm } = verdict
    printJson(io, { decision, reason, command, by, parts, normalForm, note })
  } else {
    io.out(tree(command, verdict, io))
    if (note !== undefined) io.out(`${paint(io, 'yellow', `  ${note}`)}\n`)
  }
  return EXIT.ok
}

interface Asked {
  readonly policy: ShellPolicy
  /** What else there is to know about the agent. */
  readonly note?: string
}

/** The folder of `--cwd`, absolute; `absent`: there is none. */
function folderOf(io: Io, options: Options): string | 'absent' | undefined {
  const given = options['cwd']
  if (typeof given !== 'string') return undefined
  const path = resolve(io.cwd, given)
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? path : 'absent'
}

/** Mode ask, nothing granted, no machine in particular: what the conformance cases mean. */
function defaultPolicy(cwd: string, options: Options): ShellPolicy {
  return {
    mode: 'ask',
    allow: [],
    deny: [],
    remembered: { allowed: [], denied: [] },
    sandboxed: options['sandboxed'] === true,
    sandbox: 'auto',
    askInSandbox: 'always',
    protectedPaths: [],
    cwd,
    roots: [{ path: cwd, access: 'write' }],
    programs: anyMachine(programsOf(fixedPath([]))),
    home: homeOf(options['sandboxed'] === true),
  }
}

/** A tool that claw knows is judged whether it is installed here or not; it then stands by its bare name. */
const anyMachine = (programs: Programs): Programs => ({
  find: (name) => programs.find(name) ?? (hasTable(name) ? name : undefined),
})

/** The policy of one agent as the engine would build it now; a number is an exit code, the reason already told. */
async function policyOf(
  named: string | undefined,
  folder: string | undefined,
  options: Options,
  io: VerbIo,
): Promise<Asked | number> {
  const loaded = await planFrom(options.config, io, { format: options.format })
  if (typeof loaded === 'number') return loaded
  const { plan, registry } = loaded
  const id = named ?? plan.defaultAgent ?? (plan.agents.size === 1 ? [...plan.agents.keys()][0] : undefined)
  if (id === undefined) return usage(io, `say which agent: --agent ${[...plan.agents.keys()].join('|')}`)
  const agent = plan.agents.get(id) ?? [...plan.agents.values()].find((one) => one.name === id)
  if (agent === undefined) return notFound(io, `there is no agent "${id}"; there is ${[...plan.agents.keys()].join(', ')}`)
  const own = await agentPolicy(plan, agent, options['sandboxed'] === true)
  const policy = folder === undefined ? own : inFolder(own, folder)
  const runners = registry.tools.filter(runsCommands).map(({ name }) => name)
  if (runners.some((name) => agent.tools.includes(name))) return { policy }
  const missing = runners.length === 0 ? 'a tool that runs commands' : `the tool ${runners.join(' or ')}`
  return { policy, note: `${agent.id} does not have ${missing}: it runs no command, whatever is permitted.` }
}

/** The same with another workspace. */
function inFolder(policy: ShellPolicy, folder: string): ShellPolicy {
  const [first, ...rest] = policy.roots
  return { ...policy, cwd: folder, roots: [{ path: folder, access: first?.access ?? 'write' }, ...rest] }
}

async function agentPolicy(plan: Plan, agent: AgentPlan, sandboxed: boolean): Promise<ShellPolicy> {
  const [{ createApprovalsFile }, { shellPolicy }, { engineFiles }, { createSandbox }] = await Promise.all([
    import('../permissions/approvals-file.ts'),
    import('../permissions/policy.ts'),
    import('../permissions/engine-files.ts'),
    import('../permissions/sandbox.ts'),
  ])
  return shellPolicy({
    agent,
    remembered: await createApprovalsFile(join(plan.stateDir, 'exec-approvals.json')).rememberedFor(agent.id),
    sandboxed: sandboxed || (agent.sandbox !== 'off' && (await createSandbox().works())),
    protectedPaths: engineFiles(plan),
    cwd: agent.workspace[0]?.path ?? plan.stateDir,
  })
}

/** `{"command","allow"}` lines in, a decision a line out. A line that can't be read asks, and the rest goes on. */
async function judgeLines(policy: ShellPolicy, io: Io): Promise<number> {
  let pending = ''
  for await (const line of textLines(io.stdin)) {
    if (line.trim() === '') continue
    pending += `${JSON.stringify({ formatVersion: 1, ...judgeLine(line, policy) })}\n`
    if (pending.length > 64 * 1024) {
      io.out(pending)
      pending = ''
    }
  }
  if (pending !== '') io.out(pending)
  return EXIT.ok
}

const MODES: readonly unknown[] = ['ask', 'record', 'ignore']
const isTextList = (value: unknown): value is string[] => Array.isArray(value) && value.every((one) => typeof one === 'string')

/** `allow`, `deny` and `mode` of a line win over the policy's own. */
function judgeLine(line: string, policy: ShellPolicy): object {
  let input: unknown
  try {
    input = JSON.parse(line.replace(/^\ufeff/, ''))
  } catch (error) {
    return { decision: 'ask', reason: `The line is not JSON: ${messageOf(error)}`, command: null }
  }
  const entry = typeof input === 'object' && input !== null && !Array.isArray(input) ? (input as Record<string, unknown>) : {}
  const { command = null, allow = policy.allow, deny = policy.deny, mode = policy.mode } = entry
  if (!isTextList(allow)) return { decision: 'ask', reason: '`allow` must be a list of texts.', command }
  if (!isTextList(deny)) return { decision: 'ask', reason: '`deny` must be a list of texts.', command }
  if (!MODES.includes(mode)) return { decision: 'ask', reason: '`mode` must be ask, record or ignore.', command }
  const verdict = judgeCommand(command, { ...policy, allow, deny, mode: mode as ShellPolicy['mode'] })
  return { decision: verdict.decision, reason: verdict.reason, command, normalForm: verdict.normalForm }
}

/** What moves the cursor, hides or reorders text is shown as an escape. */
const visible = (text: string): string => showInvisible(text).replaceAll('\n', '\\n')

function tree(command: string, verdict: Verdict, io: Io): string {
  const label = (decision: Verdict['decision']): string => paint(io, COLORS[decision], decision.padEnd(6))
  const lines = [`${label(verdict.decision)} ${paint(io, 'bold', visible(command))}`, `       ${verdict.reason}`]
  const parts = verdict.parts ?? []
  if (parts.length > 1) {
    for (const [index, part] of parts.entries()) {
      const branch = index === parts.length - 1 ? '└─' : '├─'
      const words = part.words.map((word) => (/^[^\s'"\\]+$/.test(word) ? word : JSON.stringify(word))).join(' ')
      lines.push(`  ${branch} ${label(part.decision)} ${visible(words)}  ${paint(io, 'dim', part.reason)}`)
    }
  }
  if (verdict.script !== undefined)
    for (const line of verdict.script.split('\n')) lines.push(paint(io, 'dim', `  runs as ${visible(line)}`))
  if (verdict.decision === 'ask') {
    const grants = verdict.grants ?? []
    lines.push(
      paint(
        io,
        'dim',
        grants.length > 0 ? `  "always" would save: ${grants.map(visible).join(' · ')}` : '  "always" can save nothing here.',
      ),
    )
  }
  return `${lines.join('\n')}\n`
}
