// `claw resume [--agent A]`: lets halted agents go on, also when no engine is running.

import { EXIT } from '../errors.ts'
import { printJson, type Verb } from './io.ts'
import { agentOf, changeHalt } from './stop.ts'

export const run: Verb = async (_args, options, io) => {
  const agent = agentOf(options)
  const { running } = await changeHalt('resume', agent, options, io)
  if (options.format === 'json') printJson(io, { stopped: false, running, ...(agent === undefined ? {} : { agent }) })
  else io.out(`${agent ?? 'everything'} runs again${running ? '' : ' from the next start on'}\n`)
  return EXIT.ok
}
