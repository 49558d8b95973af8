// `claw resume [--agent A]`: lets halted agents go on.

import { EXIT } from '../errors.ts'
import { connect } from './client.ts'
import { printJson, type Verb } from './io.ts'
import { bodyOf } from './stop.ts'

export const run: Verb = async (_args, options, io) => {
  const client = await connect(options, io)
  await client.ask('/api/resume', bodyOf(options))
  if (options.format === 'json') printJson(io, { stopped: false, ...bodyOf(options) })
  else io.out(`${typeof options['agent'] === 'string' ? options['agent'] : 'everything'} goes on\n`)
  return EXIT.ok
}
