// `claw stop [--agent A]`: halts all agents, or one, at once, and across restarts until `claw resume`. Without a running
// engine the record is written in its place, so that the next one starts halted.

import { join } from 'node:path'
import { ClawError, EXIT } from '../errors.ts'
import { silentLogger } from '../ports.ts'
import { findClient, whereabouts } from './client.ts'
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

/** Asks the running engine, or writes what it would. @throws ClawError: an unknown agent, or an engine that does not answer */
export async function changeHalt(
  verb: 'stop' | 'resume',
  agent: string | undefined,
  options: Options,
  io: VerbIo,
): Promise<{ readonly running: boolean }> {
  const { stateDir, plan } = await whereabouts(options, io)
  const client = await findClient(stateDir)
  if (client !== null) {
    await client.ask(`/api/${verb}`, agent === undefined ? {} : { agent })
    return { running: true }
  }
  if (agent !== undefined && plan !== null && !plan.agents.has(agent))
    throw new ClawError(`There is no agent "${agent}".`, { exitCode: EXIT.invalid })
  const [{ lockFolder }, { createHalts }, { createAudit }] = await Promise.all([
    import('../storage/embedded/lock.ts'),
    import('../storage/embedded/halts.ts'),
    import('../permissions/audit.ts'),
  ])
  // An engine that holds the folder and does not answer would not see the record: whoever asks is told its pid.
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
  return { running: false }
}
