// claw mcp list | tools NAME | accept NAME [--yes] | login NAME | serve: the MCP servers of the file, and the file's agents as one.

import { createInterface } from 'node:readline/promises'
import type { Status } from '../engine/port.ts'
import { ClawError, EXIT, messageOf } from '../errors.ts'
import type { Connected } from '../mcp/connect.ts'
import { acceptTools, changesSince, type ToolChange } from '../mcp/lock.ts'
import type { McpStatus } from '../mcp/port.ts'
import type { Unusable } from '../mcp/tool-list.ts'
import { mcpToolName } from '../plan/mcp-tool-name.ts'
import type { McpServerPlan, McpTool, Plan } from '../plan/plan.ts'
import { reach, whereabouts } from './client.ts'
import { type Io, notFound, type Options, paint, printJson, usage, type Verb, type VerbIo } from './io.ts'
import { printable, printTable, terminalText, wrapped } from './table.ts'

const VERBS = 'list, tools NAME, accept NAME, login NAME and serve'

export const run: Verb = async ([action = 'list', name, ...more], options, io) => {
  if (!['list', 'tools', 'accept', 'login', 'serve'].includes(action)) return usage(io, `mcp has no "${action}"; it has ${VERBS}`)
  const wantsName = action !== 'list' && action !== 'serve'
  if (wantsName !== (name !== undefined) || more.length > 0) return usage(io, `say claw mcp ${VERBS}`)
  if (action === 'serve') return await (await import('./mcp-serve.ts')).serve(options, io)
  const { plan } = await whereabouts(options, io)
  if (plan === null) throw new ClawError('the file is invalid; claw validate shows the problems', { exitCode: EXIT.invalid })
  if (name === undefined) return await list(plan, options, io)
  const server = plan.mcpServers.get(name)
  if (server === undefined) {
    const names = [...plan.mcpServers.keys()].join(', ')
    return notFound(io, `there is no MCP server "${name}"; ${names === '' ? '`mcpServers` names none' : `there are ${names}`}`)
  }
  if (action === 'login') return await (await import('./mcp-login.ts')).login(server, plan.stateDir, io)
  const offer = await offerOf(server, plan.stateDir)
  return action === 'tools' ? tools(server, offer, options, io) : await accept(server, offer, plan, options, io)
}

interface Offer {
  readonly tools: readonly McpTool[]
  readonly unusable: readonly Unusable[]
  readonly changes: readonly ToolChange[]
}

/** What a server offers now: it is started, asked and stopped. */
async function offerOf(server: McpServerPlan, stateDir: string): Promise<Offer> {
  const { connectServer } = await import('../mcp/connect.ts')
  let connected: Connected
  try {
    connected = await connectServer(server, { stateDir, signal: new AbortController().signal })
  } catch (error) {
    throw new ClawError(`the MCP server ${server.name} cannot be reached: ${messageOf(error)}`, { exitCode: EXIT.invalid })
  }
  try {
    const { tools, unusable } = await connected.listTools()
    return { tools, unusable, changes: changesSince(server.tools, tools) }
  } catch (error) {
    throw new ClawError(`${server.name} does not list its tools: ${messageOf(error)}`, { exitCode: EXIT.invalid })
  } finally {
    await connected.close()
  }
}

async function list(plan: Plan, options: Options, io: VerbIo): Promise<number> {
  const { client } = await reach(options.config, plan.stateDir, io)
  const live = new Map<string, McpStatus>()
  if (client !== null) for (const one of (await client.ask<Status>('/status')).mcp ?? []) live.set(one.name, one)
  const servers = [...plan.mcpServers.values()].map(({ name, program, url, tools: accepted }) => ({
    name,
    reachedBy: url ?? [program?.command, ...(program?.args ?? [])].join(' '),
    accepted: accepted.length,
    state: live.get(name)?.state ?? 'not running',
    detail: live.get(name)?.detail,
    withheld: live.get(name)?.withheld ?? [],
  }))
  if (options.format === 'json') printJson(io, { servers })
  else if (servers.length === 0) io.out('No MCP server is configured: write one under `mcpServers`.\n')
  else
    printTable(
      io,
      ['server', 'tools', 'withheld', 'state', ''],
      servers.map(({ name, accepted, withheld, state, detail = '' }) => [
        name,
        `${accepted}`,
        `${withheld.length}`,
        state,
        detail,
      ]),
    )
  return EXIT.ok
}

function tools({ name: server }: McpServerPlan, { tools: offered, unusable, changes }: Offer, options: Options, io: Io): number {
  const changeOf = new Map(changes.map(({ name, change }) => [name, change]))
  const shown = offered.map((tool) => ({ ...tool, state: changeOf.get(tool.name) ?? 'accepted' }))
  if (options.format === 'json') {
    printJson(io, {
      server,
      tools: shown,
      unusable,
      gone: changes.filter(({ change }) => change === 'gone').map(({ name }) => name),
    })
    return EXIT.ok
  }
  for (const { name, state, description } of shown) {
    io.out(`${paint(io, 'bold', printable(mcpToolName(server, name)))}${state === 'accepted' ? '' : ` (${state})`}\n`)
    for (const line of wrapped(terminalText(description), { indent: 2 })) io.out(`${line}\n`)
  }
  printUnusable(unusable, io)
  return EXIT.ok
}

function printUnusable(unusable: readonly Unusable[], io: Io): void {
  for (const { name, problem } of unusable) io.err(paint(io, 'yellow', `not usable: ${printable(name)} ${problem}\n`))
}

const MARKS = { new: ['green', '+'], changed: ['yellow', '~'], gone: ['red', '-'] } as const

async function accept(server: McpServerPlan, offer: Offer, plan: Plan, options: Options, io: VerbIo): Promise<number> {
  const { name } = server
  const json = options.format === 'json'
  const { changes } = offer
  printUnusable(offer.unusable, io)
  if (changes.length > 0) {
    if (!json) printChanges(server, offer, io)
    if (options['yes'] !== true && !(await confirmed(`Accept ${changes.length === 1 ? 'this' : 'these'}?`, io))) {
      io.err(`claw: nothing was accepted${io.stdin.isTTY === true ? '' : '; no terminal is here to ask at, so say --yes'}\n`)
      return EXIT.invalid
    }
    await acceptTools(plan.stateDir, name, offer.tools)
  }
  // A running engine takes it over; one that refuses its file keeps what it has.
  const { client } = await reach(options.config, plan.stateDir, io)
  const reloaded = client === null ? undefined : (await client.ask<{ ok: boolean }>('/api/reload', {})).ok
  if (json)
    printJson(io, {
      server: name,
      accepted: offer.tools.map((tool) => tool.name),
      changes,
      ...(reloaded !== undefined && { reloaded }),
    })
  else {
    io.out(
      changes.length === 0
        ? `${name} offers what was accepted: ${count(offer.tools.length)}\n`
        : `accepted ${count(offer.tools.length)} of ${name}\n`,
    )
    if (reloaded === false) io.err('claw: the running engine refused its file and keeps the tools it had\n')
    if (![...plan.agents.values()].some((agent) => agent.tools.some((tool) => tool.startsWith(mcpToolName(name, '')))))
      io.out(`Give them to an agent: tools: ["${mcpToolName(name, '*')}"]\n`)
  }
  return reloaded === false ? EXIT.invalid : EXIT.ok
}

const count = (tools: number): string => `${tools} tool${tools === 1 ? '' : 's'}`

function printChanges({ name: server, tools: accepted }: McpServerPlan, { tools: offered, changes }: Offer, io: Io): void {
  for (const { name, change } of changes) {
    const [color, mark] = MARKS[change]
    io.out(`${paint(io, color, mark)} ${printable(mcpToolName(server, name))}\n`)
    const now = offered.find((tool) => tool.name === name)
    const was = accepted.find((tool) => tool.name === name)
    if (now === undefined) continue
    for (const line of wrapped(terminalText(now.description), { indent: 4 })) io.out(`${line}\n`)
    if (was !== undefined && was.description !== now.description)
      for (const line of wrapped(`was: ${terminalText(was.description)}`, { indent: 4 })) io.out(`${paint(io, 'dim', line)}\n`)
    const takes = Object.keys((now.inputSchema['properties'] ?? {}) as object)
    if (takes.length > 0) io.out(`    takes: ${printable(takes.join(', '))}\n`)
  }
}

async function confirmed(question: string, io: Io): Promise<boolean> {
  if (io.stdin.isTTY !== true) return false
  const input = createInterface({ input: io.stdin, output: process.stdout })
  try {
    return /^y(es)?$/i.test((await input.question(`${question} [y/N] `)).trim())
  } finally {
    input.close()
  }
}
