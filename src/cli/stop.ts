// `claw stop [--agent A]`: halts all agents, or one, at once, and across restarts until `claw resume`.

import { EXIT } from '../errors.ts'
import { connect } from './client.ts'
import { type Options, printJson, type Verb } from './io.ts'

export const run: Verb = async (_args, options, io) => {
  const client = await connect(options, io)
  await client.ask('/api/stop', bodyOf(options))
  if (options.format === 'json') printJson(io, { stopped: true, ...bodyOf(options) })
  else io.out(`${typeof options['agent'] === 'string' ? options['agent'] : 'everything'} is stopped; claw resume lets it go on\n`)
  return EXIT.ok
}

export const bodyOf = (options: Options): { agent?: string } =>
  typeof options['agent'] === 'string' ? { agent: options['agent'] } : {}
