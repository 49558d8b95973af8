// `claw stop [--agent A]`: halts all agents, or one, at once, and across restarts until `claw resume`. Without a running
// engine the record is written, so that the next one starts halted; an engine whose gateway does not answer is told by a signal.

import { join } from 'node:path'
import { ClawError, EXIT } from '../errors.ts'
import { silentLogger } from '../ports.ts'
import { reach, unreachedError, whereabouts } from './client.ts'
import { type Options, printJson, type Verb, type VerbIo } from './io.ts'

export const run: Verb = async (_args, options, io) => {
  const agent = agentOf(options)
  const { running } = await changeHalt('stop', agent, options, io)
  if (options.format === 'json') printJson(io, { stopped: true, running, ...(agent === undefined ? {} : { agent }) })
  else io.out(`${agent ?? 'everything'} is stopped${running ? '' : ' from the next start on'}; claw resume lets it go on\n`)
  return EXIT.ok
}

export const agentOf = (options: Options): string | undefined =>
  typeof options['agent'] === 'string' ? options['agent'] : undefined

/**
 * Asks the running engine, or writes what it would.
 * @throws ClawError: an unknown agent (66), or an engine that was found and not reached (1)
 */
export async function changeHalt(
  verb: 'stop' | 'resume',
  agent: string | undefined,
  options: Options,
  io: VerbIo,
): Promise<{ readonly running: boolean }> {
  const { stateDir, plan } = await whereabouts(options, io)
  const reached = await reach(options.config, stateDir, io)
  if (reached.client !== null) {
    await reached.client.ask(`/api/${verb}`, agent === undefined ? {} : { agent })
    return { running: true }
  }
  const { unreached } = reached
  if (unreached.why === 'elsewhere') throw unreachedError(unreached, stateDir)
  if (agent !== undefined && plan !== null && !plan.agents.has(agent))
    throw new ClawError(`There is no agent "${agent}".`, { exitCode: EXIT.noInput })
  if (unreached.why === 'no-answer') {
    if (unreached.pid === null) throw unreachedError(unreached, stateDir)
    await changeBySignal(verb, agent, stateDir, unreached.pid)
    return { running: true }
  }
  await changeRecord(verb, agent, stateDir)
  return { running: false }
}

/** No engine runs: the record is what the next one starts with. */
async function changeRecord(verb: 'stop' | 'resume', agent: string | undefined, stateDir: string): Promise<void> {
  const [{ lockFolder }, { createHalts }, { createAudit }] = await Promise.all([
    import('../storage/embedded/lock.ts'),
    import('../storage/embedded/halts.ts'),
    import('../permissions/audit.ts'),
  ])
  // Held meanwhile, as an engine that starts now would not see the record.
  const unlock = lockFolder(stateDir)
  const audit = createAudit(join(stateDir, 'audit.jsonl'))
  try {
    const halts = createHalts(stateDir, silentLogger)
    await (verb === 'stop' ? halts.halt(agent, 'owner', Date.now()) : halts.resume(agent))
    await audit.append({ kind: verb === 'stop' ? 'halt' : 'resume', agentId: agent ?? '*', by: 'owner' })
  } finally {
    await audit.close()
    unlock()
  }
}

const CONFIRM_MS = 15_000
const POLL_MS = 50

/** The engine runs and its gateway is drowned: the record is written in its place, and a signal makes it read that. */
async function changeBySignal(verb: 'stop' | 'resume', agent: string | undefined, stateDir: string, pid: number): Promise<void> {
  const [{ createHalts, isRequestOpen }, { randomUUID }] = await Promise.all([
    import('../storage/embedded/halts.ts'),
    import('node:crypto'),
  ])
  const request = randomUUID()
  const halts = createHalts(stateDir, silentLogger, request)
  await (verb === 'stop' ? halts.halt(agent, 'owner', Date.now()) : halts.resume(agent))
  process.kill(pid, 'SIGUSR2')
  for (let waited = 0; waited < CONFIRM_MS; waited += POLL_MS) {
    if (!isRequestOpen(stateDir, request)) return
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  const message = `the record says so, but the engine (pid ${pid}) does not answer and did not confirm it; kill -9 ${pid} ends it`
  throw new ClawError(message, { exitCode: EXIT.invalid })
}
